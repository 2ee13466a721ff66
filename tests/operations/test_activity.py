"""The activity record of a deployed stack, read from CloudWatch Logs; and of an account, from either place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from adapters.logs.activity import InsightsActivity
from local.activity import FileActivity
from operations.activity import MESSAGES, ActivityUnavailable, CloudWatchActivityLog, FileActivityLog, LineFilter

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
PREFIX = "/aws/lambda/rollcall/"
GROUPS = [f"{PREFIX}CreateUser", f"{PREFIX}SettingsWidget"]


def line(minutes_ago: float, **fields: Any) -> str:
    written = {"message": "request", "account": "acme", "operation": "CreateUser", "status": 201, "key_used": "current"}
    moment = (NOW - timedelta(minutes=minutes_ago)).isoformat(timespec="milliseconds")
    return json.dumps(written | fields | {"timestamp": moment})


def wanted(**chosen: Any) -> LineFilter:
    settings: dict[str, Any] = {"since": NOW - timedelta(hours=1), "limit": 50}
    return LineFilter(**settings | chosen)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """CloudWatch Logs with prepared answers; requests are checked against its service model."""
    client = boto3.client("logs", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def described(logs: Stubber, groups: list[str] = GROUPS) -> None:
    answer = {"logGroups": [{"logGroupName": group} for group in groups]}
    logs.add_response("describe_log_groups", answer, {"logGroupNamePrefix": PREFIX})


def queried(logs: Stubber, found: list[str], query: Any = ANY, status: str = "Complete") -> None:
    """Insights is asked, is still busy at the first look, and then has found those lines, newest first."""
    start = {"logGroupNames": GROUPS, "startTime": ANY, "endTime": ANY, "queryString": query}
    logs.add_response("start_query", {"queryId": "q"}, start)
    logs.add_response("get_query_results", {"status": "Running", "results": []}, {"queryId": "q"})
    rows = [[{"field": "@message", "value": text}, {"field": "@ptr", "value": "x"}] for text in found]
    logs.add_response("get_query_results", {"status": status, "results": rows}, {"queryId": "q"})


def came(logs: Stubber, group: str, *lines: str) -> None:
    answer = {"events": [{"message": text, "eventId": str(n)} for n, text in enumerate(lines)]}
    wanted = {"logGroupName": group, "startTime": ANY, "filterPattern": ANY}
    logs.add_response("filter_log_events", answer, wanted)


def log_of(logs: Stubber, sleep: Callable[[float], None] = lambda _: None) -> CloudWatchActivityLog:
    return CloudWatchActivityLog(logs.client, PREFIX, now=lambda: NOW, sleep=sleep)  # type: ignore[arg-type]  # a Stubber's client is a BaseClient in the stubs


def test_past_lines_of_all_logs_of_the_stack_are_returned_oldest_first(logs: Stubber) -> None:
    newest, oldest = line(1, status=409), line(9)
    described(logs)
    queried(
        logs,
        [newest, oldest],
        'fields @message | filter message in ["request", "bulk-operation", "adoption", "take-back", "let-through", '
        '"lost-access", "audit"] and account = "acme" '
        "| sort @timestamp desc | limit 50",
    )

    found = log_of(logs).past(wanted(account="acme"))

    assert list(found) == [json.loads(oldest), json.loads(newest)]


@pytest.mark.parametrize(
    ("chosen", "condition"), [({"account": "acme"}, ' and account = "acme"'), ({"failed": True}, " and status >= 400")]
)
def test_the_query_has_the_filters_of_the_operator(logs: Stubber, chosen: dict[str, Any], condition: str) -> None:
    described(logs)
    messages = json.dumps(MESSAGES)
    queried(logs, [], f"fields @message | filter message in {messages}{condition} | sort @timestamp desc | limit 7")

    assert log_of(logs).past(wanted(limit=7, **chosen)) == []


def test_a_line_before_the_requested_second_is_left_out(logs: Stubber) -> None:
    described(logs)
    queried(logs, [line(59), line(60.001)])

    assert log_of(logs).past(wanted()) == [json.loads(line(59))]


def test_a_new_line_is_reported_once_even_if_read_again(logs: Stubber) -> None:
    first, second, third = line(3), line(0.4, account="globex"), line(0.2)
    described(logs)
    queried(logs, [first])
    came(logs, GROUPS[0], first, third)
    came(logs, GROUPS[1], second, "START RequestId: x")
    came(logs, GROUPS[0], third)
    came(logs, GROUPS[1], second, line(0.1, message="audit", what="key-revealed"))

    lines_seen = log_of(logs, sleep=two_rounds()).follow(wanted())

    assert [(each["account"], each["message"]) for each in seen_until_interrupted(lines_seen)] == [
        ("acme", "request"),
        ("globex", "request"),
        ("acme", "request"),
        ("acme", "audit"),
    ]


def two_rounds() -> Callable[[float], None]:
    """Stands for waiting; Ctrl-C is pressed after the second round of looking. The first wait is the query's."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    return wait


