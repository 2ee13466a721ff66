"""The audit of the operator's changes of a deployed stack: its lines in CloudWatch Logs, and what refuses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from domain.errors import NotFound
from operations.activity import CloudWatchActivityLog, LineFilter
from operations.audit import Audit, AuditUnavailable, Recorded, stream_log
from operations.command_stream import CommandStream
from operations.deployment import Deployment

GROUP = "/aws/lambda/rollcall/requests"
ARN = "arn:aws:sts::123456789012:assumed-role/Operator/ada"
NOW = datetime.now(UTC)
"""CloudWatch Logs takes no line that is more than two weeks old, or of more than two hours to come."""


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """CloudWatch Logs with the log group of the requests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("logs", "eu-central-1")
        client.create_log_group(logGroupName=GROUP)
        yield client


def audit(logs: Any, *, is_required: bool = True) -> Audit:
    log = stream_log(CommandStream(logs, GROUP, NOW.timestamp))
    return Audit(log, "acme", ARN, "users deactivate", {"user_id": "u1"}, is_required)


def written(logs: Any) -> list[dict[str, Any]]:
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["logStreamName"] == f"rollcall-command/{NOW:%Y/%m/%d}"
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)
    return [json.loads(event["message"]) for event in events["events"]]


class Refusing:
    """CloudWatch Logs that refuses one operation, from a call on."""

    def __init__(self, client: Any, operation: str, error: Exception, after: int = 0) -> None:
        self._client, self._operation, self._error, self._left = client, operation, error, after

    def __getattr__(self, name: str) -> Any:
        if name != self._operation:
            return getattr(self._client, name)
        if self._left:
            self._left -= 1
            return getattr(self._client, name)

        def refuse(**_: Any) -> None:
            raise self._error

        return refuse


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": ARN}}, operation)


def test_a_change_has_a_line_before_it_and_one_after_it_of_the_same_request(logs: Any) -> None:
    for _ in range(2):
        one = audit(logs)
        with one.of("user-deactivated") as audited:
            assert written(logs)[-1]["what"] == "change-begun"
            audited.about["attribute"] = "active"
        assert audited.recorded is Recorded.WHOLLY

    lines = written(logs)
    assert [line["what"] for line in lines] == ["change-begun", "user-deactivated"] * 2
    assert {line["actor"] for line in lines} == {ARN}
    assert lines[0]["request_id"] == lines[1]["request_id"] != lines[2]["request_id"]
    assert lines[1]["attribute"] == "active"


def test_a_change_that_fails_is_recorded_with_the_reason_and_none_of_its_text(logs: Any) -> None:
    with pytest.raises(NotFound), audit(logs).of("user-deactivated"):
        raise NotFound("no user ada@example.com", reason="no-such-user")
    with pytest.raises(KeyboardInterrupt), audit(logs).of("user-deactivated"):
        raise KeyboardInterrupt

    assert [(line["what"], line.get("reason")) for line in written(logs)] == [
        ("change-begun", None), ("change-failed", "no-such-user"),
        ("change-begun", None), ("change-failed", "KeyboardInterrupt"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "error", "said"),
    [
        ("create_log_stream", denied("CreateLogStream"), "refused CreateLogStream (AccessDeniedException). Your AWS"),
        ("put_log_events", denied("PutLogEvents"), "refused PutLogEvents (AccessDeniedException). Your AWS"),
        ("put_log_events", EndpointConnectionError(endpoint_url="https://logs"), "could not be reached"),
    ],
)
def test_nothing_is_done_where_the_first_line_is_refused(
    logs: Any, operation: str, error: Exception, said: str
) -> None:
    done = []

    with (
        pytest.raises(AuditUnavailable, match="Nothing was changed") as refused,
        audit(Refusing(logs, operation, error)).of("user-deactivated"),
    ):
        done.append("changed")

    assert said in str(refused.value)
    assert ARN not in str(refused.value)
    assert done == []


def test_a_wrong_clock_is_named_as_the_cause(logs: Any) -> None:
    log = stream_log(CommandStream(logs, GROUP, (NOW + timedelta(days=1)).timestamp))

    one = Audit(log, "acme", ARN, "users delete", {"user_id": "u1"})
    with pytest.raises(AuditUnavailable, match="Check this computer's clock"), one.of("user-deleted"):
        pass


def test_a_missing_log_group_is_named_as_the_cause(logs: Any) -> None:
    logs.delete_log_group(logGroupName=GROUP)

    with pytest.raises(AuditUnavailable, match="ResourceNotFoundException"), audit(logs).of("user-deactivated"):
        pass


def test_a_change_that_cannot_wait_is_made_without_lines(logs: Any) -> None:
    with audit(Refusing(logs, "put_log_events", denied("PutLogEvents")), is_required=False).of("x") as audited:
        pass

    assert audited.recorded is Recorded.NOT


def test_a_last_line_that_is_refused_leaves_the_first(logs: Any) -> None:
    with audit(Refusing(logs, "put_log_events", denied("PutLogEvents"), after=1)).of("x") as audited:
        pass

    assert audited.recorded is Recorded.BEGUN
    assert [line["what"] for line in written(logs)] == ["change-begun"]


def test_the_record_of_a_stack_is_where_rollcall_activity_reads_it(logs: Any) -> None:
    deployment = Deployment(
        "https://scim.example.com/scim/v2", "users", "rollcall/connectors/", boto3.Session(region_name="eu-central-1"),
        log_group_prefix="/aws/lambda/rollcall/",
    )  # fmt: skip
    with Audit(deployment.audit_log, "acme", ARN, "users delete", {"user_id": "u1"}).of("user-deleted"):
        pass

    reader = CloudWatchActivityLog(logs, "/aws/lambda/rollcall/", sleep=lambda _: None)
    lines = list(reader._events(GROUP, datetime(2020, 1, 1, tzinfo=UTC)))
    assert [line["what"] for line in lines] == ["change-begun", "user-deleted"]
    assert all(LineFilter(datetime(2020, 1, 1, tzinfo=UTC), 9, "acme").accepts(line) for line in lines)
