"""`rollcall activity` about groups: who joined and left, and one group alone."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file with the log lines of a local server, which is only looked for."""
    file = tmp_path / "activity.jsonl"
    server = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    state = {"baseUrl": f"{address}/scim/v2", "awsEndpoint": address, "tableName": "users"}
    state |= {"secretPrefix": "rollcall/", "activityFile": str(file)}
    (tmp_path / "local.json").write_text(json.dumps(state))
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(tmp_path / "local.json"))
    monkeypatch.setenv("COLUMNS", "300")
    yield file
    server.close()


def line(operation: str, status: int = 204, **fields: Any) -> str:
    request = {"timestamp": datetime.now(UTC).isoformat(), "message": "request", "account": "acme"}
    return json.dumps(request | {"operation": operation, "status": status} | fields) + "\n"


def activity(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--local", "activity", "--no-names", *arguments])


def test_a_change_of_members_is_shown_with_the_group_and_the_numbers(log: Path) -> None:
    log.write_text(line("PatchGroup", group_id="g-1", members_joined=3, members_left=1, members_left_out=2))

    shown = activity().stdout.splitlines()[-1]

    assert "PatchGroup" in shown
    assert "3 joined, 1 left, 2 left out" in shown
    assert " g-1 " in shown


def test_a_refusal_keeps_its_reason_and_remedy(log: Path) -> None:
    refusal = {"reason": "group-name-exists", "attribute": "displayName", "remedy": "Find the group."}
    log.write_text(line("CreateGroup", 409, group_id="g-1", **refusal))

    shown = activity().stdout.splitlines()[-1]

    assert "group-name-exists: displayName" in shown
    assert "Find the group." in shown


def test_one_group_is_shown_alone(log: Path) -> None:
    log.write_text(line("PatchGroup", group_id="g-1") + line("PatchGroup", group_id="g-2") + line("ListUsers", 200))

    found = [json.loads(each) for each in activity("--group", "g-2", "--json").stdout.splitlines()]

    assert [each["group_id"] for each in found] == ["g-2"]
    assert "about the group g-3" in activity("--group", "g-3").stderr
