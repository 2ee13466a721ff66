"""The whole service in this process: local gateway, handlers, table and secrets. What `make run` and tests start."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import uuid4

from waitress.server import create_server

from adapters import aws
from adapters.logs import telemetry
from adapters.runtime import RUNTIME
from adapters.secrets.accounts import Accounts
from adapters.settings import SETTINGS
from domain.accounts.connector_key import ConnectorKey
from local.embedded_aws import REGION, LocalAws
from local.gateway import MAX_REQUEST_BYTES, LocalGateway, Report
from local.own_requests import own_requests_only
from local.settings_page import with_settings_page
from local.template_routes import load_routes
from operations.table_creation import TableUnresponsive, make_table

HOST: Final = "127.0.0.1"
BASE_PATH: Final = "/scim/v2"
TABLE_NAME: Final = "rollcall-users"
SECRET_PREFIX: Final = "rollcall/connectors/"

_THREADS: Final = 32
_MAX_BYTES: Final = 4 * MAX_REQUEST_BYTES
"""Of a request for the web server: well above the applications' own bounds, whose refusals say more than its own."""

# Nothing of this machine's own AWS settings may reach the service, and nothing it does may reach AWS.
_NOT_FROM_HERE: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "BASE_URL")
_ENVIRONMENT: Final = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
    "TABLE_NAME": TABLE_NAME,
    "CONNECTOR_SECRET_PREFIX": SECRET_PREFIX,
    "ENVIRONMENT": "local",
    # Keys are read at every request, so that what an operator changes here is seen at once.
    "CONNECTOR_CACHE_SECONDS": "0",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


class CannotStart(Exception):
    """The service cannot be started; the message is one line with what to do."""


class LocalService:
    """Serves on a port of 127.0.0.1 (a free one for 0) from `start` to `stop`, or within a `with`.

    One at a time in a process: handlers keep their clients between requests. `key` becomes that of the account
    `default`, which has a new one otherwise. `dynamodb_endpoint` is the DynamoDB to be used in moto's stead.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: ConnectorKey | None = None,
        dynamodb_endpoint: str | None = None,
        report: Report = lambda line: None,
    ) -> None:
        self._port = port
        self._key = key
        self._dynamodb_endpoint = dynamodb_endpoint
        self._report = report
        self._running = ExitStack()
        self.address = ""
        self.base_url = ""
        self.aws_endpoint = ""
        self.activity_file = Path()

    def start(self) -> Self:
        """Answers requests when it returns; raises `CannotStart`."""
        with ExitStack() as starting:
            if self._dynamodb_endpoint is not None:
                _check_reachable(self._dynamodb_endpoint)
            starting.callback(_restore_environment, dict(os.environ))
            self._set_environment()
            local_aws = LocalAws(self._dynamodb_endpoint)
            local_aws.start()
            starting.callback(local_aws.stop)
            self.activity_file = Path(starting.enter_context(TemporaryDirectory())) / "activity.jsonl"
            os.environ["ACTIVITY_FILE"] = str(self.activity_file)
            for part in (aws, RUNTIME, SETTINGS, telemetry):
                part.forget()
                starting.callback(part.forget)
            self.accounts = Accounts(aws.client("secretsmanager"), SECRET_PREFIX, lambda: "local server")
            self._make_table()
            self.key = self.accounts.enable("default", key=self._key).connector.current.key
            gateway = with_settings_page(LocalGateway(load_routes(), self._report))
            self.address = serve(gateway, self._port, _THREADS, starting)
            self.base_url = self.address + BASE_PATH
            os.environ["SCIM_CONNECTOR_BASE_URL"] = self.base_url
            self.aws_endpoint = serve(local_aws, 0, _THREADS, starting)
            self._running = starting.pop_all()
        return self

    def stop(self) -> None:
        """Ends it, and with it everything that was kept in moto."""
        self._running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def new_account(self) -> ConnectorKey:
        """The key of a fresh account without users; what is done with it touches nothing else."""
        return self.accounts.enable(f"account-{uuid4().hex[:12]}").connector.current.key

    def _set_environment(self) -> None:
        for name in _NOT_FROM_HERE:
            os.environ.pop(name, None)
        os.environ.update(_ENVIRONMENT)
        os.environ.pop("AWS_ENDPOINT_URL_SECRETS_MANAGER", None)
        if self._dynamodb_endpoint is None:
            os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
        else:
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = self._dynamodb_endpoint

    def _make_table(self) -> None:
        """A DynamoDB that outlives this server keeps its users."""
        try:
            make_table(aws.client("dynamodb"), TABLE_NAME)
        except TableUnresponsive:
            raise CannotStart(
                f"DynamoDB takes connections at {self._dynamodb_endpoint}, but does not answer. Start it anew."
            ) from None


def serve(application: Any, port: int, threads: int, running: ExitStack) -> str:
    """Serve a WSGI application to this machine until `running` is closed; its address."""
    sockets: dict[int, Any] = {}
    try:
        server: Any = create_server(
            own_requests_only(application),
            map=sockets,
            host=HOST,
            port=port,
            threads=threads,
            ident=None,
            max_request_body_size=_MAX_BYTES,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise CannotStart(
            f"Port {port} of {HOST} cannot be used ({error.strerror}). Stop what listens there, or choose another: "
            f"PORT={port + 1} make run"
        ) from error
    thread = Thread(target=server.run, name=f"server-{server.effective_port}", daemon=True)
    thread.start()

    def stop() -> None:
        # The loop ends when it has no sockets left; only its own thread may close them.
        with suppress(OSError):  # the loop may be awake already, and have closed the pipe that wakes it
            server.trigger.pull_trigger(lambda: server.asyncore.close_all(sockets, ignore_all=True))
        thread.join()
        server.task_dispatcher.shutdown()

    running.callback(stop)
    return f"http://{HOST}:{server.effective_port}"


def _check_reachable(endpoint: str) -> None:
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise CannotStart(f"DYNAMODB_ENDPOINT is not an address such as http://127.0.0.1:8000: {endpoint}")
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname, port), timeout=2).close()
    except OSError as error:
        raise CannotStart(f"No DynamoDB answers at {endpoint} ({error.strerror or error}). Start it first.") from error


def _restore_environment(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
