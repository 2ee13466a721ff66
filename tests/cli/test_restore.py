"""The drill of docs/runbook.md: users are copied back from a table that was restored next to the deployment's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.ports import UserStore
from operations.table_creation import table_definition
from support.people import stored

Rollcall = Callable[..., Result]

RESTORED = "rollcall-users-restored"
NOW = "2030-01-31T12:00:00.000Z"


@pytest.fixture
def restored(aws: Callable[[str], Any], table: Table) -> UserStore:
    """The users of account `acme` in a restored table."""
    client = aws("dynamodb")
    client.create_table(**table_definition(RESTORED))
    return Table(client, RESTORED).account("acme", MonotonicDeadline.after(60)).users


def ids(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("acme")
def test_users_who_were_removed_come_back_with_their_ids(
    rollcall: Rollcall, store: UserStore, restored: UserStore, tmp_path: Path
) -> None:
    before = tmp_path / "before.jsonl"
    for number in range(4):
        restored.create(stored(number))
    store.create(stored(0))
    store.create(stored(1, active=False))

    rollcall("--table", RESTORED, "users", "export", "--account", "acme", "--output", str(before))
    compared = rollcall("users", "reconcile", str(before), "--account", "acme", "--csv").stdout
    imported = rollcall("users", "import", str(before), "--account", "acme", "--keep-ids")

    assert all(name in compared for name in ("user1", "user2", "user3"))
    assert "user0" not in compared
    # This is how the runbook finds a user's line.
    assert [f'"id":"{stored(1).id}"' in line for line in before.read_text().splitlines()].count(True) == 1
    # user1 is there and differs, which is for a person to decide.
    assert imported.exit_code == 1
    assert ids(rollcall("users", "export", "--account", "acme")) == [stored(number).id for number in range(4)]
    still = store.get(stored(1).id)
    assert still is not None
    assert not still.active
    assert rollcall("table", "check", "--account", "acme").exit_code == 0


def test_the_restored_table_is_read_and_not_written(rollcall: Rollcall, store: UserStore, restored: UserStore) -> None:
    store.create(stored(0))
    restored.create(stored(1))

    assert ids(rollcall("--table", RESTORED, "users", "export", "--account", "acme")) == [stored(1).id]
    assert ids(rollcall("users", "export", "--account", "acme")) == [stored(0).id]
