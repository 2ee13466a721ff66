"""What the log says about a set-up: by Logs Insights, and from lines as the local server keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from adapters.logs.setup_activity import InsightsSetupLog, SetupActivity, activity_of
from domain.accounts.setup_progress import Requests, UserChange

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
MILLISECONDS = "1895745600000"
AT = datetime.fromtimestamp(1_895_745_600, UTC)


class Insights:
    """Answers each query by what is in it."""

    def __init__(self, status: str = "Complete") -> None:
        self.status = status
        self.queries: list[dict[str, Any]] = []

    def start_query(self, **asked: Any) -> dict[str, str]:
        self.queries.append(asked)
        return {"queryId": "changes" if "CreateUser" in asked["queryString"] else "kinds"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        rows = {
            "kinds": [
                {"operation": "ListUsers", "status": "200", "key_used": "current", "times": "3"},
                {
                    "operation": "CreateUser",
                    "status": "409",
                    "reason": "email-exists",
                    "key_used": "current",
                    "times": "1",
                },
                {"operation": "ListUsers", "status": "401", "reason": "wrong-key", "times": "2"},
                {"operation": "of a line without a time"},
            ],
            "changes": [{"at": MILLISECONDS, "operation": "CreateUser", "user_id": "a"}],
        }[queryId]
        timed = [row | {"first": MILLISECONDS, "last": MILLISECONDS} if "times" in row else row for row in rows]
        return {
            "status": self.status,
            "statistics": {"bytesScanned": 1_000.0},
            "results": [[{"field": name, "value": value} for name, value in row.items()] for row in timed],
        }


def log(client: Any) -> InsightsSetupLog:
    return InsightsSetupLog(
        cast("CloudWatchLogsClient", client), ("requests",), now=lambda: NOW, sleep=lambda seconds: None
    )


def test_requests_come_by_kind_and_changes_of_users_one_by_one() -> None:
    client = Insights()

    found = log(client).since("acme", NOW - timedelta(days=1))

    assert found == SetupActivity(
        (
            Requests("ListUsers", 200, None, True, AT, AT, 3),
            Requests("CreateUser", 409, "email-exists", True, AT, AT, 1),
            Requests("ListUsers", 401, "wrong-key", False, AT, AT, 2),
        ),
        (UserChange(AT, True, "a"),),
        bytes_scanned=2_000.0,
    )
    assert all('account = "acme"' in asked["queryString"] for asked in client.queries)
    assert {asked["startTime"] for asked in client.queries} == {int(NOW.timestamp()) - 86_400}


@pytest.mark.parametrize("status", ["Failed", "Running"])
def test_without_an_answer_in_time_there_is_none(status: str) -> None:
    assert log(Insights(status)).since("acme", NOW) is None


def test_a_refusal_of_the_log_is_no_answer() -> None:
    class Refusing(Insights):
        def start_query(self, **asked: Any) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "StartQuery")

    assert log(Refusing()).since("acme", NOW) is None


def test_lines_say_the_same() -> None:
    later = AT + timedelta(minutes=1)
    line = {"message": "request", "account": "acme", "operation": "ListUsers", "status": 200, "key_used": "current"}
    created = line | {"operation": "CreateUser", "status": 201, "user_id": "a"}

    found = activity_of(
        [(AT, line), (later, line), (later, line | {"account": "globex"}), (later, created), (later, {"message": "x"})],
        "acme",
    )

    assert found == SetupActivity(
        (
            Requests("ListUsers", 200, None, True, AT, later, 2),
            Requests("CreateUser", 201, None, True, later, later, 1),
        ),
        (UserChange(later, True, "a"),),
    )
