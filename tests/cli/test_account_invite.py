"""`rollcall account invite`, `invites` and `uninvite`."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.secrets.setup_links import LinkClosed, SetupLinks
from cli.main import app
from domain.accounts.setup_links import SetupToken
from operations.deployment import local_server
from support.rollcall_command import PREFIX, Aws, Rollcall, answer, kept

pytestmark = pytest.mark.usefixtures("acme")


def token_in(link: str) -> SetupToken:
    """The token behind the # of a link."""
    token = SetupToken.parse(link.partition("#")[2])
    assert token is not None
    return token


def links_of(aws: Aws) -> SetupLinks:
    return SetupLinks(aws("secretsmanager"), PREFIX, lambda: "test")


def test_an_invitation_is_a_link_that_opens_the_page(rollcall: Rollcall, aws: Aws) -> None:
    made = answer(rollcall("--json", "account", "invite", "acme", "--days", "3", "--idp", "okta"))

    assert made["link"].startswith("http://127.0.0.1:8080/setup#rcs_acme_")
    opened = links_of(aws).open(token_in(made["link"])).link
    assert (opened.id, opened.idp) == (made["id"], "okta")
    left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    assert kept(aws).last_change.action == "invite"


def test_a_person_reads_the_link_whole_and_what_to_do_with_it(rollcall: Rollcall) -> None:
    shown = rollcall("account", "invite", "acme").stdout.splitlines()

    [link] = [line for line in shown if "#rcs_acme_" in line]
    assert token_in(link).account == "acme"
    assert "rollcall --local account uninvite acme" in shown[-1]


def test_for_an_account_that_is_off_the_answer_says_that_the_page_shows_no_key(rollcall: Rollcall) -> None:
    before = rollcall("account", "invite", "acme").stdout
    assert rollcall("account", "disable", "acme", "--yes").exit_code == 0
    after = rollcall("account", "invite", "acme").stdout

    assert "account enable acme" not in before
    assert "#rcs_acme_" in after
    assert "account enable acme" in after


def test_the_list_has_every_link_with_its_state_and_no_token(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "globex")
    first = answer(rollcall("--json", "account", "invite", "acme"))
    second = answer(rollcall("--json", "account", "invite", "globex", "--idp", "entra"))
    links_of(aws).reveal(token_in(second["link"]))

    listed = rollcall("--json", "account", "invites")

    assert [(each["account"], each["id"], each["state"], each["idp"]) for each in answer(listed)] == [
        ("acme", first["id"], "open", None),
        ("globex", second["id"], "used", "entra"),
    ]
    assert "rcs_" not in listed.stdout + rollcall("account", "invites").stdout
    assert [each["id"] for each in answer(rollcall("--json", "account", "invites", "acme"))] == [first["id"]]


def test_an_expired_link_is_listed_as_expired(rollcall: Rollcall, aws: Aws) -> None:
    past = datetime.now(UTC) - timedelta(days=8)
    SetupLinks(aws("secretsmanager"), PREFIX, lambda: "test", now=lambda: past).invite("acme")

    assert [each["state"] for each in answer(rollcall("--json", "account", "invites", "acme"))] == ["expired"]


def test_without_links_the_list_shows_how_to_make_one(rollcall: Rollcall) -> None:
    assert answer(rollcall("--json", "account", "invites")) == []
    assert "rollcall --local account invite acme" in rollcall("account", "invites", "acme").stdout


def test_a_closed_link_opens_nothing(rollcall: Rollcall, aws: Aws) -> None:
    first = answer(rollcall("--json", "account", "invite", "acme"))
    second = answer(rollcall("--json", "account", "invite", "acme"))

    done = answer(rollcall("--json", "account", "uninvite", "acme", first["id"]))

    assert done == {"result": "closed", "account": "acme", "closed": [first["id"]]}
    with pytest.raises(LinkClosed):
        links_of(aws).open(token_in(first["link"]))
    links_of(aws).open(token_in(second["link"]))


def test_all_links_are_closed_at_once_and_a_second_time_is_no_change(rollcall: Rollcall) -> None:
    rollcall("account", "invite", "acme")
    rollcall("account", "invite", "acme")

    assert len(answer(rollcall("--json", "account", "uninvite", "acme", "--all"))["closed"]) == 2
    assert answer(rollcall("--json", "account", "uninvite", "acme", "--all"))["result"] == "unchanged"


def test_closing_a_link_that_was_used_says_how_to_replace_the_key(rollcall: Rollcall, aws: Aws) -> None:
    made = answer(rollcall("--json", "account", "invite", "acme"))
    assert "rotate-key" not in rollcall("account", "uninvite", "acme", made["id"]).stdout

    made = answer(rollcall("--json", "account", "invite", "acme"))
    links_of(aws).reveal(token_in(made["link"]))
    assert "account rotate-key acme --grace 0" in rollcall("account", "uninvite", "acme", made["id"]).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("invite nosuch", "The account 'nosuch' does not exist"),
        ("invites nosuch", "The account 'nosuch' does not exist"),
        ("uninvite nosuch --all", "The account 'nosuch' does not exist"),
        ("invite acme --days 0", "greater than or equal to 1"),
        ("invite acme --days 31", "less than or equal to 30"),
        ("invite acme --idp ping", "'jumpcloud', 'entra', 'okta'"),
        ("uninvite acme", "rollcall --local account invites acme"),
        ("uninvite acme 0a0b0c0d --all", "Give the id of the link"),
        ("uninvite acme 0a0b0c0d", "no open link with that id"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(rollcall: Rollcall, words: str, message: str) -> None:
    done = rollcall("account", *words.split())

    assert done.exit_code != 0
    assert message in " ".join(done.output.split())


def test_the_sixth_link_is_refused_with_the_command_that_makes_room(rollcall: Rollcall) -> None:
    for _ in range(5):
        assert rollcall("account", "invite", "acme").exit_code == 0

    refused = rollcall("account", "invite", "acme")

    assert refused.exit_code == 1
    assert "rollcall --local account uninvite acme" in refused.output


def test_a_deployment_without_set_up_page_makes_no_link(rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch) -> None:
    local = Path(os.environ["ROLLCALL_LOCAL_STATE"])
    deployment = replace(local_server(local), setup_page_url=None)
    monkeypatch.setattr("cli.invocation.deployed", lambda *_: deployment)

    refused = CliRunner().invoke(app, ["account", "invite", "acme"])

    assert refused.exit_code != 0
    assert "make deploy PARAMETERS=SetupPage=true" in refused.output
    assert answer(rollcall("--json", "account", "invites")) == []
