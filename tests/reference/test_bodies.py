"""What a strict account accepts is what the OpenAPI document describes: recorded, sample and altered bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import ScimError
from domain.patch import parse_operations
from domain.resources.attributes import Attribute, ResourceType, Returned, Type
from domain.resources.body import attributes_of
from domain.resources.user_schema import ENTERPRISE_URN, USER
from operations.simulation.recorded import RecordedRequest, recorded_requests
from support.described_api import described_api
from support.repository import ROOT

BODIES = [each for each in recorded_requests() if each.body is not None and each.path.startswith("/Users")]
EVENTS = sorted((ROOT / "events").glob("*_*.json"))
FULL: dict[str, Any] = {
    "schemas": [USER.schema.id, ENTERPRISE_URN],
    "userName": "ada@example.com",
    "externalId": "1",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "roles": [{"value": "admin"}],
    "x509Certificates": [{"value": "AAAA"}],
    ENTERPRISE_URN: {"department": "Engines", "manager": {"value": "26118915"}},
}
VALUES: tuple[Any, ...] = (
    "text",
    "",
    7,
    1.5,
    True,
    None,
    [],
    {},
    ["text"],
    [{"value": "a@b"}],
    {"value": "x"},
    "x" * 200_000,
)


def is_accepted(body: Any, resource_type: ResourceType = USER) -> bool:
    """True if a strict account takes the body of a POST or PUT."""
    try:
        attributes_of(body, resource_type)
    except ScimError:
        return False
    return True


def is_described(method: str, path: str, body: Any) -> bool:
    """True if the document describes the body."""
    try:
        described_api().require_body(method, path, body)
    except (AssertionError, KeyError, TypeError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("request_", BODIES, ids=str)
def test_a_recorded_body_that_a_strict_account_takes_is_described(request_: RecordedRequest) -> None:
    if request_.method == "PATCH":
        try:
            parse_operations(request_.body)
        except ScimError:
            accepted = False
        else:
            accepted = True
    else:
        accepted = is_accepted(request_.body)

    assert is_described(request_.method, request_.path.replace("{id}", "1"), request_.body) >= accepted


def test_sample_events_have_bodies_that_are_described() -> None:
    """All but those in which a provider deviates from the RFC."""
    described = {}
    for path in EVENTS:
        event = json.loads(path.read_text(encoding="utf-8"))
        if event.get("body") and event.get("resource", "").startswith("/scim/v2"):
            described[path.stem] = is_described(event["httpMethod"], event["path"], json.loads(event["body"]))

    assert {name for name, right in described.items() if not right} == {"patch_group.entra", "patch_user.entra"}
    assert len(described) > 10


def altered() -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with another value in the place of each attribute, and with another member."""

    def inside(attribute: Attribute, value: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for sub in attribute.sub_attributes:
            if sub.returned is Returned.NEVER:
                continue  # never kept, so a value of another type is not refused
            for number, other in enumerate(VALUES):
                yield f"{path}{sub.name}={number}", value | {sub.name: other}
            present = value.get(sub.name)
            if sub.type is not Type.COMPLEX or not present:
                continue
            first = present[0] if isinstance(present, list) else present
            for name, changed in inside(sub, first, f"{path}{sub.name}."):
                yield name, value | {sub.name: [changed] if isinstance(present, list) else changed}
        yield f"{path}shoeSize", value | {"shoeSize": 44}

    yield from inside(USER.root, FULL, "")


def test_a_body_is_described_exactly_if_a_strict_account_takes_it() -> None:
    assert is_accepted(FULL)
    different = {
        name: (is_described("POST", "/Users", body), is_accepted(body))
        for name, body in altered()
        if is_described("POST", "/Users", body) != is_accepted(body)
    }

    assert different == {}
