"""The whole service in this process, for `make run` and tests: gateway stand-in, handlers, table and secrets."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import uuid4

from waitress.server import create_server

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.logs.log import Log
from adapters.logs.telemetry import audit
from adapters.secrets.accounts import Accounts
from adapters.secrets.setup_links import SetupLinks
from domain.accounts.connector_key import ConnectorKey
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import user_type
from handlers.environment.service import ServiceEnvironment
from handlers.routes import BASE_PATH, SETUP_PATH
from handlers.service import Service
from handlers.settings.accounts import Pages
from handlers.settings.buttons import Invitations
from handlers.settings.widget import SettingsWidget
from handlers.setup.page import SetupPage
from handlers.setup.progress import ProgressReader
from local.activity import FileActivity, FileSetupLog
from local.api_document import with_document
from local.embedded_aws import LocalAws
from local.exchanges import Exchange, Exchanges
from local.gateway import MAX_REQUEST_BYTES, LocalGateway, Report
from local.heard_log import HeardLog, Listener
from local.life_cycle import EventSettings, LifeCycle
from local.own_requests import own_requests_only
from local.pages.events_data import event_data
from local.pages.key_data import key_data
from local.pages.requests_data import request_data
from local.pages.resources_data import resource_data
from local.pages.simulation_data import simulation_data
from local.pages.site import Address, Data, with_pages
from local.settings_page import with_settings_page
from local.simulations import Simulations
from local.template_routes import load_routes
from operations.simulation import AccountBackstage
from operations.table_creation import TableUnresponsive, make_table

HOST: Final = "127.0.0.1"
TABLE_NAME: Final = "rollcall-users"
SECRET_PREFIX: Final = "rollcall/connectors/"

_THREADS: Final = 32
_SECONDS_OF_A_CALL: Final = 60.0
"""For what a simulation does to an account past its identity provider."""
_MAX_BYTES: Final = 4 * MAX_REQUEST_BYTES
"""The web server's bound of a request, well above those of the applications, whose rejections explain more."""

ENVIRONMENT: Final = ServiceEnvironment(
    table_name=TABLE_NAME,
    connector_secret_prefix=SECRET_PREFIX,
    base_url=None,
    log_personal_data=False,
    # Keys are read at every request, so that what an operator changes here is seen at once.
    connector_cache_seconds=0,
)


class CannotStart(Exception):
    """The service cannot be started; the message is one line with what to do."""


