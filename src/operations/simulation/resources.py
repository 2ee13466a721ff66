"""Resources as an identity provider expects them: what a PUT or PATCH makes of a user, and how two users differ.

This is not a SCIM engine. It knows the operations that the identity providers send, so that the result of each can be
compared with what the endpoint keeps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from domain.documents import Json
from domain.resources.user_schema import ENTERPRISE_URN

_NOT_COMPARED: Final = frozenset({"schemas", "id", "meta", "groups", "password", "department", "manager"})
"""Attributes that the service decides or never returns; Entra ID sends the last two without their URN, as null."""
_OF_A_TYPE: Final = re.compile(r'(?P<name>\w+)\[type eq "(?P<type>\w+)"\]\.(?P<sub>\w+)')


def canonical(resource: Json) -> Json:
    """The attributes that are compared, without what is empty, and in the types of the schema."""
    attributes = {name: _clean(value) for name, value in resource.items() if name not in _NOT_COMPARED}
    manager = (attributes.get(ENTERPRISE_URN) or {}).get("manager")
    if isinstance(manager, str):
        attributes[ENTERPRISE_URN]["manager"] = {"value": manager}
    elif isinstance(manager, dict):
        attributes[ENTERPRISE_URN]["manager"] = {name: manager[name] for name in ("value",) if name in manager}
    for role in attributes.get("roles") or ():
        if isinstance(role.get("primary"), str):
            role["primary"] = role["primary"] == "True"
    attributes.setdefault("active", True)
    return {name: value for name, value in attributes.items() if value not in (None, "", [], {})}


def differences(expected: Json, found: Json) -> Iterator[tuple[str, Any, Any]]:
    """Each attribute in which two canonical resources differ, with what was expected and what was found."""
    for name in sorted(expected.keys() | found.keys()):
        if _ordered(expected.get(name)) != _ordered(found.get(name)):
            yield name, expected.get(name), found.get(name)


def replaced(before: Json, body: Json, answer: Json) -> Json:
    """A user after a PUT.

    What the body leaves out the service may keep or clear (RFC 7644 section 3.5.1), so it is taken from the answer; but
    for emails: JumpCloud leaves them out of users that keep them.
    """
    after, seen = canonical(body), canonical(answer)
    for name in before.keys() - body.keys():
        if name in seen:
            after[name] = seen[name]
    if not body.get("emails") and "emails" in before:
        after["emails"] = before["emails"]
    return after


def patched(before: Json, body: Json) -> Json:
    """A user after a PATCH."""
    after: Json = json.loads(json.dumps(before))
    for operation in body["Operations"]:
        op, path, value = operation["op"].lower(), operation.get("path"), operation.get("value")
        for where, what in _targets(path, value):
            _set(after, where, None if op == "remove" else what)
    return canonical(after)


def _targets(path: str | None, value: Any) -> Iterator[tuple[str, Any]]:
    """The paths that an operation writes; without one, the members of its value are paths."""
    if path is not None:
        yield path, value
        return
    for name, member in value.items():
        if name == ENTERPRISE_URN and isinstance(member, dict):
            yield from ((f"{name}:{sub}", each) for sub, each in member.items())
        else:
            yield name, member


def _set(resource: Json, path: str, value: Any) -> None:
    if found := _OF_A_TYPE.fullmatch(path):
        entries = resource.setdefault(found["name"], [])
        entry = next((entry for entry in entries if entry.get("type") == found["type"]), None)
        if entry is None:
            entry = {"type": found["type"]}
            entries.append(entry)
        entry[found["sub"]] = value
        return
    if path.startswith(f"{ENTERPRISE_URN}:"):
        resource, path = resource.setdefault(ENTERPRISE_URN, {}), path.removeprefix(f"{ENTERPRISE_URN}:")
    first, _, sub = path.partition(".")
    if sub:
        resource.setdefault(first, {})[sub] = value
    elif first == "active" and isinstance(value, str):
        resource[first] = value == "True"
    else:
        resource[first] = None if value == {"value": ""} else value


def _clean(value: Any) -> Any:
    """A copy without empty members."""
    if isinstance(value, dict):
        members = {name: _clean(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, "", [], {})}
    return [_clean(member) for member in value] if isinstance(value, list) else value


def _ordered(value: Any) -> Any:
    """The value with what has no order in a fixed one."""
    return sorted(json.dumps(each, sort_keys=True) for each in value) if isinstance(value, list) else value
