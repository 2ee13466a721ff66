"""What a function has done before its first request, and what SnapStart must not copy into every container."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import ModuleType
from typing import Any

import botocore
import pytest
from botocore.exceptions import NoRegionError
from moto import mock_aws

from adapters import aws
from adapters.clock import RESERVE_SECONDS
from adapters.runtime import RUNTIME
from adapters.secrets.accounts import Accounts
from domain.errors import Forbidden
from support.stack_template import of_type

PREFIX = "test/connectors/"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A function's environment on Lambda, and nothing made in it yet."""
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": PREFIX,
    }.items():
        monkeypatch.setenv(name, value)
    aws.forget()
    RUNTIME.forget()
    yield monkeypatch
    aws.forget()
    RUNTIME.forget()


@dataclass
class SnapStart:
    """Lambda as it takes a snapshot and restores it: its module, through which functions register hooks."""

    before: list[Callable[[], None]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)

    def module(self) -> ModuleType:
        made: Any = ModuleType("snapshot_restore_py")
        made.register_before_snapshot = self.before.append
        made.register_after_restore = self.after.append
        return made

    def take_snapshot(self) -> None:
        for hook in reversed(self.before):
            hook()

    def restore(self) -> None:
        for hook in self.after:
            hook()


@pytest.fixture
def snap_start(environment: pytest.MonkeyPatch) -> SnapStart:
    made = SnapStart()
    environment.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    environment.setitem(sys.modules, "snapshot_restore_py", made.module())
    return made


def test_clients_are_made_while_the_function_starts(environment: pytest.MonkeyPatch) -> None:
    RUNTIME.warm()

    environment.delenv("AWS_DEFAULT_REGION")
    assert RUNTIME.table.client.meta.region_name == "eu-central-1"
    assert aws.client("secretsmanager").meta.region_name == "eu-central-1"


def test_a_function_that_reads_no_users_makes_no_client_of_dynamodb(environment: pytest.MonkeyPatch) -> None:
    RUNTIME.warm(table=False)

    environment.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NoRegionError):
        _ = RUNTIME.table


def test_elsewhere_nothing_is_made_before_it_is_used(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_LAMBDA_FUNCTION_NAME")

    RUNTIME.warm()

    environment.setenv("TABLE_NAME", "chosen later")
    assert RUNTIME.table.table_name == "chosen later"


def test_a_function_without_its_environment_does_not_start(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TABLE_NAME")

    with pytest.raises(RuntimeError, match="TABLE_NAME"):
        RUNTIME.warm()


def test_waiting_for_a_secret_leaves_a_function_time_to_answer() -> None:
    told = aws.configuration("secretsmanager")
    attempts = told.retries["total_max_attempts"] * (told.connect_timeout + told.read_timeout)

    shortest = min(function["Timeout"] for function in of_type("AWS::Lambda::Function").values())
    assert attempts <= shortest - RESERVE_SECONDS - 2


def test_a_call_says_who_makes_it_in_a_text_that_is_not_made_for_each(environment: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []
    with mock_aws():
        client = aws.client("dynamodb")
        client.meta.events.register_first(
            "before-send.dynamodb", lambda request, **_: said.append(request.headers["User-Agent"])
        )
        client.list_tables()

    [text] = said  # Powertools adds itself behind it
    assert text.startswith(f"rollcall botocore/{botocore.__version__}".encode())
    assert b"lang/python" not in text


def test_without_snapstart_there_are_no_hooks(environment: pytest.MonkeyPatch) -> None:
    made = SnapStart()
    environment.setitem(sys.modules, "snapshot_restore_py", made.module())

    RUNTIME.warm()

    assert (made.before, made.after) == ([], [])


def test_a_restored_function_does_not_go_by_what_it_knew_of_an_account(snap_start: SnapStart) -> None:
    with mock_aws():
        RUNTIME.warm()
        accounts = Accounts(aws.client("secretsmanager"), PREFIX, lambda: "test")
        header = f"Bearer {accounts.enable('acme').connector.current.key.text}"
        RUNTIME.connectors.authenticate(header)
        accounts.disable("acme")
        assert RUNTIME.connectors.authenticate(header).account == "acme"

        snap_start.take_snapshot()
        snap_start.restore()

        with pytest.raises(Forbidden):
            RUNTIME.connectors.authenticate(header)


def test_functions_restored_from_one_snapshot_do_not_pause_alike(snap_start: SnapStart) -> None:
    RUNTIME.warm()
    snap_start.take_snapshot()
    snapshot = random.getstate()

    pauses = []
    for _ in range(2):
        random.setstate(snapshot)
        snap_start.restore()
        pauses.append(RUNTIME.table.chance())

    assert pauses[0] != pauses[1]


def test_no_connection_outlives_a_snapshot(snap_start: SnapStart, environment: pytest.MonkeyPatch) -> None:
    with counting_connections() as (address, connections):
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", address)
        RUNTIME.warm()
        key = {"pk": {"S": "a#USER"}, "sk": {"S": "1"}}
        RUNTIME.table.client.get_item(TableName="users", Key=key)
        RUNTIME.table.client.get_item(TableName="users", Key=key)
        assert len(connections) == 1

        snap_start.take_snapshot()
        snap_start.restore()
        RUNTIME.table.client.get_item(TableName="users", Key=key)

        assert len(connections) == 2


@contextmanager
def counting_connections() -> Iterator[tuple[str, list[object]]]:
    """An endpoint that knows nobody, and the connections that were opened to it."""
    connections: list[object] = []

    class Nobody(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nobody)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", connections
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