class LocalService:
    """Serves on a port of 127.0.0.1 (a free one for 0) from `start` to `stop`, or within a `with`.

    `key` becomes that of the account `default`, which has a new one otherwise. `dynamodb_endpoint` is the DynamoDB to
    be used instead of moto, `log` where lines go instead of `activity_file`, `note` gets lines for the terminal. One at
    a time in a process, as moto takes the place of AWS in all of it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: ConnectorKey | None = None,
        dynamodb_endpoint: str | None = None,
        report: Report = lambda exchange: None,
        environment: ServiceEnvironment = ENVIRONMENT,
        log: Log | None = None,
        events: EventSettings = EventSettings(),  # noqa: B008 - frozen
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._port = port
        self._key = key
        self._dynamodb_endpoint = dynamodb_endpoint
        self._report = report
        self._environment = environment
        self._log = log
        self._events = events
        self._note = note
        self._running = ExitStack()
        self.exchanges = Exchanges()
        self.simulations = Simulations(lambda: self.base_url, self._key_of, self._backstage_of)
        self.address = ""
        self.base_url = ""
        self.aws_endpoint = ""
        self.activity_file = Path()

    def start(self) -> Self:
        """Start to serve; requests are answered when it returns. Raises `CannotStart`."""
        with ExitStack() as starting:
            if self._dynamodb_endpoint is not None:
                _check_reachable(self._dynamodb_endpoint)
            local_aws = self.local_aws = LocalAws(self._dynamodb_endpoint)
            local_aws.start()
            starting.callback(local_aws.stop)
            folder = Path(starting.enter_context(TemporaryDirectory()))
            self.activity_file = folder / "activity.jsonl"
            file_log = Log.to_file(self.activity_file)
            starting.callback(file_log.close)
            self.clients = local_aws.clients()
            listener = Listener()
            log = HeardLog((self._log or file_log).lines, listener.hear)
            service = Service.over(self.clients, self._environment, log)
            self.accounts = self._accounts("local server")
            self._make_table()
            self.life_cycle = LifeCycle(self._events, folder, self._note, starting)
            self.life_cycle.follow(local_aws, TABLE_NAME)
            self.bound = replace(service, has_publisher=self.life_cycle.publishes)
            self.key = self.accounts.enable("default", key=self._key).connector.current.key
            pages = {"ServeSetupPage": self._setup_page()}
            gateway = LocalGateway(self.bound, load_routes(), self._seen, listener, pages)
            described = with_document(gateway, lambda: (user_type(service.extensions), GROUP))
            site = with_settings_page(with_pages(described, self._data()), self._settings_widget)
            self.address = serve(site, self._port, _THREADS, starting)
            self.base_url = self.address + BASE_PATH
            starting.callback(self.simulations.stop)
            self.life_cycle.start(self.clients, TABLE_NAME, self.base_url, file_log)
            self.aws_endpoint = serve(local_aws, 0, _THREADS, starting)
            self._running = starting.pop_all()
        return self

    def stop(self) -> None:
        """Stop to serve; everything kept in moto is lost."""
        self._running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def table(self) -> Table:
        """The table that the handlers use."""
        return self.bound.open_table()

    def new_account(self) -> ConnectorKey:
        """Create an account without users and return its key."""
        return self.accounts.enable(f"account-{uuid4().hex[:12]}").connector.current.key

    def _seen(self, exchange: Exchange) -> None:
        """Keep a request for the page, and report it; not those of the set-up page, which asks all the time."""
        if exchange.path.startswith(SETUP_PATH):
            return
        if exchange.path.startswith(BASE_PATH):
            self.exchanges.add(exchange)
        self._report(exchange)

    def _accounts(self, actor: str) -> Accounts:
        """Return the accounts, changed by this actor."""
        return Accounts(self.clients.secretsmanager, SECRET_PREFIX, lambda: actor)

    def _data(self) -> Mapping[Address, Data]:
        """What the pages ask for, by address."""
        return {
            **request_data(self.exchanges, self._account_names, lambda: self.address),
            **event_data(self.life_cycle),
            **simulation_data(self.simulations),
            **resource_data(lambda: self.table, lambda: self.base_url, self.exchanges, self.life_cycle),
            **key_data(self._revealed_key),
        }

    def _key_of(self, account: str) -> str:
        return self.accounts.show(account).current.key.text

    def _revealed_key(self, account: str) -> str:
        """Return the key of an account for a page that shows it, with the audit line of every key that is shown."""
        key = self._key_of(account)
        audit(self.bound.log, "key-revealed", account, getpass.getuser(), str(uuid4()))
        return key

    def _backstage_of(self, account: str) -> AccountBackstage:
        """Return what plays the operator's part in a simulation of this account."""
        return AccountBackstage(
            lambda: self.table.account(account, MonotonicDeadline.after(_SECONDS_OF_A_CALL)),
            self.accounts.show(account).settings.deprovisioning_limit,
            lambda: "simulation",
        )

    def _account_names(self) -> list[str]:
        return [listed.account for listed in self.accounts.list_all()]

    def _settings_widget(self) -> SettingsWidget:
        """Return the page at the address that is served."""
        return SettingsWidget(
            self.base_url,
            reveals=True,
            accounts=self._accounts,
            table=self.table,
            activity=FileActivity(self.activity_file),
            log=self.bound.log,
            names_users=True,
            invitations=lambda actor: Invitations(
                SetupLinks(self.clients.secretsmanager, SECRET_PREFIX, lambda: actor), self.address + SETUP_PATH
            ),
            pages=Pages(
                users=lambda account: f"/users?account={account}",
                failures=lambda account: f"/requests?account={account}&failed=1",
            ),
        )

    def _setup_page(self) -> SetupPage:
        """Return the page that set-up links open."""
        links = SetupLinks(self.clients.secretsmanager, SECRET_PREFIX, lambda: "set-up page")
        log = FileSetupLog(self.activity_file)
        return SetupPage(None, links, ProgressReader(log), self.bound.open_table, self.bound.log)

    def _make_table(self) -> None:
        """Create the table unless it exists: an external DynamoDB keeps its users."""
        try:
            make_table(self.clients.dynamodb, TABLE_NAME)
        except TableUnresponsive:
            raise CannotStart(
                f"DynamoDB accepts connections at {self._dynamodb_endpoint}, but does not answer. Restart it."
            ) from None


def serve(application: Any, port: int, threads: int, running: ExitStack) -> str:
    """Serve a WSGI application to this machine until `running` is closed, and return its address."""
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
            f"Port {port} of {HOST} cannot be used ({error.strerror}). Stop the program that uses the port, or "
            f"choose another: PORT={port + 1} make run"
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
        raise CannotStart(f"DYNAMODB_ENDPOINT is not an address, for example http://127.0.0.1:8000: {endpoint}")
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname, port), timeout=2).close()
    except OSError as error:
        raise CannotStart(
            f"DynamoDB does not answer at {endpoint} ({error.strerror or error}). Start it first."
        ) from error
