"""How far a replay came: in the order in which an account is read."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from adapters.dynamodb import keys
from adapters.dynamodb.keys import Collection


class PlaceKind(IntEnum):
    """What is read, in this order."""

    USERS = 1
    GROUPS = 2
    REMOVED = 3

    @property
    def collection(self) -> str:
        """What the table calls it."""
        return _COLLECTIONS[self].value


_COLLECTIONS: Final = {
    PlaceKind.USERS: Collection.USER,
    PlaceKind.GROUPS: Collection.GROUP,
    PlaceKind.REMOVED: Collection.GONE,
}
_NAMES: Final = {kind.name.capitalize(): kind for kind in PlaceKind}


class Place(NamedTuple):
    """A user or a group, as its address names it, or one that was removed; `id` is a sort key of the table."""

    kind: PlaceKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.name.capitalize()}/{self.id}"


def place_of(text: str) -> Place | None:
    """Parse a place; None for any other text.

    >>> str(place_of("Groups/e9e30dba-f08f-4109-8486-d5c6a331660a"))
    'Groups/e9e30dba-f08f-4109-8486-d5c6a331660a'
    >>> place_of("e9e30dba-f08f-4109-8486-d5c6a331660a") is None
    True
    """
    name, _, resource_id = text.partition("/")
    return Place(_NAMES[name], resource_id) if name in _NAMES and keys.is_id(resource_id) else None