def seen_until_interrupted(lines: Iterator[Any]) -> list[Any]:
    lines_seen: list[Any] = []
    with suppress(KeyboardInterrupt):
        lines_seen.extend(each for each in lines)
    return lines_seen


def test_a_failed_query_is_reported_with_what_to_do(logs: Stubber) -> None:
    described(logs)
    queried(logs, [], status="Timeout")

    with pytest.raises(ActivityUnavailable, match="--since"):
        log_of(logs).past(wanted())


def test_a_stack_without_logs_is_reported(logs: Stubber) -> None:
    described(logs, [])

    with pytest.raises(ActivityUnavailable, match="check --stack and --region"):
        log_of(logs).past(wanted())


@pytest.mark.parametrize(
    ("code", "says"), [("AccessDeniedException", "permission"), ("ThrottlingException", "ThrottlingException")]
)
def test_an_error_of_cloudwatch_is_reported_in_one_line(logs: Stubber, code: str, says: str) -> None:
    logs.add_client_error("describe_log_groups", code)

    with pytest.raises(ActivityUnavailable, match=says):
        log_of(logs).past(wanted())


def test_following_a_file_ends_when_its_server_does(tmp_path: Path) -> None:
    file = tmp_path / "activity.jsonl"
    file.write_text(line(2) + "\n", encoding="utf-8")

    def meanwhile(_: float) -> None:
        with file.open("a", encoding="utf-8") as log:
            log.write(line(1, status=404) + "\n")
        file.unlink()

    lines_seen = FileActivityLog(file, sleep=meanwhile).follow(wanted())

    assert [each["status"] for each in lines_seen] == [201, 404]


def test_a_line_is_reported_once_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "activity.jsonl"
    whole = line(1)
    file.write_text(whole[:20], encoding="utf-8")
    rest = iter([whole[20:], "\n", ""])

    def meanwhile(_: float) -> None:
        if not (piece := next(rest)):
            file.unlink()
            return
        with file.open("a", encoding="utf-8") as log:
            log.write(piece)

    assert list(FileActivityLog(file, sleep=meanwhile).follow(wanted())) == [json.loads(whole)]


def row(minutes_ago: float, account: str, status: str, key_used: str) -> list[Any]:
    """The answer of Insights for the requests of one account, status and key."""
    last = str((NOW - timedelta(minutes=minutes_ago)).timestamp() * 1000)
    fields = {"account": account, "status": status, "key_used": key_used, "requests": "1", "last": last}
    return [{"field": name, "value": value} for name, value in fields.items()]


def test_an_account_s_day_is_the_same_from_cloudwatch_and_from_a_file(logs: Stubber, tmp_path: Path) -> None:
    lines = [
        line(25 * 60, account="old"),
        line(50),
        line(40, status=401, account=None),
        line(30, status=409),
        line(20, account="globex", key_used="previous"),
        line(10, account="globex", status=404),
        line(5, status=503),
        line(1, message="audit", what="key-revealed"),
    ]
    file = tmp_path / "activity.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    rows = [
        row(50, "acme", "201", "current"),
        row(30, "acme", "409", "current"),
        row(20, "globex", "201", "previous"),
        row(10, "globex", "404", "current"),
        row(5, "acme", "503", "current"),
    ]
    start = {"logGroupNames": GROUPS, "queryString": ANY, "endTime": int(NOW.timestamp())}
    logs.add_response("start_query", {"queryId": "q"}, start | {"startTime": int(NOW.timestamp()) - 24 * 60 * 60})
    logs.add_response("get_query_results", {"status": "Complete", "results": rows}, {"queryId": "q"})
    from_cloudwatch = InsightsActivity(logs.client, GROUPS, now=lambda: NOW).last_day()  # type: ignore[arg-type]  # a Stubber's client is a BaseClient in the stubs
    from_file = FileActivity(file, now=lambda: NOW).last_day()

    assert from_cloudwatch == from_file
    assert from_file
    assert from_file.keys() == {"acme", "globex"}
    assert from_file["acme"].errors == 2
    assert from_file["acme"].last_success == NOW - timedelta(minutes=50)
    assert from_file["globex"].previous_key_used == NOW - timedelta(minutes=20)


def test_an_account_s_day_is_unknown_while_cloudwatch_does_not_answer(logs: Stubber) -> None:
    queried(logs, [], status="Failed")

    assert InsightsActivity(logs.client, GROUPS, now=lambda: NOW, sleep=lambda _: None).last_day() is None  # type: ignore[arg-type]  # a Stubber's client is a BaseClient in the stubs


