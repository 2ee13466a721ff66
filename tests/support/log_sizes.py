"""How many bytes of log one request of each kind leaves, from lines that are written: the functions' and the gateway's.

CloudWatch Logs adds 26 bytes to each event (CloudWatch Logs User Guide, quotas of PutLogEvents). Of Lambda's own lines
there are none: at the level of the template it writes only about failures.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.resources.stored_user import StoredUser
from handlers.jobs.publisher import Publisher
from support.access_log import access_line
from support.group_work import GroupWork
from support.in_process import Answer, Client, in_process
from support.lambda_context import LambdaContext
from support.people import patch, person
from support.stack_template import of_type
from support.table_stream import record

OVERHEAD: Final = 26
_GATEWAY_ID: Final = "JKJaXmPLvHcESHA="
_AGENT: Final = "Okta SCIM Client 1.0.0"
_OF_ONE: Final = ("GET", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Size:
    """Bytes of one request in the log of the functions, and in that of the gateway."""

    function: int
    gateway: int


def sizes() -> dict[str, Size]:
    """By kind of request. The account's name has twelve characters."""
    look_up = "filter=" + quote('userName eq "ada"')
    with in_process(Log.to_output) as service:
        client = service.account("acme-company")
        created, answer = _sent(client, "POST", "/Users", person("ada", externalId="1"))
        path = f"/Users/{answer.body['id']}"
        bodies = {
            "PATCH": patch({"op": "replace", "path": "title", "value": "x"}),
            "PUT": person("ada", externalId="1", title="y"),
        }
        return {
            "create": created,
            "look-up": _sent(client, "GET", "/Users", query=look_up)[0],
            "page": _sent(client, "GET", "/Users", query="count=1000")[0],
        } | {method.lower(): _sent(client, method, path, bodies.get(method))[0] for method in _OF_ONE}


def of_the_publisher() -> int:
    """Bytes of the publisher's log for one change of one user, published at once."""
    before = StoredUser.new(str(uuid4()), {"userName": "ada"}, "2030-01-01T00:00:00.000Z")
    bus: Any = _Bus()

    def publish() -> None:
        publisher = Publisher(
            EventBus(bus, "events"), GroupWork().open, "https://scim.example.com", False, Log.to_output(), _just_after
        )
        publisher.publish([record(1, None, before)], str(uuid4()), MonotonicDeadline.after(9))

    return _bytes(publish)


class _Bus:
    def put_events(self, Entries: list[Any]) -> Any:
        return {"Entries": [{"EventId": "1"} for _ in Entries]}


def _just_after() -> float:
    return datetime(2030, 1, 1, tzinfo=UTC).timestamp()


def _sent(client: Client, method: str, path: str, body: Any = None, *, query: str = "") -> tuple[Size, Answer]:
    """What a request leaves in the logs, and its answer."""
    answers: list[Answer] = []

    def send() -> None:
        ids: dict[str, Any] = {"context": LambdaContext(str(uuid4())), "gateway_id": _GATEWAY_ID}
        answers.append(client.call(method, path, body, query=query, headers={"User-Agent": _AGENT}, **ids))

    written = _bytes(send)
    assert answers[0].status < 300, answers[0].text
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    context = {
        "extendedRequestId": _GATEWAY_ID,
        "status": answers[0].status,
        "identity": {"sourceIp": "203.0.113.101", "userAgent": _AGENT},
        "httpMethod": method,
        "resourcePath": "/scim/v2/Users/{id}" if path != "/Users" else "/scim/v2/Users",
    }
    line = access_line(stage["AccessLogSetting"]["Format"], context)
    return Size(written, len(line.encode()) + OVERHEAD), answers[0]


def _bytes(write: Callable[[], object]) -> int:
    printed = io.StringIO()
    with redirect_stdout(printed):
        write()
    return sum(len(line.encode()) + OVERHEAD for line in printed.getvalue().splitlines())
