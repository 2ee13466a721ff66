"""The set-up page in this process: requests as API Gateway passes them on, over moto's secrets, with every log line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from adapters.dynamodb import Table
from adapters.logs.log import Log
from adapters.logs.setup_activity import SetupActivity
from adapters.secrets.accounts import Accounts
from adapters.secrets.setup_links import SetupLinks
from handlers.http import proxy_event
from handlers.setup.page import SetupPage
from handlers.setup.progress import ProgressReader
from support.in_process import TwinTable
from support.lambda_context import LambdaContext
from support.recorded_secrets_manager import PREFIX, Clock, secrets_manager_client

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_secretsmanager import SecretsManagerClient

DOMAIN: Final = "abc123.execute-api.eu-central-1.amazonaws.com"
ORIGIN: Final = f"https://{DOMAIN}"


@dataclass
class ChosenLog:
    """A log that says what the test chooses, and how often it was asked; None: it does not answer."""

    activity: SetupActivity | None = field(default_factory=SetupActivity)
    asked: int = 0

    def since(self, account: str, moment: datetime) -> SetupActivity | None:
        self.asked += 1
        return self.activity


@dataclass(frozen=True)
class PageAnswer:
    """An answer of the page."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class SetupSite:
    """The page, its accounts and links, and what it logged."""

    client: SecretsManagerClient
    clock: Clock
    file: Path
    log: ChosenLog
    table: TwinTable
    page: SetupPage

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.client, PREFIX, lambda: "ada", now=self.clock.now)

    @property
    def links(self) -> SetupLinks:
        return SetupLinks(self.client, PREFIX, lambda: "ada", now=self.clock.now)

    @property
    def logged(self) -> str:
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""

    def lines(self, message: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.logged.splitlines()) if line["message"] == message]

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        address: str = "192.0.2.7",
    ) -> PageAnswer:
        """Send one request; a token is sent as the page's script sends it."""
        sent = {"Content-Type": "application/json"} if method == "POST" else {}
        sent |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        sent |= headers or {}
        event = proxy_event(
            method,
            path,
            "",
            [(name, value) for name, value in sent.items() if value],
            body,
            resource="/setup/{file}",
            path_parameters={"file": path.removeprefix("/setup/")},
            stage="live",
            path_prefix="/live",
            domain=DOMAIN,
            scheme="https",
            source_ip=address,
        )
        answer = self.page(event, LambdaContext())
        assert answer["isBase64Encoded"] is False
        return PageAnswer(answer["statusCode"], answer["headers"], answer["body"])


@contextmanager
def setup_site(folder: Path) -> Iterator[SetupSite]:
    """The page with the account `acme`, switched on."""
    with secrets_manager_client() as client:
        clock, log, table = Clock(), ChosenLog(), TwinTable()
        file = folder / "log.jsonl"
        lines = Log.to_file(file)
        page = SetupPage(
            None,
            SetupLinks(client, PREFIX, lambda: "set-up page", now=clock.now),
            ProgressReader(log, clock.monotonic),
            lambda: cast(Table, table),
            lines,
            now=clock.now,
            clock=clock.monotonic,
        )
        site = SetupSite(client, clock, file, log, table, page)
        site.accounts.enable("acme")
        try:
            yield site
        finally:
            lines.close()
