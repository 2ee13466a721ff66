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
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.dynamodb.account_items import MAX_ACTIONS
from adapters.logs.insights import QueryFailed
from adapters.logs.last_requests import LATE, Logs
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.errors import ServiceUnavailable
from handlers.environment.watch import WatchEnvironment
from handlers.jobs import watch
from handlers.jobs.watch import Watch
from local.moto_transactions import cheap_transactions
from operations.table_creation import make_table
from support.faults import REFUSING, FaultyClient
from support.in_process import new_clients
from support.insights import LastRequests, Request, passes
from support.log_lines import lines

MADE = datetime(2030, 1, 1, tzinfo=UTC)
NOW = datetime(2030, 3, 1, tzinfo=UTC)
TABLE = "users"
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

    def look(self, silence: timedelta | None = WEEK, later: timedelta = timedelta()) -> list[dict[str, Any]]:
        """The lines of one look, `later` than NOW, without what every line has; logs older than 90 days are gone."""
        now = NOW + later
        self.logs.requests = [request for request in self.requests if request.at > now - RETENTION]
        self.capsys.readouterr()
        client: Any = self.logs
        table = Table(self.clients.dynamodb, TABLE)
        Watch(
            self.accounts,
            Logs(client, ["requests"]),
            lambda _: table.heard(MonotonicDeadline.after(60)),
            silence,
            RETENTION,
            Log.to_output(),
            lambda: now,
        )({}, None)
        lines = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
        return [{name: line[name] for name in line.keys() - {"level", "timestamp"}} for line in lines]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Watched]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    clock = Clock()
    with mock_aws(), cheap_transactions():
        clients = new_clients()
        make_table(clients.dynamodb, TABLE)
        yield Watched(
            Accounts(clients.secretsmanager, "test/connectors/", lambda: "test", now=lambda: clock.now),
            clock,
            capsys,
            clients,
        )


def end(accounts: int, silent: int, old: int = 0, unusable: int = 0) -> dict[str, Any]:
    numbers = {"silent_accounts": silent, "old_keys": old, "unusable_secrets": unusable}
    return {"message": "watched", "accounts": accounts} | numbers


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


