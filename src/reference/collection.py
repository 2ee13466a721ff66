"""A Postman collection (format 2.1) of the API: requests in an order that works as one run, with tests of the answers.

Method, path and allowed statuses come from the OpenAPI document; `reference.collection_steps` says what is sent, in
which order. https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from domain import remedies
from domain.documents import Json
from reference.collection_steps import FOLDERS, GROUPS_OFF, Step
from reference.content import MEDIA_TYPES
from reference.examples import USER_ID
from reference.openapi import document

FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
LOCAL: Final = "http://127.0.0.1:8080/scim/v2"
"""The Base URL of `make run`."""

_DESCRIPTION: Final = f"""\
Every operation of a Rollcall service. Set `baseUrl` to the SCIM Connector Base URL and `connectorKey` to a Connector \
Key, then send single requests or run the whole collection.

A run changes nothing that it did not make, and deletes what it made. Its users are inactive, so that deleting them \
does not count as a loss of access. Run it against an account for tests.

The requests of Groups succeed if groups are on for the account: `{remedies.groups_on("NAME")}`. \
Otherwise the service answers 404, which their tests accept.\
"""


class Undescribed(ValueError):
    """A step is of an operation, or expects a status, that the document does not have."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation of the document, found by its id."""

    method: str
    path: str
    statuses: frozenset[int]
    description: str


def collection() -> Json:
    """Return the collection; raises `Undescribed`.

    >>> [folder["name"] for folder in collection()["item"]]
    ['Discovery', 'Users', 'Groups', 'Search', 'Bulk', 'Refused requests']
    """
    described = document()
    operations = _operations(described)
    return {
        "info": {
            "name": described["info"]["title"],
            "description": _DESCRIPTION,
            "version": described["info"]["version"],
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{connectorKey}}", "type": "string"}]},
        "variable": [
            {"key": "baseUrl", "value": LOCAL, "type": "string", "description": "The SCIM Connector Base URL"},
            {"key": "connectorKey", "value": "", "type": "secret", "description": "The Connector Key of the account"},
        ],
        "item": [
            {"name": name, "item": [_item(step, operations, described) for step in steps]}
            for name, steps in FOLDERS.items()
        ],
    }


def _operations(described: Json) -> dict[str, _Operation]:
    return {
        operation["operationId"]: _Operation(
            method.upper(), path, frozenset(map(int, operation["responses"])), operation.get("description", "")
        )
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    }


def _item(step: Step, operations: dict[str, _Operation], described: Json) -> Json:
    operation = operations.get(step.operation)
    if operation is None or step.status not in operation.statuses:
        raise Undescribed(f"{step.name}: the document has no {step.operation} that answers {step.status}")
    body = step.body
    if step.example:
        body = _of_a_run(described["components"]["examples"][step.example]["value"], step.user)
    media_type = {"Content-Type": MEDIA_TYPES[0]} if body is not None else {}
    headers = {"Accept": MEDIA_TYPES[0], **media_type, **step.headers}
    request: Json = {
        "method": operation.method,
        "header": [{"key": name, "value": value} for name, value in headers.items()],
        "url": _url(operation.path.replace("{id}", step.id), step.query),
        "description": operation.description,
    }
    if body is not None:
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    if not step.with_key:
        request["auth"] = {"type": "noauth"}
    events = [_event("prerequest", step.before)] if step.before else []
    return {"name": step.name, "event": [*events, _event("test", _tests(step))], "request": request, "response": []}


def _of_a_run(value: Any, user: str, member: str = "") -> Any:
    """Return an example with names that no other run has, inactive users, and the id of a user of this run.

    >>> _of_a_run({"userName": "pia@example.com", "active": True}, "userId")
    {'userName': 'pia.{{run}}@example.com', 'active': False}
    """
    match value:
        case dict():
            return {name: _of_a_run(each, user, name) for name, each in value.items()}
        case list():
            return [_of_a_run(each, user) for each in value]
        case str():
            text = value.replace("@example.com", ".{{run}}@example.com").replace(USER_ID, f"{{{{{user}}}}}")
            return f"{text} {{{{run}}}}" if member in ("displayName", "externalId") else text
    return False if member == "active" else value


def _url(path: str, query: dict[str, str]) -> Json:
    """Return the address below `baseUrl`, whole and in parts."""
    raw = "{{baseUrl}}" + path
    url: Json = {"raw": raw, "host": ["{{baseUrl}}"], "path": path.removeprefix("/").split("/")}
    if query:
        url["raw"] = raw + "?" + "&".join(f"{name}={value}" for name, value in query.items())
        url["query"] = [{"key": name, "value": value} for name, value in query.items()]
    return url


def _tests(step: Step) -> tuple[str, ...]:
    """Return the script that checks the answer, and keeps what later requests need."""
    status = f"{GROUPS_OFF} ? 404 : {step.status}" if step.of_groups else str(step.status)
    lines = [*step.first, f'pm.test("{step.name}: {step.status}", () => pm.response.to.have.status({status}));']
    if step.checks or step.keeps:
        lines += [
            f"if (pm.response.code === {step.status}) {{",
            *(["  const body = pm.response.json();"] if step.reads_body else []),
        ]
        lines += [f'  pm.test("{name}", () => {check});' for name, check in step.checks.items()]
        lines += [f'  pm.collectionVariables.set("{name}", {value});' for name, value in step.keeps.items()]
        lines.append("}")
    return tuple(lines)


def _event(listen: str, lines: tuple[str, ...]) -> Json:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": list(lines)}}


def variables_in(value: object) -> set[str]:
    """Return the names of the variables that a part of the collection uses.

    >>> sorted(variables_in({"raw": "{{baseUrl}}/Users/{{userId}}"}))
    ['baseUrl', 'userId']
    """
    return set(re.findall(r"{{(\w+)}}", json.dumps(value)))
