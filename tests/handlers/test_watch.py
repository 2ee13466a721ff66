"""The watch: accounts that it finds silent, its log lines, and its queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from adapters.aws import Clients
from adapters.logs.insights import QueryFailed
from adapters.logs.last_requests import Logs
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from handlers.environment.watch import WatchEnvironment
from handlers.jobs import watch
from handlers.jobs.watch import Watch
from support.in_process import new_clients
from support.insights import LastRequests, Request

MADE = datetime(2030, 1, 1, tzinfo=UTC)
NOW = datetime(2030, 3, 1, tzinfo=UTC)
WEEK, RETENTION = timedelta(days=7), timedelta(days=90)


@dataclass
class Clock:
    """The time at which accounts are changed."""

    now: datetime = MADE


@dataclass
class Watched:
    """Accounts that a test makes, the requests that were logged for them, and the lines that the watch writes."""

    accounts: Accounts
    clock: Clock
    capsys: pytest.CaptureFixture[str]
    clients: Clients
    logs: LastRequests = field(default_factory=LastRequests)
    requests: list[Request] = field(default_factory=list)

    def logged_request(self, account: str, ago: timedelta, key_used: str = "current") -> None:
        self.requests.append(Request(account, NOW - ago, key_used))

    def look(self, silence: timedelta | None = WEEK) -> list[dict[str, Any]]:
        """The lines of one look, each without what every line has."""
        self.logs.requests = self.requests
        self.capsys.readouterr()
        client: Any = self.logs
        look = Watch(self.accounts, Logs(client, ["requests"]), silence, RETENTION, Log.from_env(), lambda: NOW)
        look({}, None)
        lines = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        return [{name: line[name] for name in line.keys() - {"level", "timestamp", "service"}} for line in lines]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Watched]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("ENVIRONMENT", "test")
    clock = Clock()
    with mock_aws():
        clients = new_clients()
        yield Watched(
            Accounts(clients.secretsmanager, "test/connectors/", lambda: "test", now=lambda: clock.now),
            clock,
            capsys,
            clients,
        )


def end(accounts: int, silent: int, old: int = 0, unusable: int = 0) -> dict[str, Any]:
    numbers = {"silent_accounts": silent, "old_keys": old, "unusable_secrets": unusable}
    return {"message": "watched", "accounts": accounts, "environment": "test"} | numbers


def test_an_account_with_a_request_within_the_time_is_not_silent(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", WEEK - timedelta(hours=1))

    assert watched.look() == [end(1, 0)]


def test_an_account_whose_last_request_is_too_old_is_silent(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.enable("globex")
    watched.logged_request("acme", WEEK + timedelta(hours=12))
    watched.logged_request("globex", timedelta(hours=1))

    assert watched.look() == [
        {"message": "watch", "account": "acme", "reason": "silent", "silent_hours": 180.0},
        end(2, 1),
    ]


def test_an_account_without_any_request_is_not_connected_yet(watched: Watched) -> None:
    watched.accounts.enable("acme")

    assert watched.look() == [end(1, 0)]


def test_an_account_that_is_switched_off_may_be_silent(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.disable("acme")
    watched.logged_request("acme", 2 * WEEK)

    assert watched.look() == [end(0, 0)]


def test_an_account_that_was_enabled_again_gets_the_full_time(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.disable("acme")
    watched.clock.now = NOW - timedelta(days=1)
    watched.accounts.enable("acme")
    watched.logged_request("acme", 4 * WEEK)

    assert watched.look() == [end(1, 0)]


def test_the_account_in_which_releases_are_tried_is_never_silent(watched: Watched) -> None:
    watched.accounts.enable(RELEASE_CHECK_ACCOUNT)
    watched.logged_request(RELEASE_CHECK_ACCOUNT, 2 * WEEK)

    assert watched.look() == [end(0, 0)]


def test_no_account_is_silent_when_the_parameter_is_0(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", 4 * WEEK)

    assert watched.look(silence=None) == [end(1, 0)]


@pytest.mark.parametrize(("hours", "found"), [(47, True), (49, False)])
def test_a_previous_key_in_use_is_reported_before_it_expires(watched: Watched, hours: int, found: bool) -> None:
    watched.accounts.enable("acme")
    watched.clock.now = NOW
    watched.accounts.rotate_key("acme", timedelta(hours=hours))
    watched.logged_request("acme", timedelta(minutes=5), "previous")

    line = {"message": "watch", "account": "acme", "reason": "previous-key-ending", "previous_key_hours_left": 47.0}
    assert watched.look() == [line, end(1, 0)][not found :]


def test_a_previous_key_that_is_no_longer_used_may_end(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.clock.now = NOW
    watched.accounts.rotate_key("acme", timedelta(hours=1))
    watched.logged_request("acme", timedelta(hours=2), "previous")
    watched.logged_request("acme", timedelta(hours=1), "current")

    assert watched.look() == [end(1, 0)]


def test_an_account_whose_secret_is_unusable_is_named(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.clients.secretsmanager.put_secret_value(SecretId="test/connectors/acme", SecretString="nonsense")

    line = {"message": "watch", "account": "acme", "reason": "secret-malformed"}
    assert watched.look() == [line, end(0, 0, unusable=1)]


def test_an_account_whose_secret_is_marked_for_deletion_is_named(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.clients.secretsmanager.delete_secret(SecretId="test/connectors/acme", RecoveryWindowInDays=7)

    line = {"message": "watch", "account": "acme", "reason": "secret-marked-for-deletion"}
    assert watched.look() == [line, end(0, 0, unusable=1)]


def test_an_account_whose_key_is_a_year_old_is_named_with_and_without_requests(watched: Watched) -> None:
    watched.clock.now = NOW - timedelta(days=365)
    watched.accounts.enable("acme")
    watched.accounts.enable(RELEASE_CHECK_ACCOUNT)
    watched.accounts.enable("off")
    watched.clock.now = NOW - timedelta(days=364, hours=23)
    watched.accounts.enable("globex")
    watched.accounts.disable("off")

    assert watched.look() == [
        {"message": "watch", "account": "acme", "reason": "key-old", "key_age_days": 365},
        {"message": "watch", "account": RELEASE_CHECK_ACCOUNT, "reason": "key-old", "key_age_days": 365},
        end(2, 0, old=2),
    ]


def test_a_rotated_key_is_young_again(watched: Watched) -> None:
    watched.clock.now = NOW - timedelta(days=400)
    watched.accounts.enable("acme")
    watched.clock.now = NOW
    watched.accounts.rotate_key("acme")

    assert watched.look() == [end(1, 0)]


def test_old_logs_are_read_only_when_an_account_is_missing_in_the_new_ones(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", timedelta(hours=1))
    watched.look()
    watched.accounts.enable("globex")
    watched.look()

    assert watched.logs.periods == [WEEK, WEEK, RETENTION]


def test_without_accounts_no_logs_are_read(watched: Watched) -> None:
    assert watched.look() == [end(0, 0)]
    assert watched.logs.periods == []


def test_a_check_without_an_answer_of_the_logs_fails_so_that_its_alarm_fires(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logs.status = "Failed"

    with pytest.raises(QueryFailed):
        watched.look()


ENVIRONMENT = {
    "CONNECTOR_SECRET_PREFIX": "test/connectors/",
    "LOG_GROUPS": "one,two",
    "SILENCE_HOURS": "168",
    "LOG_RETENTION_DAYS": "90",
}


def test_the_environment_is_what_the_template_sets() -> None:
    environment = WatchEnvironment.from_env(ENVIRONMENT)

    assert environment == WatchEnvironment("test/connectors/", ("one", "two"), WEEK, RETENTION)
    assert WatchEnvironment.from_env(ENVIRONMENT | {"SILENCE_HOURS": "0"}).silence is None


def test_the_function_looks_at_the_accounts_of_its_deployment(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    watch.handler({}, None)

    assert json.loads(watched.capsys.readouterr().out)["message"] == "watched"
