"""What a name that is no attribute of a User may have been meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from domain.attributes import Attribute
from domain.user_schema import CORE_URN, USER

_URNS: Final = tuple(urn.lower() for urn in (CORE_URN, *(extension.id for extension in USER.extensions)))
_ACTIVE: Final = frozenset({"active", "isactive"})
_STATES: Final = frozenset({"accountstatus", "deleted", "enable", "isdeleted", "status", "userstatus"})
_STATE_ENDS: Final = ("active", "blocked", "deactivated", "disabled", "enabled", "locked", "suspended")


@cache
def known_names() -> frozenset[str]:
    """The names of all attributes and sub-attributes of a User, in lower case."""
    return frozenset(_names(USER.root))


def _names(attribute: Attribute) -> Iterator[str]:
    for sub in attribute.sub_attributes:
        yield sub.name.lower()
        yield from _names(sub)


def is_foreign(name: str) -> bool:
    """Whether a name is under the URN of a schema that this service does not have."""
    folded = name.lower()
    # What only begins as a known URN does is that one, mistyped.
    return folded.startswith("urn:") and not folded.startswith(_URNS)


def says_active(name: str) -> bool:
    """Whether a part of a name is `active`, or means it and nothing else."""
    return not _ACTIVE.isdisjoint(_words(name))


def says_state(name: str) -> bool:
    """Whether a part of a name may say if the user may sign in: `isActive`, `account.enabled`, `__SUSPENDED__`."""
    return any(word in _STATES or word.endswith(_STATE_ENDS) for word in _words(name))


def _words(name: str) -> list[str]:
    return [re.sub("[_-]", "", word) for word in re.split(r"[^a-z0-9_-]+", name.lower())]
