"""The command `rollcall --local` against the AWS APIs that `make run` has: moto, one call at a time, over HTTP."""

from __future__ import annotations

import json
import os
import pty
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer.main
import typer.testing
from botocore.client import BaseClient, ClientCreator
from typer.testing import CliRunner, Result

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.secrets.accounts import Accounts
from cli.main import app
from domain.ports import UserStore
from local.embedded_aws import LocalAws
from local.service import serve
from operations.deployment import Deployment
from operations.table_creation import table_definition
from support import child_processes
from support.child_processes import PIPE
from support.in_process import TwinTable

BASE_URL = "http://127.0.0.1:8080/scim/v2"
SETUP_PAGE = "http://127.0.0.1:8080/setup"
PREFIX = "rollcall/connectors/"
TABLE = "rollcall-users"

Rollcall = Callable[..., Result]


@pytest.fixture(scope="package", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """Build the commands once: Typer's runner builds them for every call, which takes longer than most commands run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def served_aws() -> Iterator[tuple[LocalAws, str]]:
    """The AWS of all tests, and where it is; `aws_endpoint` starts it."""
    local = LocalAws()
    with ExitStack() as running:
        yield local, serve(local, 0, 8, running)


@pytest.fixture
def aws_endpoint(served_aws: tuple[LocalAws, str]) -> Iterator[str]:
    """The address of an AWS with nothing in it; the connections of clients made meanwhile are closed at the end."""
    local, endpoint = served_aws
    local.start()
    clients: list[Any] = []
    create_client = ClientCreator.create_client

    def recorded(creator: ClientCreator, *arguments: Any, **options: Any) -> Any:
        clients.append(create_client(creator, *arguments, **options))
        return clients[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientCreator, "create_client", recorded)
        yield endpoint
    for client in clients:
        client.close()
    local.stop()


@pytest.fixture
def aws(aws_endpoint: str) -> Callable[[str], Any]:
    """Clients of an emptied AWS."""
    return lambda service: boto3.client(  # type: ignore[call-overload]  # the service's name is not a literal
        service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test", endpoint_url=aws_endpoint
    )


@pytest.fixture
def table(aws: Callable[[str], Any]) -> Table:
    """A new table."""
    client = aws("dynamodb")
    client.create_table(**table_definition(TABLE))
    return Table(client, TABLE)


@pytest.fixture
def store(table: Table) -> UserStore:
    """The users of account `acme` in that table."""
    return table.account("acme", MonotonicDeadline.after(60)).users


@pytest.fixture
def acme(aws: Callable[[str], Any], table: Table) -> None:
    """The account `acme`, switched on."""
    Accounts(aws("secretsmanager"), PREFIX, lambda: "test").enable("acme")


@pytest.fixture
def aws_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the AWS operations called in this process from now on."""
    names: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private in botocore

    def recorded(client: BaseClient, operation_name: str, parameters: dict[str, Any]) -> Any:
        names.append(operation_name)
        return call(client, operation_name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return names


@pytest.fixture
def rollcall(aws: Callable[[str], Any], aws_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rollcall:
    """Run `rollcall --local` with arguments and what is typed."""
    state = tmp_path / "local.json"
    state.write_text(
        json.dumps(
            {
                "baseUrl": BASE_URL,
                "setupPageUrl": SETUP_PAGE,
                "awsEndpoint": aws_endpoint,
                "tableName": TABLE,
                "secretPrefix": PREFIX,
                "activityFile": str(tmp_path / "activity.jsonl"),
            },
        )
    )
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(state))
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()
    return lambda *arguments, typed="": runner.invoke(app, ["--local", *arguments], input=typed)


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> TwinTable:
    """The table of all commands, kept in memory."""
    table = TwinTable()
    monkeypatch.setattr(Deployment, "_table", table)
    return table


@pytest.fixture
def on_terminal(rollcall: Rollcall) -> Callable[..., tuple[str, str]]:
    """Run `rollcall --local` in a process of its own, whose standard error is a terminal: both outputs."""

    def run(*arguments: str) -> tuple[str, str]:
        controller, terminal = pty.openpty()
        # What the fixture `rollcall` set is in the environment.
        command = [sys.executable, "-m", "cli.main", "--local", *arguments]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
        with child_processes.started(command, env=environment, stdout=PIPE, stderr=terminal, text=True) as child:
            os.close(terminal)
            shown = b""
            with suppress(OSError):  # how the end looks
                while read := os.read(controller, 65_536):
                    shown += read
            output, _ = child.communicate()
        os.close(controller)
        assert child.returncode == 0
        return output, shown.decode()

    return run
