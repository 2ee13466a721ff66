"""The log lines there are: written by the handlers when every operation and every kind of trouble happens."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from adapters import aws, publisher_telemetry, telemetry
from adapters.publisher_telemetry import BatchRecord
from adapters.settings import SETTINGS
from adapters.telemetry import RequestRecord
from adapters.watch import Logs
from domain.effects import Effects
from handlers import settings_widget, watch
from in_process import ENVIRONMENT, InProcess, in_process
from insights import Event, LogsClient, event
from metric_sources import written

# Written by the gateway, in a form that template.yaml sets: tests/template/test_saved_queries.py compares.
GATEWAY_LINE = (
    '{"status": "401", "sourceIp": "192.0.2.7", "userAgent": "JumpCloud", "timestamp": "2030-01-01T00:00:00+00:00"}'
)


# Written by Lambda. AWS Lambda Developer Guide, "Lambda telemetry event schemas", platform.report.
PLATFORM_LINE = (
    '{"time": "2030-01-01T00:00:00.000Z", "type": "platform.report", "timestamp": "2030-01-01T00:00:00+00:00",'
    ' "record": {"requestId": "6d68ca91", "metrics": {"durationMs": 10000.0}, "status": "timeout"}}'
)


@cache
def events() -> tuple[Event, ...]:
    """As CloudWatch Logs has them; metrics are among them, as they are log lines too."""
    printed = io.StringIO()
    with redirect_stdout(printed), in_process() as service:
        _takeover()
        _unusable_secret(service)
        _settings_page(service)
        _publisher()
        _watch(service)
    return tuple(event(line) for line in (*written(), *printed.getvalue().splitlines(), GATEWAY_LINE, PLATFORM_LINE))


def _takeover() -> None:
    """Written as telemetry writes it: an existing user taken over."""
    effects = Effects(adopted=["4d1f0000-0000-4000-8000-000000000000"])
    telemetry.emit(
        RequestRecord("CreateUser", "request", cold_start=False, account="hooli", status=200, effects=effects)
    )


def _unusable_secret(service: InProcess) -> None:
    client = service.account("broken")
    name = ENVIRONMENT["CONNECTOR_SECRET_PREFIX"] + "broken"
    aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString="nonsense")
    assert client.call("GET", "/Users").status == 503


def _publisher() -> None:
    """Written as its telemetry writes a batch whose first record was malformed, and whose second came late."""
    user = {"account": "acme", "user_id": "4d1f0000-0000-4000-8000-000000000000", "sequence_number": "1"}
    publisher_telemetry.emit(
        BatchRecord("request", records=2, failed=1, lag_ms=90_000.0, failure="malformed", cause="no document", **user)
    )


def _watch(service: InProcess) -> None:
    """One look at an account that went silent, and at one that still uses a key that is about to be refused."""
    eight_days = timedelta(days=8)
    now = datetime.now(UTC) + eight_days
    service.account("acme")
    service.account("globex")
    service.accounts.rotate_key("globex", eight_days + timedelta(hours=1))
    heard = [
        heard_request("acme", now - eight_days),
        heard_request("globex", now - timedelta(minutes=1), "previous"),
    ]
    logs: Any = LogsClient(heard)
    watch.look(service.accounts.list_all(), Logs(logs, ["requests"]), now, timedelta(days=7), timedelta(days=90))


def heard_request(account: str, at: datetime, key_used: str = "current") -> Event:
    """The log line of a request, as CloudWatch Logs has it, with the fields by which the watch knows it."""
    return {"message": "request", "account": account, "key_used": key_used, "@timestamp": at.timestamp() * 1000}


def _settings_page(service: InProcess) -> None:
    service.account("acme")
    with settings_page(service):
        html = settings_widget.handler({"action": "reveal", "account": "acme"}, SimpleNamespace())
    assert "rck_acme_" in html


@contextmanager
def settings_page(service: InProcess) -> Iterator[None]:
    """The settings page over the accounts of that service."""
    with patch.dict(os.environ, {"SCIM_CONNECTOR_BASE_URL": "https://scim.example.com/scim/v2"}):
        SETTINGS.forget()
        SETTINGS.__dict__["_table"] = service.table
        try:
            yield
        finally:
            SETTINGS.forget()
