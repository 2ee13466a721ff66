"""`rollcall activity --unknown-attributes`, of a local server to which requests were sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.resources.group_schema import CORE_URN as GROUP_URN
from local.serve import write_state
from local.service import LocalService
from support.people import person
from support.rollcall_command import Rollcall, answer
from support.scim_http import ScimClient

TAG = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag"


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def rollcall(service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rollcall:
    """Run `rollcall --local` with arguments and what is typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(write_state(service)))
    return lambda *arguments, typed="": CliRunner().invoke(app, ["--local", *arguments], input=typed)


@pytest.fixture
def account(service: LocalService) -> str:
    """An account whose identity provider has sent what no schema has, for users and for a group."""
    key = service.new_account()
    account = key.account
    service.accounts.configure(account, groups=True)
    client = ScimClient(service.base_url, key.text)
    for name in ("ada", "bob"):
        client.create(person(name) | {TAG.rpartition(":")[0]: {"tag": "secret"}})
    client.request("POST", "/Groups", body={"schemas": [GROUP_URN], "displayName": "Team", "motto": "secret"})
    return account


def test_an_operator_learns_what_the_schemas_lack_and_what_to_do(rollcall: Rollcall, account: str) -> None:
    shown = rollcall("activity", "--unknown-attributes", "--account", account)
    found = answer(rollcall("activity", "--unknown-attributes", "--account", account, "--json"))["attributes"]

    of_user, of_group = sorted(found, key=lambda each: str(each["attribute"]), reverse=True)
    assert (of_user["resourceType"], of_user["attribute"], of_user["days"]) == ("User", TAG, 1)
    assert (of_group["resourceType"], of_group["attribute"]) == ("Group", "motto")
    assert "schemas/" in of_user["remedy"]
    (row,) = (line for line in shown.stdout.splitlines() if TAG in line)
    assert account in row
    assert "docs/extensions.md" in row
    assert "secret" not in shown.output


def test_the_record_shows_the_request_that_named_it(rollcall: Rollcall, account: str) -> None:
    rows = rollcall("activity", "--account", account).stdout.splitlines()

    (row,) = (line for line in rows if TAG in line)
    assert "CreateUser" in row
    assert f"no schema declares {TAG}" in row


def test_what_goes_with_it_and_an_account_without_any(rollcall: Rollcall, service: LocalService) -> None:
    account = service.new_account().account

    none = rollcall("activity", "--unknown-attributes", "--account", account)
    unknown = rollcall("activity", "--unknown-attributes", "--account", "nosuch")
    mixed = rollcall("activity", "--unknown-attributes", "--failed")

    assert (none.exit_code, none.stdout) == (0, "")
    assert "in the last 7d" in none.stderr
    assert unknown.exit_code == 1
    assert mixed.exit_code == 2
