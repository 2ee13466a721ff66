"""The engines that the store is held against: moto in this process, and DynamoDB Local, started on demand."""

from __future__ import annotations

import itertools
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session
from moto import mock_aws

from adapters import aws
from adapters.dynamodb import Table, with_items_as_sent
from operations.table_creation import table_definition
from support.child_processes import DEVNULL, Child, started
from support.this_machine import free_port

ENGINES = ["moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]
"""The parameters of fixtures that come once for each engine."""

LIBRARIES = Path(__file__).parents[2] / ".dynamodb-local"
LOOPBACK = Path(__file__).parents[1] / "dynamodb-local" / "Loopback.java"
"""Starts DynamoDB Local for this machine alone; nothing else may start it."""
_SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 60
"""How long clients wait for DynamoDB Local, so that no result depends on how busy the machine is."""
FOR_MINUTES = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Options of a virtual machine that runs no longer: it does not spend more on optimising code than that saves."""
_SESSION = Session()
_numbers = itertools.count()


def new_client(endpoint_url: str | None = None, **configured: Any) -> Any:
    """A client with the product's own time-outs and attempts except `configured`, and credentials of no account.

    With an endpoint it waits as long as `SECONDS_TO_ANSWER`: after a shorter time-out a delete, for example, would be
    sent again, find no user, and assume that it removed the user itself.
    """
    if endpoint_url is not None:
        configured = {"read_timeout": SECONDS_TO_ANSWER, "connect_timeout": SECONDS_TO_ANSWER, **configured}
    client = _SESSION.create_client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=aws.configuration("dynamodb").merge(Config(**configured)),
    )
    return with_items_as_sent(client)


def client_of(engine: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The client of an engine by its name."""
    if engine == "dynamodb-local":
        yield request.getfixturevalue("local_client")
    else:
        with mock_aws():
            yield OneAtATime(new_client())


def make_table(client: Any, **chosen: Any) -> Table:
    """A new table that nothing else uses, whose retries do not wait; `chosen` are further fields of `Table`."""
    name = f"users-{next(_numbers)}"
    _create(client, name)
    return Table(client, name, sleep=lambda seconds: None, **chosen)


@contextmanager
def table_named(client: Any, name: str) -> Iterator[None]:
    """An empty table of that name, which is gone after the block."""
    _create(client, name)
    try:
        yield
    finally:
        client.delete_table(TableName=name)


def _create(client: Any, name: str) -> None:
    """Create it without a stream, with which DynamoDB Local takes eight times as long to write."""
    client.create_table(**{**table_definition(name), "StreamSpecification": {"StreamEnabled": False}})


def missing() -> str | None:
    """Return why DynamoDB Local cannot run here; None when it can."""
    if shutil.which("java") is None:
        return "DynamoDB Local needs a JDK of version 17"
    if not any(LIBRARIES.glob("DynamoDBLocal-*.jar")):
        return "DynamoDB Local is not here: make test-dynamodb-local fetches it"
    return None


@contextmanager
def dynamodb_local(*java: str) -> Iterator[str]:
    """DynamoDB Local in memory on a free port of 127.0.0.1: its endpoint. It stops at the end of the block.

    `java` are further options of the virtual machine.
    """
    port = free_port()
    libraries = f"-Dsqlite4java.library.path={LIBRARIES}"
    options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    command: list[str | Path] = ["java", "-Xmx1g", *java, libraries, "-cp", f"{LIBRARIES}/*", LOOPBACK, *options]
    with started(command, stdout=DEVNULL, stderr=DEVNULL) as server:
        _wait_for(server, port)
        endpoint = f"http://127.0.0.1:{port}"
        new_client(endpoint).list_tables()
        yield endpoint


def _wait_for(server: Child[bytes], port: int) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"DynamoDB Local stopped at once with code {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"DynamoDB Local did not listen within {_SECONDS_TO_START} seconds")


class OneAtATime:
    """A client whose calls wait for each other: moto's transactions are not isolated from other threads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = RLock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._client, name)

        def call(**parameters: Any) -> Any:
            with self._lock:
                return operation(**parameters)

        return call
