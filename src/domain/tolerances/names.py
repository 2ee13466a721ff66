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
_STATES: Final = _ACTIVE | {
    "accountdisabled", "accountenabled", "accountlocked", "accountstatus", "blocked", "deactivated", "disabled",
    "enable", "enabled", "inactive", "isblocked", "isdeactivated", "isdisabled", "isenabled", "islocked",
    "issuspended", "locked", "status", "suspended", "userstatus",
}  # fmt: skip


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
    return folded.startswith("urn:") and not any(
        folded == urn or folded.startswith((f"{urn}:", f"{urn}.")) for urn in _URNS
    )


def says_active(name: str) -> bool:
    """Whether a part of a name is `active`, or means it and nothing else."""
    return not _ACTIVE.isdisjoint(_words(name))


def says_state(name: str) -> bool:
    """Whether a part of a name may say if the user may sign in: `isActive`, `account.enabled`, `__SUSPENDED__`."""
    return not _STATES.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    return [re.sub("[^a-z0-9]", "", word) for word in re.split("[:.]", name.lower())]