def test_the_first_check_reads_old_logs_only_when_an_account_is_missing_in_the_new_ones(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", timedelta(hours=1))
    watched.look()

    assert watched.logs.periods == [WEEK]


def test_the_first_check_looks_for_an_account_as_far_back_as_logs_reach(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.enable("globex")
    watched.logged_request("acme", timedelta(hours=1))
    watched.look()

    assert watched.logs.periods == [WEEK, RETENTION]


HOUR = timedelta(hours=1)


def test_only_requests_with_a_valid_key_count_as_heard() -> None:
    logs: Any = LastRequests()
    Logs(logs, ["requests"]).since(NOW, NOW, RETENTION)
    heard = [line for line in lines() if passes(logs.query, line)]
    refused = [line for line in lines() if line.get("reason") in ("wrong-key", "account-disabled", "secret-malformed")]

    assert {line["status"] < 400 for line in heard} == {True, False}
    assert refused
    assert not [line for line in refused if line in heard]


def test_an_account_that_was_off_during_the_first_check_is_silent_when_it_is_switched_on(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.enable("globex")
    watched.accounts.disable("globex")
    watched.logged_request("acme", timedelta(hours=1))
    watched.logged_request("globex", 2 * WEEK)
    assert watched.look() == [end(1, 0)]
    watched.clock.now = NOW + HOUR
    watched.accounts.enable("globex")
    watched.look(later=2 * HOUR)

    assert "globex" in [line.get("account") for line in watched.look(later=WEEK + 2 * HOUR)]


def test_further_checks_read_what_was_logged_since_the_last_one(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.enable("globex")
    watched.logged_request("acme", timedelta(minutes=1))
    watched.look()
    watched.logs.periods.clear()
    watched.look(later=HOUR)
    watched.look(later=4 * HOUR)

    assert watched.logs.periods == [HOUR + LATE, 3 * HOUR + LATE]


def test_an_account_heard_before_the_last_check_is_remembered(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", timedelta(minutes=1))
    found = [watched.look(later=later) for later in (timedelta(), HOUR, WEEK, WEEK + HOUR, 2 * RETENTION)]

    assert [lines[-1]["silent_accounts"] for lines in found] == [0, 0, 1, 1, 1]
    assert found[-1][0] == {"message": "watch", "account": "acme", "reason": "silent", "silent_hours": 4320.0}


def test_a_silent_account_that_is_heard_again_is_no_longer_silent(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logged_request("acme", 2 * WEEK)
    assert watched.look()[-1] == end(1, 1)
    watched.logged_request("acme", -HOUR / 2)

    assert watched.look(later=HOUR) == [end(1, 0)]


def test_the_key_that_an_account_used_last_is_remembered(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.clock.now = NOW
    watched.accounts.rotate_key("acme", timedelta(hours=47))
    watched.logged_request("acme", timedelta(minutes=5), "previous")
    reasons = []
    for later in (timedelta(), HOUR, 2 * HOUR):
        reasons.append([line.get("reason") for line in watched.look(later=later)])
        if later == HOUR:
            watched.logged_request("acme", -1.5 * HOUR, "current")

    assert reasons == [["previous-key-ending", None], ["previous-key-ending", None], [None]]


def test_a_line_that_logs_show_late_is_found_by_the_next_check(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.look()
    watched.logged_request("acme", LATE / 2)
    watched.look(later=HOUR)

    assert watched.look(later=2 * WEEK)[-1] == end(1, 1)


def test_after_a_failure_the_next_check_reads_the_same_logs_again(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.look()
    watched.logged_request("acme", -HOUR / 2)
    watched.logs.status = "Failed"
    with pytest.raises(QueryFailed):
        watched.look(later=HOUR)
    watched.logs.status = "Complete"
    faulty = FaultyClient(watched.clients.dynamodb)
    faulty.always(next(each for each in REFUSING if each.name == "AccessDeniedException"), only=("TransactWriteItems",))
    with pytest.raises(ServiceUnavailable):
        watched.look(later=HOUR)
    faulty.calm()

    watched.look(later=2 * HOUR)
    assert watched.logs.periods[-1] == 2 * HOUR + LATE
    assert watched.look(later=2 * WEEK)[-1] == end(1, 1)


def test_more_accounts_than_one_transaction_takes_are_remembered(watched: Watched) -> None:
    names = [f"account-{number}" for number in range(MAX_ACTIONS + 20)]
    for name in names:
        watched.accounts.enable(name)
        watched.logged_request(name, timedelta(minutes=1))
    watched.look()

    assert watched.look(later=2 * WEEK)[-1] == end(len(names), len(names))


def test_an_account_that_was_deleted_is_forgotten(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.accounts.enable("globex")
    watched.logged_request("globex", timedelta(minutes=1))
    watched.look()
    watched.clients.secretsmanager.delete_secret(SecretId="test/connectors/globex", ForceDeleteWithoutRecovery=True)
    watched.look(later=HOUR)
    watched.accounts.enable("globex")

    assert watched.look(later=2 * WEEK) == [end(2, 0)]


def test_without_accounts_no_logs_are_read(watched: Watched) -> None:
    assert watched.look() == [end(0, 0)]
    assert watched.logs.periods == []


def test_a_check_without_an_answer_of_the_logs_fails_so_that_its_alarm_fires(watched: Watched) -> None:
    watched.accounts.enable("acme")
    watched.logs.status = "Failed"

    with pytest.raises(QueryFailed):
        watched.look()


ENVIRONMENT = {
    "TABLE_NAME": TABLE,
    "CONNECTOR_SECRET_PREFIX": "test/connectors/",
    "LOG_GROUPS": "one,two",
    "SILENCE_HOURS": "168",
    "LOG_RETENTION_DAYS": "90",
}


def test_the_environment_is_what_the_template_sets() -> None:
    environment = WatchEnvironment.from_env(ENVIRONMENT)

    assert environment == WatchEnvironment(TABLE, "test/connectors/", ("one", "two"), WEEK, RETENTION)
    assert WatchEnvironment.from_env(ENVIRONMENT | {"SILENCE_HOURS": "0"}).silence is None


def test_the_function_looks_at_the_accounts_of_its_deployment(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    watch.handler({}, None)

    assert json.loads(watched.capsys.readouterr().out)["message"] == "watched"
