"""Names that are no attributes of a resource: what they may mean, and which of them a request has.

Those that no schema has are for the operator, who learns from them what the schemas lack. A name is given in full as
the client meant it: with the extension's URN, without what stands in brackets. Only what has the form of an attribute's
name is given: another member's name may be a value, such as an address or a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from domain.documents import Json
from domain.filter.shape import is_well_formed_path
from domain.patch import Operation
from domain.resources.attributes import Attribute, Mutability, ResourceType
from domain.resources.paths import is_under, resolve

_FAMILY: Final = re.compile(r":schemas:.+?:(?=\d)")
"""`:schemas:core:` of a URN: what is left of it when the version and what follows are mistyped."""
_ACTIVE: Final = frozenset({"active", "isactive"})
_STATES: Final = frozenset(
    {"accountstate", "accountstatus", "activestatus", "archived", "deactivate", "deleted", "disable", "enable"}
    | {"isdeleted", "lifecyclestate", "lifecyclestatus", "lockedout", "status", "suspend", "terminated", "userstate"}
    | {"userstatus"}
)
_STATE_ENDS: Final = ("activated", "active", "blocked", "disabled", "enabled", "locked", "suspended")

MAX_UNKNOWN: Final = 100
"""Names of one request."""
MAX_NAME: Final = 100
"""Characters of a name; a longer one is not given."""

_ATTRIBUTE: Final = r"[a-z][a-z0-9_-]*+"
_FORM: Final = re.compile(
    rf"(?:urn:(?:[a-z0-9._-]++:)++)?{_ATTRIBUTE}(?:\.\$?{_ATTRIBUTE}){{0,2}}", re.ASCII | re.IGNORECASE
)
"""RFC 7644 section 3.10 without what only a URN could have: percent-encoding could hide a value."""
_KEY: Final = "rck_"
"""What a Connector Key begins with, which is a name in form."""


@cache
def known_names(resource_type: ResourceType) -> frozenset[str]:
    """Return the names of all attributes and sub-attributes of a resource, in lower case."""
    return frozenset(_names(resource_type.root))


@cache
def _families(resource_type: ResourceType) -> tuple[str, ...]:
    return tuple(found[0] for urn in resource_type.urns if (found := _FAMILY.search(urn)) is not None)


def _names(attribute: Attribute) -> Iterator[str]:
    for sub in attribute.sub_attributes:
        yield sub.name.lower()
        yield from _names(sub)


def has_state(resource_type: ResourceType) -> bool:
    """Return True if resources of the type have `active`, which must never be misread."""
    return resource_type.root.sub_attribute("active") is not None


def is_foreign(name: str, resource_type: ResourceType) -> bool:
    """Return True if a name is under the URN of a schema that resources of the type do not have."""
    folded = name.lower()
    if not folded.startswith("urn:") or is_under(folded, resource_type.urns):
        return False
    # What only begins as a URN of RFC 7643 does is that one, mistyped; declared URNs may begin as one another do.
    return is_switched_off(folded, resource_type) or not folded.startswith(_of_rfc(resource_type))


def is_switched_off(name: str, resource_type: ResourceType) -> bool:
    """Return True if a name is under the URN of an extension that is declared and that resources of the type lack.

    Whatever it is called, it is not one of their attributes and is not meant for one.
    """
    return is_under(name, resource_type.switched_off)


@cache
def _of_rfc(resource_type: ResourceType) -> tuple[str, ...]:
    return tuple(urn.lower() for urn in resource_type.lasting_ids)


def is_mistyped(name: str, resource_type: ResourceType) -> bool:
    """Return True for a name that the resource has, under almost the URN of its schema: `...:core:2.0:title`."""
    folded = name.lower()
    return (
        is_foreign(name, resource_type)
        and not is_switched_off(name, resource_type)
        and any(family in folded for family in _families(resource_type))
        and last_name(name) in known_names(resource_type)
    )


def last_name(name: str) -> str:
    """Return the last part of a name in lower case: `title` of `User.Title`, `/title` and `urn:...:User:title`."""
    return re.split(r"[^\w $-]+", name.lower())[-1]


def says_active(name: str) -> bool:
    """Return True if a part of a name is `active`, or can only mean it."""
    return not _ACTIVE.isdisjoint(_words(name))


def says_state(name: str) -> bool:
    """Return True if a part of a name may name the user's state: `isActive`, `account.enabled`, `__SUSPENDED__`."""
    return any(word in _STATES or word.endswith(_STATE_ENDS) for word in _words(name))


