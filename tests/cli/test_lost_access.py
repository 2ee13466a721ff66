"""Who lost access, or was refused that, by every kind of request, as the record of the local server has it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.clock import MonotonicDeadline
from cli.main import app
from domain.accounts.deprovisioning import Limit
from domain.resources.stored_user import StoredUser
from local.activity import FileActivity
from local.serve import write_state
from local.service import LocalService
from support.people import bulk, person, replacing, stored
from support.rollcall_command import Rollcall, answer
from support.scim_http import ScimClient


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def client(service: LocalService) -> ScimClient:
    """Of an account that nothing else is done to."""
    key = service.new_account()
    return ScimClient(service.base_url, key.text)


def account_of(client: ScimClient) -> str:
    return client.key.split("_")[1]


def found(service: LocalService, client: ScimClient) -> list[tuple[str, str | None]]:
    lost = FileActivity(service.activity_file).lost_access(account_of(client))
    assert lost is not None
    return [(each.user_id, each.what) for each in lost]


def test_every_kind_of_request_that_takes_access_away_is_found(service: LocalService, client: ScimClient) -> None:
    ids = [client.create(person(f"u{number}"))["id"] for number in range(6)]
    client.request("PATCH", f"/Users/{ids[0]}", body=replacing("active", False))
    client.put(ids[1], person("u1", active=False))
    client.delete(ids[2])
    client.request(
        "POST",
        "/Bulk",
        body=bulk(
            {"method": "PATCH", "path": f"/Users/{ids[3]}", "data": replacing("active", False)},
            {"method": "DELETE", "path": f"/Users/{ids[4]}"},
            {"method": "PATCH", "path": f"/Users/{ids[5]}", "data": replacing("title", "x")},
        ),
    )

    assert found(service, client) == [
        (ids[0], "deactivated"),
        (ids[1], "deactivated"),
        (ids[2], "removed"),
        (ids[3], "deactivated"),
        (ids[4], "removed"),
    ]


@pytest.fixture
def rollcall(service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rollcall:
    """Run `rollcall --local` with arguments and what is typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(write_state(service)))
    monkeypatch.setenv("COLUMNS", "300")
    return lambda *arguments, typed="": CliRunner().invoke(app, ["--local", *arguments], input=typed)


@pytest.fixture
def paused(service: LocalService, client: ScimClient) -> list[StoredUser]:
    """Three users of a paused account: the first was removed, the second deactivated, the third refused that."""
    account = account_of(client)
    service.accounts.configure(account, deprovisioning_limit=Limit(2))
    users = [stored(number) for number in range(3)]
    for each in users:
        service.table.account(account, MonotonicDeadline.after(60)).users.create(each)
    client.delete(users[0].id)
    client.request("PATCH", f"/Users/{users[1].id}", body=replacing("active", False))
    client.request("DELETE", f"/Users/{users[2].id}")
    return users


def shown(text: str, user: StoredUser) -> str:
    """The line about a user in a table."""
    (line,) = (line for line in text.splitlines() if user.id in line)
    return line


def test_resume_shows_who_lost_access_before_it_asks(
    rollcall: Rollcall, client: ScimClient, paused: list[StoredUser]
) -> None:
    declined = rollcall("account", "resume", account_of(client), typed="n\n")

    text = declined.stderr
    assert text.index("Lost access in the last hour: 2") < text.index("still with access: 1") < text.index("continue")
    assert "removed" in shown(text, paused[0])
    assert paused[1].attributes["userName"] in shown(text, paused[1])
    assert "deactivated" in shown(text, paused[1])
    assert "refused" in shown(text, paused[2])


@pytest.mark.parametrize("command", [["account", "show"], ["account", "resume", "--yes"]])
def test_programs_read_who_lost_access(
    rollcall: Rollcall, client: ScimClient, paused: list[StoredUser], command: list[str]
) -> None:
    lost = answer(rollcall(*command, account_of(client), "--json"))["lostAccess"]

    assert [(each["userId"], each["userName"], each["what"]) for each in lost["lost"]] == [
        (paused[0].id, None, "removed"),
        (paused[1].id, paused[1].attributes["userName"], "deactivated"),
    ]
    assert [each["userId"] for each in lost["refused"]] == [paused[2].id]


def test_show_lists_who_lost_access(rollcall: Rollcall, client: ScimClient, paused: list[StoredUser]) -> None:
    text = rollcall("account", "show", account_of(client)).stdout

    assert "deactivated" in shown(text, paused[1])


def test_the_activity_record_lists_who_lost_access_of_one_account_or_all(
    rollcall: Rollcall, client: ScimClient, paused: list[StoredUser]
) -> None:
    one = rollcall("activity", "--lost-access", "--account", account_of(client), "--since", "2h")
    everywhere = answer(rollcall("activity", "--lost-access", "--json", "--no-names"))

    assert "Lost access in the last 2h: 2" in one.stdout
    assert paused[1].attributes["userName"] in shown(one.stdout, paused[1])
    assert account_of(client) in {each["account"] for each in everywhere["lost"]}
    assert {each["userName"] for each in everywhere["lost"]} == {None}


def test_whom_an_operator_deactivates_and_removes_by_hand_is_among_them(
    rollcall: Rollcall, client: ScimClient, paused: list[StoredUser]
) -> None:
    by_id = ("--account", account_of(client), "--id")
    assert rollcall("users", "deactivate", *by_id, paused[2].id, "--yes").exit_code == 0
    assert rollcall("users", "delete", *by_id, paused[1].id, "--yes").exit_code == 0

    lately = answer(rollcall("activity", "--lost-access", "--account", account_of(client), "--json"))
    record = rollcall("activity", "--user", paused[2].id, "--limit", "2").stdout

    assert [(each["userId"], each["what"]) for each in lately["lost"]] == [
        (paused[0].id, "removed"),
        (paused[1].id, "deactivated"),
        (paused[2].id, "deactivated"),
        (paused[1].id, "removed"),
    ]
    assert lately["refused"] == []
    begun, done = (line for line in record.splitlines() if paused[2].id in line)
    assert "change-begun" in begun
    for part in ("users deactivate", paused[2].attributes["userName"], "user-deactivated", f"by {getpass.getuser()}"):
        assert part in done


def test_an_account_in_which_nobody_lost_access(rollcall: Rollcall, client: ScimClient) -> None:
    result = rollcall("activity", "--lost-access", "--account", account_of(client))

    assert (result.exit_code, result.stdout) == (0, "")
    assert f"No user of {account_of(client)} lost access in the last 1h" in result.stderr
    assert rollcall("activity", "--lost-access", "--account", "nosuch").exit_code == 1
    assert rollcall("activity", "--lost-access", "--failed").exit_code == 2


def test_whom_the_guard_refuses_is_found_apart(service: LocalService, client: ScimClient) -> None:
    account = account_of(client)
    service.accounts.configure(account, deprovisioning_limit=Limit(1))
    users = [stored(number) for number in range(3)]
    for each in users:
        service.table.account(account, MonotonicDeadline.after(60)).users.create(each)
    client.delete(users[0].id)
    client.request("DELETE", f"/Users/{users[1].id}")
    client.request("DELETE", f"/Users/{users[1].id}")
    client.request("POST", "/Bulk", body=bulk({"method": "DELETE", "path": f"/Users/{users[2].id}"}))

    assert found(service, client) == [(users[0].id, "removed"), (users[1].id, None), (users[2].id, None)]
