"""The API as `sam local start-api` serves it: template.yaml's routes, the Lambda runtime in containers, real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.accounts import Accounts
from cli.events import ROOT
from domain.connector_key import ConnectorKey
from stand_ins import SECRET_PREFIX, Aws


@dataclass(frozen=True)
class SamApi:
    """What the contract tests need of a running service (`cli.local_service.LocalService`)."""

    base_url: str
    accounts: Accounts

    def new_account(self) -> ConnectorKey:
        """The key of a fresh account without users."""
        return self.accounts.enable(f"account-{uuid4().hex[:12]}").connector.current.key


@contextmanager
def start_api(sam: str, environment: dict[str, str], aws: Aws, log: Path) -> Iterator[SamApi]:
    """Serves from now to the end of the block; a function's container starts with its first request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("w") as output:
        server = subprocess.Popen(
            [sam, "local", "start-api", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_it_serves(server, log)
        accounts = Accounts(aws.secretsmanager, SECRET_PREFIX, lambda: "test")
        yield SamApi(f"http://127.0.0.1:{port}/scim/v2", accounts)
    finally:
        # As Ctrl-C does: it removes its containers.
        os.killpg(server.pid, signal.SIGINT)
        server.wait(timeout=60)


def _wait_until_it_serves(server: subprocess.Popen[bytes], log: Path) -> None:
    while "Running on http://" not in log.read_text():
        try:
            server.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"sam local start-api ended:\n{log.read_text()}")
