"""`rollcall users import` when DynamoDB fails in the middle, and when Ctrl-C is pressed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import Result

from adapters.dynamodb import Table
from domain.ports import UserStore
from support.invariants import assert_sound

Rollcall = Callable[..., Result]
Faults = Callable[[Callable[[int], BaseException | None]], None]

pytestmark = pytest.mark.usefixtures("acme")

USERS = 72


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "users.csv"
    path.write_text("email,title\n" + "".join(f"user{number}@corp.example,T{number}\n" for number in range(USERS)))
    return str(path)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Has transactions fail: a function says with what the n-th of them does, None if it does not."""
    call, lock, count = BaseClient._make_api_call, Lock(), iter(range(1_000_000))  # type: ignore[attr-defined]  # private in botocore

    def install(fault: Callable[[int], BaseException | None]) -> None:
        def struck(client: BaseClient, operation_name: str, parameters: dict[str, Any]) -> Any:
            if operation_name == "TransactWriteItems":
                with lock:
                    error = fault(next(count))
                if error is not None:
                    raise error
            return call(client, operation_name, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", struck)

    return install


def denied() -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "TransactWriteItems")


def run(rollcall: Rollcall, file: str, code: int) -> Any:
    result = rollcall("users", "import", file, "--account", "acme", "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(("error", "code"), [(denied, 1), (KeyboardInterrupt, 130)], ids=["failure", "Ctrl-C"])
def test_an_interrupted_import_keeps_complete_users_and_continues_on_the_next_run(
    *,
    rollcall: Rollcall,
    table: Table,
    store: UserStore,
    file: str,
    faults: Faults,
    error: Callable[[], BaseException],
    code: int,
) -> None:
    faults(lambda number: error() if number >= 1 else None)
    stopped = run(rollcall, file, code)

    assert stopped["result"] == "stopped"
    assert stopped["stopped"]
    assert 0 < stopped["created"] < USERS
    assert stopped["created"] == store.total()
    assert_sound(table, "acme")
    before = {user.id: user for user in store.scan()}

    faults(lambda number: None)
    finished = run(rollcall, file, code=0)

    assert (finished["created"], finished["unchanged"]) == (USERS - len(before), len(before))
    after = {user.id: user for user in store.scan()}
    assert {user_id: after[user_id] for user_id in before} == before
    assert sorted(user.attributes["title"] for user in after.values()) == sorted(f"T{n}" for n in range(USERS))
    assert_sound(table, "acme")


def test_after_an_interruption_the_note_says_that_another_run_continues(
    rollcall: Rollcall, file: str, faults: Faults
) -> None:
    faults(lambda number: denied())

    result = rollcall("users", "import", file, "--account", "acme")

    assert result.exit_code == 1
    assert "run it again to continue from there" in result.stderr
    assert "Traceback" not in result.output
