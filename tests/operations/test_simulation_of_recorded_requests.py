"""Every recorded request is sent by some scenario of its identity provider."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_plus
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from handlers.routes import BASE_PATH
from local.gateway import LocalGateway
from local.service import LocalService
from operations.simulation import PROFILES, AccountBackstage, Outcome, simulate
from operations.simulation.recorded import RecordedRequest, recorded_requests

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{id\}|\{managerId\}")
_UNKNOWN = "00000000-0000-4000-8000-000000000000"
_QUOTED = re.compile(r'"[^"]*"')
_TYPE_FILTER = re.compile(r'\[(\w+ eq "\w+")\]')

Shape = tuple[str, str, str, str, str]


def without_ids(text: str) -> str:
    return _ID.sub(lambda found: found[0] if found[0] == _UNKNOWN else "{id}", text)


def shape_of_query(query: str) -> str:
    """The query with its encoding of spaces, and without the values that a filter compares with."""
    space = "plus" if "+eq+" in query.lower() else "percent" if "%20eq%20" in query else ""
    plain = _TYPE_FILTER.sub(lambda found: f"[{found[1].replace(chr(34), chr(39))}]", unquote_plus(query))
    return f"{space} " + re.sub(r"(?<=eq )[\w.]+$", "*", _QUOTED.sub('"*"', plain))


def shape_of_body(value: Any, name: str = "") -> Any:
    """Names and types; and the texts that say what is asked for rather than whom it is about."""
    if isinstance(value, dict):
        return {name: shape_of_body(member, name) for name, member in sorted(value.items())}
    if isinstance(value, list):
        return [shape_of_body(member, name) for member in value]
    if isinstance(value, str) and name not in ("op", "path", "schemas", "type"):
        return value if value in ("", "True", "False") else "text"
    return value


def shape(method: str, path: str, query: str, key: str, body: Any) -> Shape:
    return method, without_ids(path), shape_of_query(query), key, json.dumps(shape_of_body(body))


def recorded_shape(line: RecordedRequest) -> Shape:
    key = line.headers["Authorization"].replace("{token}", "*")
    return shape(line.method, line.path, line.query, f"{key} {line.headers.get('Content-Type')}", line.body)


class Recorder:
    """The gateway, which notes what it receives."""

    def __init__(self, gateway: LocalGateway, received: list[Shape]) -> None:
        self._gateway = gateway
        self._received = received

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Note the shape of the request, and hand it on."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        content = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(content)
        target = environ["REQUEST_URI"].partition("?")[0].removeprefix(BASE_PATH)
        key = re.sub(r"rck_\S+", "*", environ.get("HTTP_AUTHORIZATION", ""))
        kind = environ.get("CONTENT_TYPE") or None
        body = json.loads(content) if content else None
        self._received.append(shape(environ["REQUEST_METHOD"], target, environ["QUERY_STRING"], f"{key} {kind}", body))
        return self._gateway(environ, start_response)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_scenarios_send_every_recorded_request_and_get_the_answer_that_is_expected(profile: str) -> None:
    outcome, received = played(profile)
    statuses = {(step.name, status) for step in outcome.steps for status in step.status.split(", ")}
    lines = [line for line in recorded_requests() if line.idp == profile]

    assert [line.step for line in lines if recorded_shape(line) not in received] == []
    assert [line.step for line in lines if (line.step, str(line.expect_status)) not in statuses] == []


def played(profile: str) -> tuple[Outcome, set[Shape]]:
    """All scenarios against a service with groups off, and the shapes of the requests that it received."""
    received: list[Shape] = []
    with (
        patch("local.service.LocalGateway", lambda *parts: Recorder(LocalGateway(*parts), received)),
        LocalService() as service,
    ):
        key = service.new_account()
        service.accounts.configure(key.account, rate=Rate(MAX_REQUESTS_PER_SECOND))
        limit = service.accounts.show(key.account).settings.deprovisioning_limit

        def account() -> DynamoDBAccount:
            return service.table.account(key.account, MonotonicDeadline.after(60))

        backstage = AccountBackstage(account, limit, lambda: "operator")
        outcome = simulate(service.base_url, key.text, profile, backstage=backstage)
    assert outcome.ok, [step for step in outcome.steps if not step.ok]
    return outcome, set(received)