def losses() -> list[str]:
    """Lines of which each but the last two reports a user who lost access, or was kept from it."""
    removed = {"operation": "DeleteUser", "user_id": "bob", "users_removed": 1, "request_id": "r2"}
    refused = {"operation": "PatchUser", "status": 403, "reason": "deprovisioning-paused"}
    return [
        line(70, operation="PatchUser", user_id="early", users_deactivated=1),
        line(50, operation="PatchUser", user_id="ada", users_deactivated=1, request_id="r1"),
        line(40, status=204, **removed),
        line(30, message="lost-access", operation="Bulk", user_id="cy", what="displaced", request_id="r3"),
        line(20, user_id="dee", **refused, request_id="r4"),
        line(15, user_id="dee", **refused, request_id="r5"),
        line(10, message="bulk-operation", user_id="eve", **refused, request_id="r6"),
        line(9, account="globex", operation="DeleteUser", user_id="flo", users_removed=1, request_id="r7"),
        line(8, operation="Bulk", users_removed=1),
        line(7, operation="PatchUser", user_id="ada"),
    ]


def test_who_lost_access_is_the_same_from_cloudwatch_and_from_a_file(logs: Stubber, tmp_path: Path) -> None:
    file = tmp_path / "activity.jsonl"
    file.write_text("\n".join(losses()) + "\n", encoding="utf-8")
    hour_ago = NOW - timedelta(hours=1)

    from_file = FileActivityLog(file).lost_access("acme", hour_ago)
    of_page = FileActivity(file, now=lambda: NOW).lost_access("acme")
    described(logs)
    queried(logs, losses()[::-1])
    from_cloudwatch = log_of(logs).lost_access("acme", hour_ago)
    queried(logs, losses()[::-1])
    of_widget = InsightsActivity(logs.client, GROUPS, now=lambda: NOW, sleep=lambda _: None).lost_access("acme")  # type: ignore[arg-type]  # a Stubber's client is a BaseClient in the stubs

    assert from_file == of_page == from_cloudwatch == of_widget
    assert [(each.user_id, each.what, each.request_id) for each in from_file] == [
        ("ada", "deactivated", "r1"),
        ("bob", "removed", "r2"),
        ("cy", "displaced", "r3"),
        ("dee", None, "r5"),
        ("eve", None, "r6"),
    ]
    assert from_file[0].at == NOW - timedelta(minutes=50)


def test_who_lost_access_in_all_accounts(tmp_path: Path) -> None:
    file = tmp_path / "activity.jsonl"
    file.write_text("\n".join(losses()) + "\n", encoding="utf-8")

    found = FileActivityLog(file).lost_access(None, NOW - timedelta(minutes=15))

    assert [(each.account, each.user_id) for each in found] == [("acme", "dee"), ("acme", "eve"), ("globex", "flo")]


def test_who_lost_access_is_unknown_while_cloudwatch_does_not_answer(logs: Stubber) -> None:
    queried(logs, [], status="Failed")

    found = InsightsActivity(logs.client, GROUPS, now=lambda: NOW, sleep=lambda _: None).lost_access()  # type: ignore[arg-type]  # a Stubber's client is a BaseClient in the stubs
    assert found is None


def namings() -> list[str]:
    """Lines of three containers and two days that name attributes of acme, and of others."""
    of_users, of_groups = "unknown_user_attributes", "unknown_group_attributes"
    return [
        line(3 * 1440, unknown_user_attributes=["early"]),
        line(1441, **{of_users: ["shoeSize", "hat"]}),
        line(1440, **{of_users: ["ShoeSize"]}),
        line(40, **{of_users: ["shoeSize"], of_groups: ["hat"]}, status=400),
        line(30, account="globex", **{of_users: ["tie"]}),
        line(20, status=400, attribute="shoeSize"),
    ]


def test_unknown_attributes_are_the_same_from_cloudwatch_and_from_a_file_each_once(
    logs: Stubber, tmp_path: Path
) -> None:
    file = tmp_path / "activity.jsonl"
    file.write_text("\n".join(namings()) + "\n", encoding="utf-8")
    two_days_ago = NOW - timedelta(days=2)

    from_file = FileActivityLog(file).unknown_attributes("acme", two_days_ago)
    described(logs)
    queried(
        logs,
        namings()[::-1],
        'fields @message | filter message = "request" and account = "acme" '
        'and @message like /"(unknown_user_attributes|unknown_group_attributes)":/ '
        "| sort @timestamp desc | limit 10000",
    )
    from_cloudwatch = log_of(logs).unknown_attributes("acme", two_days_ago)

    assert from_file == from_cloudwatch
    assert [(each.noun, each.name, each.days) for each in from_file] == [
        ("group", "hat", 1),
        ("user", "hat", 1),
        ("user", "shoeSize", 2),
    ]
    assert (from_file[2].first, from_file[2].last) == (NOW - timedelta(minutes=1441), NOW - timedelta(minutes=40))
    of_all = FileActivityLog(file).unknown_attributes(None, two_days_ago)
    assert [(each.account, each.name) for each in of_all][-1] == ("globex", "tie")