def boolean_of(value: Any) -> bool | None:
    """Return a boolean in any form in which clients write it; None for anything else.

    >>> boolean_of(["False"]), boolean_of(1), boolean_of("no")
    (False, True, None)
    """
    if isinstance(value, list) and len(value) == 1:
        return boolean_of(value[0])
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def _words(name: str) -> list[str]:
    return [re.sub("[_-]", "", word) for word in re.split(r"[^a-z0-9_-]+", name.lower())]


def collect_unknown(unknown: set[tuple[str, str]], sent: Json | Operation, resource_type: ResourceType) -> None:
    """Add the unknown names of a resource, or of an operation of a PATCH, to a set that holds `MAX_UNKNOWN` at most.

    `sent` has the spelling of the schema for all names that are known; each is added with the noun of the type.

    >>> from domain.resources.user_schema import USER
    >>> from domain.patch import Op
    >>> unknown = set()
    >>> collect_unknown(unknown, {"userName": "b", "shoeSize": 44, "urn:x:2.0:User": {"tag": "d"}, "e@f": 1}, USER)
    >>> collect_unknown(unknown, Operation(Op.ADD, 'emails[type eq "work"].note', "x"), USER)
    >>> sorted(unknown)
    [('user', 'emails.note'), ('user', 'shoeSize'), ('user', 'urn:x:2.0:User:tag')]
    """
    for name in _of_operation(sent, resource_type) if isinstance(sent, Operation) else _of_members(sent, resource_type):
        if len(unknown) >= MAX_UNKNOWN:
            return
        if len(name) <= MAX_NAME and _FORM.fullmatch(name) is not None and _KEY not in name.lower():
            unknown.add((resource_type.noun, name))


def _of_operation(operation: Operation, resource_type: ResourceType) -> Iterator[str]:
    if operation.path is not None:
        yield from _at_path(operation.path, operation.value, resource_type)
    elif isinstance(operation.value, dict):
        yield from _of_members(operation.value, resource_type)


def _of_members(value: Json, resource_type: ResourceType) -> Iterator[str]:
    for name, member in value.items():
        attribute = resource_type.root.sub_attribute(name)
        if attribute is None:
            yield from _at_path(name, member, resource_type, is_member=True)
        else:
            yield from _within(member, attribute, attribute.name)


def _at_path(path: str, value: Any, resource_type: ResourceType, *, is_member: bool = False) -> Iterator[str]:
    """Yield the unknown names of a path, or of a member that is none of the resource's, and of its value."""
    if path.lower() == resource_type.schema.id.lower():
        if isinstance(value, dict):
            yield from _of_members(value, resource_type)
        return
    known = resolve(path.partition("[")[0], resource_type)
    name = path if "[" not in path else _without_brackets(path)
    if name is None or len(name) > MAX_NAME:
        return
    after = path.rpartition("]")[2].removeprefix(".")
    if known is not None and (not after or after == path):
        yield from _within(value, known.attribute, str(known))
    elif known is not None:
        attribute = known.attribute.sub_attribute(after)
        full = f"{known}.{after}" if attribute is None else f"{known}.{attribute.name}"
        yield from (full,) if attribute is None else _within(value, attribute, full)
    elif name.lower().startswith("urn:") and isinstance(value, dict) and value and _is_container(name, is_member):
        yield from (f"{name}:{inner}" for inner in value)
    else:
        yield _spelled(name, resource_type)


def _is_container(urn: str, is_member: bool) -> bool:
    """Return True if an object under a URN has the attributes of a schema, and is not one of its attributes."""
    return is_member or urn.rpartition(":")[2].lower() in ("user", "group")


def _within(value: Any, attribute: Attribute, path: str) -> Iterator[str]:
    """Yield the unknown names in a value of an attribute."""
    if not attribute.is_complex or attribute.mutability is Mutability.READ_ONLY:
        return
    joint = ":" if attribute.is_extension else "."
    for item in value if isinstance(value, list) else (value,):
        if not isinstance(item, dict):
            continue
        for name, member in item.items():
            sub = attribute.sub_attribute(name)
            if sub is None:
                yield f"{path}{joint}{name}"
            elif sub.is_complex:
                yield from _within(member, sub, f"{path}{joint}{sub.name}")


def _without_brackets(path: str) -> str | None:
    """Return a path without its filter; None where it is not well-formed, as its parts cannot be separated."""
    if not is_well_formed_path(path):
        return None
    return path.partition("[")[0] + path.rpartition("]")[2]


def _spelled(name: str, resource_type: ResourceType) -> str:
    """Return the name without the URN of the core schema, which says no more than the resource type does."""
    prefix = f"{resource_type.schema.id}:"
    return name[len(prefix) :] if name.lower().startswith(prefix.lower()) else name
