"""docs/reference/events.md: the life-cycle events, from their schemas, and examples that `domain.events` makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from domain.documents import Json
from domain.events.event_detail import detail
from domain.events.kinds import GROUP_KINDS, USER_KINDS, EventKind
from domain.events.lifecycle import LifecycleEvent, ResourceChange, events_of
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from reference.markdown import code, codes, page, prose, table
from reference.paths import ROOT

_CREATED: Final = "2030-01-31T12:00:00.000Z"
_NOW: Final = "2030-02-01T08:30:00.250Z"
_RECORDED: Final = datetime(2030, 2, 1, 8, 30, 1, tzinfo=UTC)
_USER_ID: Final = "2819c223-7f76-453a-919d-413861904646"
_OTHER_ID: Final = "902c246b-6245-4190-8e05-00816be7344a"
_GROUP_ID: Final = "e9e30dba-f08f-4109-8486-d5c6a331660a"

_INTRODUCTION = """
Rollcall publishes these events on an EventBridge bus (the output `EventBusName` of the stack). The `source` of each
is `rollcall`, its `detail-type` is the name in this table, and its `detail` has the members below. How to listen and
what to expect: [Life-cycle events](../events/README.md).
"""

_SECURITY_EVENT = """
`securityEvent` is in every event: the claims of a SCIM security event token (RFC 9967, RFC 8417), not signed and
without `aud`. [How to use them](../events/README.md#as-scim-security-events).
"""


def event_page() -> str:
    """The page about every kind of event."""
    documents = dict(_schemas())
    return page(
        "Life-cycle events",
        "`src/operations/event_schemas.py` (after `make events`) and `src/domain/events`",
        prose(_INTRODUCTION),
        table(
            ["Event", "When", "Event URI, after `urn:ietf:params:scim:event:`"],
            (
                [f"[{kind}](#{kind.lower()})", document["description"], codes(_uris(document))]
                for kind, document in documents.items()
            ),
        ),
        *(_section(kind, document) for kind, document in documents.items()),
        "## securityEvent",
        prose(_SECURITY_EVENT),
        _claims(documents[EventKind.UPDATED]),
    )


def _schemas() -> Iterator[tuple[EventKind, Json]]:
    """The schema of each kind. They are files, as the models need packages that the local server does without."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "docs" / "events").glob("*.schema.json")]
    by_title = {each["title"]: each for each in found}
    for kind in EventKind:
        if kind not in by_title:
            raise LookupError(f"{kind} has no schema in docs/events: run make events first")
        yield kind, by_title[kind]


def _section(kind: EventKind, document: Json) -> str:
    schema = re.sub("(?<=[a-z])(?=[A-Z])", "-", kind).lower() + ".schema.json"
    example = json.dumps(detail(example_of(kind), "https://scim.example.com/scim/v2", personal_data=False), indent=2)
    parts = [
        f"## {kind}",
        f"{document['description']} JSON Schema: [{schema}](../events/{schema}).",
        _members(document, document),
        f"```json\n{example}\n```",
    ]
    return "\n\n".join(parts)


def _members(document: Json, part: Json) -> str:
    required = part.get("required", ())
    rows = (
        [code(name), _type(document, member), "yes" if name in required else "", _meaning(name, member)]
        for name, member in part["properties"].items()
    )
    return table(["Member", "Type", "Always", "Meaning"], rows)


def _meaning(name: str, member: Json) -> str:
    return "See [securityEvent](#securityevent)." if name == "securityEvent" else str(member.get("description", ""))


def _claims(document: Json) -> str:
    claims = _resolved(document, document["properties"]["securityEvent"])
    subject = _resolved(document, claims["properties"]["sub_id"])
    flat = dict(claims["properties"])
    flat |= {f"sub_id.{name}": member for name, member in subject["properties"].items()}
    required = {*claims["required"], *(f"sub_id.{name}" for name in subject["required"])}
    return _members(document, {"properties": flat, "required": required})


def _uris(document: Json) -> Iterator[str]:
    events = _resolved(document, _resolved(document, document["properties"]["securityEvent"])["properties"]["events"])
    for each in events.get("anyOf", [events]):
        for uri in _resolved(document, each)["properties"]:
            yield uri.removeprefix("urn:ietf:params:scim:event:")


def _resolved(document: Json, part: Json) -> Json:
    found: Json = document["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return found


def _type(document: Json, member: Json) -> str:
    """The type of a member in words."""
    if "const" in member:
        return code(json.dumps(member["const"]))
    full = _resolved(document, member)
    match full.get("type"):
        case "array":
            inner = full["items"]
            most = f", at most {full['maxItems']}" if full.get("maxItems", 1) > 1 else ""
            return (
                code(json.dumps([inner["const"]])) if "const" in inner else f"array of {_type(document, inner)}{most}"
            )
        case "object":
            return "object"
        case "string" if full.get("format") in ("uuid", "date-time"):
            return "UUID" if full["format"] == "uuid" else "date and time"
        case str() as name:
            return name
        case _:
            return "object"


def example_of(kind: EventKind) -> LifecycleEvent:
    """An event of a kind, as `domain.events` makes it of a write that gives one."""
    return next(event for change in _writes() for event in events_of(change) if event.kind is kind)


def _writes() -> Iterator[ResourceChange]:
    """Writes that give every kind of event, the kinds that have several causes with the usual one first."""
    ann: Json = {"userName": "ann@example.com", "name": {"familyName": "Lee"}, "emails": [{"value": "ann@example.com"}]}
    created = StoredUser(_USER_ID, 1, _CREATED, _CREATED, json.dumps(ann | {"active": True}), write_id="w1")
    moved = ann | {"name": {"familyName": "Ray"}, "emails": [{"value": "ann.ray@example.com"}]}
    renamed = created.changed_to(moved, _NOW)
    inactive = created.changed_to(ann | {"active": False}, _NOW)
    yield _of_user(None, replace(created, created=_NOW, last_modified=_NOW))
    yield _of_user(created, renamed)
    yield _of_user(created, renamed, adopted=True)
    yield _of_user(created, inactive)
    yield _of_user(inactive, inactive.changed_to(ann | {"active": True}, _NOW))
    yield _of_user(created, None)
    sales = StoredGroup.new(_GROUP_ID, {"displayName": "Sales"}, _CREATED)
    yield _of_group(None, replace(sales, created=_NOW, last_modified=_NOW))
    yield _of_group(sales, sales.changed_to({"displayName": "Sales Europe"}, _NOW))
    yield _of_group(sales, sales.touched(_NOW), joined=[_USER_ID, _OTHER_ID])
    yield _of_group(sales, sales.touched(_NOW), left=[_USER_ID])
    yield _of_group(sales, None)


def _of_user(before: StoredUser | None, after: StoredUser | None, *, adopted: bool = False) -> ResourceChange:
    return ResourceChange(USER_KINDS, _WRITE, "acme", before, after, _RECORDED, adopted=adopted)


def _of_group(before: StoredGroup | None, after: StoredGroup | None, **members: Any) -> ResourceChange:
    return ResourceChange(GROUP_KINDS, _WRITE, "acme", before, after, _RECORDED, **members)


_WRITE: Final = "3b9f1c9e-52a8-5d0c-9a55-0b7c0f1e6d21"
