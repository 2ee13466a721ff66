"""Guesses at names that are no attributes of a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from domain.resources.attributes import Attribute, ResourceType

_FAMILY: Final = re.compile(r":schemas:.+?:(?=\d)")
"""`:schemas:core:` of a URN: what is left of it when the version and what follows are mistyped."""
_ACTIVE: Final = frozenset({"active", "isactive"})
_STATES: Final = frozenset(
    {"accountstate", "accountstatus", "activestatus", "archived", "deactivate", "deleted", "disable", "enable"}
    | {"isdeleted", "lifecyclestate", "lifecyclestatus", "lockedout", "status", "suspend", "terminated", "userstate"}
    | {"userstatus"}
)
_STATE_ENDS: Final = ("activated", "active", "blocked", "disabled", "enabled", "locked", "suspended")


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
    # What only begins as a known URN does is that one, mistyped.
    return folded.startswith("urn:") and not folded.startswith(tuple(resource_type.urns))


def is_mistyped(name: str, resource_type: ResourceType) -> bool:
    """Return True for a name that the resource has, under almost the URN of its schema: `...:core:2.0:title`."""
    folded = name.lower()
    return (
        is_foreign(name, resource_type)
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
