"""`rollcall account enable`, `show` and `rotate-key`: short, with the instructions for one identity provider."""

from __future__ import annotations

import os
import pty
import re
import sys
from contextlib import suppress

import pytest

from support import child_processes
from support.rollcall_command import Aws, Rollcall, answer, kept

PROVIDERS = {"jumpcloud": "JumpCloud", "entra": "Microsoft Entra ID", "okta": "Okta"}
ACCOUNT = "a-customer-with-a-name-of-forty-letters"


def providers_in(text: str) -> set[str]:
    return {idp for idp, name in PROVIDERS.items() if re.search(rf"^{name}\b", text, re.MULTILINE)}


def test_without_a_known_provider_an_account_is_shown_with_its_values_and_what_comes_next(
    rollcall: Rollcall, aws: Aws
) -> None:
    enabled = rollcall("account", "enable", "acme").stdout
    key = kept(aws).current.key

    assert [line for line in enabled.splitlines() if line] == [
        "SCIM is switched on for the new account acme.",
        "SCIM Connector Base URL: http://127.0.0.1:8080/scim/v2",
        f"Connector Key: {key.text}",
        "To see where to paste them (jumpcloud, entra or okta): rollcall --local account show acme --idp jumpcloud",
    ]
    shown = rollcall("account", "show", "acme").stdout
    assert providers_in(shown) == set()
    assert shown.count(key.masked) == 1
    assert shown.count("Next, ") == 1
    rotated = rollcall("account", "rotate-key", "acme").stdout
    assert providers_in(rotated) == set()
    assert rotated.count(kept(aws).current.key.text) == 1
    assert "replace the key with the new one" in rotated


@pytest.mark.parametrize("idp", PROVIDERS)
def test_the_instructions_are_those_of_the_provider_which_the_account_remembers(
    rollcall: Rollcall, aws: Aws, idp: str
) -> None:
    enabled = rollcall("account", "enable", "acme", "--idp", idp).stdout

    assert providers_in(enabled) == {idp}
    assert kept(aws).settings.idp == idp
    assert providers_in(rollcall("account", "show", "acme").stdout) == {idp}
    assert re.search(rf"Identity provider +{idp}\b", rollcall("account", "show", "acme").stdout)
    assert answer(rollcall("account", "show", "acme", "--json"))["settings"]["idp"] == idp


def test_show_prints_another_providers_instructions_without_changing_the_account(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme", "--idp", "okta")
    before = kept(aws)

    assert providers_in(rollcall("account", "show", "acme", "--idp", "entra").stdout) == {"entra"}
    assert providers_in(rollcall("account", "show", "acme", "--idp", "all").stdout) == set(PROVIDERS)
    assert providers_in(rollcall("account", "enable", "acme", "--idp", "all").stdout) == set(PROVIDERS)

    assert kept(aws) == before


def test_a_provider_is_set_and_forgotten(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")

    assert "idp of acme is now okta." in rollcall("account", "set", "acme", "idp", "okta").stdout
    assert kept(aws).settings.idp == "okta"
    assert "already" in rollcall("account", "set", "acme", "idp", "okta").stdout
    rollcall("account", "set", "acme", "idp", "none")
    assert kept(aws).settings.idp is None
    refused = rollcall("account", "set", "acme", "idp", "google")
    assert (refused.exit_code, "jumpcloud or entra or okta or none" in refused.stderr) == (2, True)


def test_a_provider_named_for_an_account_that_is_on_is_remembered_and_that_is_said(
    rollcall: Rollcall, aws: Aws
) -> None:
    rollcall("account", "enable", "acme")

    result = rollcall("account", "enable", "acme", "--idp", "entra")

    assert "nothing was changed" not in result.stdout
    assert "The account's identity provider is set to entra." in result.stdout
    assert kept(aws).settings.idp == "entra"
    assert answer(rollcall("account", "enable", "acme", "--idp", "okta", "--json"))["result"] == "set"


@pytest.mark.parametrize(
    ("idp", "step"), [("jumpcloud", "press Test Connection"), ("entra", "Test Connection"), ("okta", "then Save")]
)
def test_a_rotation_says_what_to_do_with_the_new_key_and_does_not_activate_again(
    rollcall: Rollcall, aws: Aws, idp: str, step: str
) -> None:
    rollcall("account", "enable", "acme")

    rotated = rollcall("account", "rotate-key", "acme", "--idp", idp).stdout

    assert step in rotated
    assert "Activate" not in rotated
    assert "test user" not in rotated.lower().replace("test user email", "")
    assert "When the identity provider uses the new key: rollcall --local account revoke-previous acme" in rotated
    assert kept(aws).settings.idp == idp


def test_a_rotation_without_grace_leaves_no_key_to_revoke(rollcall: Rollcall) -> None:
    rollcall("account", "enable", "acme")

    rotated = rollcall("account", "rotate-key", "acme", "--grace", "0", "--yes").stdout

    assert "revoke-previous" not in rotated


def test_an_account_that_is_off_is_shown_with_how_to_switch_it_on(rollcall: Rollcall) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "disable", "acme", "--yes")

    shown = rollcall("account", "show", "acme").stdout

    assert "Next, to switch SCIM on: rollcall --local account enable acme" in shown
    assert shown.count("Next, ") == 1


def at_a_terminal(columns: int, *words: str) -> list[str]:
    """The lines that `rollcall --local` writes to a terminal of so many columns; what the fixture set is inherited."""
    controller, terminal = pty.openpty()
    program = [sys.executable, "-c", f"from cli.main import app; app({['--local', *words]!r})"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "dumb", "COLUMNS": str(columns)}
    with child_processes.started(program, env=environment, stdout=terminal, stderr=terminal):
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # how the end looks
            while read := os.read(controller, 65_536):
                shown += read
    os.close(controller)
    return shown.decode().replace("\r\n", "\n").split("\n")


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.usefixtures("table")
def test_no_address_no_key_and_no_word_is_broken_at_a_terminal(rollcall: Rollcall, aws: Aws, columns: int) -> None:
    rollcall("account", "enable", ACCOUNT)
    whole = rollcall("account", "show", ACCOUNT, "--reveal", "--idp", "all").stdout

    lines = at_a_terminal(columns, "account", "show", ACCOUNT, "--reveal", "--idp", "all")

    of_summary = next(number for number, line in enumerate(lines) if line.startswith("SCIM Connector Base URL"))
    words = {word for line in lines[of_summary:] for word in line.split()}
    assert words - set(whole.split()) == set()
    assert kept(aws, ACCOUNT).current.key.text in words
    # What is wider than the window is one word, or a command to copy: it stays in one line.
    too_wide = [line.strip() for line in lines if len(line) > columns]
    assert [line for line in too_wide if " " in line and not line.startswith("rollcall ")] == []
