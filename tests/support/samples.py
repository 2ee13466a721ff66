"""Users and groups for the storage tests, and deadlines that tests control."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from domain.ports import IndexEntry
from domain.resources import body as resource
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER

NOW = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-02T00:00:00.000Z"


_DOCUMENT_BYTES = 1_200
"""Of an ordinary user, about what identity providers send."""


def new_id(random: Random) -> str:
    """An id as the service makes them, from a seed."""
    return str(UUID(int=random.getrandbits(128), version=4))


def attributes(user_name: str, *addresses: str, external_id: str | None = None, **more: Any) -> dict[str, Any]:
    """The attributes of a user of that name."""
    said: dict[str, Any] = {"userName": user_name, **more}
    if addresses:
        said["emails"] = [{"value": address} for address in addresses]
    if external_id is not None:
        said["externalId"] = external_id
    return said


def person(number: int) -> dict[str, Any]:
    """The body of a user of 1.2 KB who has a value in every index."""
    address = f"user{number}@example.com"
    body: dict[str, Any] = {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": f"user{number}",
        "externalId": f"ext-{number}",
        "name": {"givenName": f"Given{number}", "familyName": "Family", "formatted": f"Given{number} Family"},
        "displayName": f"Given{number} Family",
        "title": "Analyst",
        "active": True,
        "emails": [{"value": address, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "+41 555 0100", "type": "work"}],
        "addresses": [{"streetAddress": "1 Sample Way", "locality": "Bern", "country": "CH", "type": "work"}],
        ENTERPRISE_URN: {"department": "Engineering", "employeeNumber": str(number)},
    }
    missing = _DOCUMENT_BYTES - len(person_of(number, body).document)
    return body | {"profileUrl": "https://example.com/".ljust(missing - len(',"profileUrl":""'), "n")}


def person_of(number: int, body: dict[str, Any] | None = None) -> StoredUser:
    """Return the user as it is stored; the same number gives the same id."""
    said = person(number) if body is None else body
    return StoredUser.new(new_id(Random(number)), resource.attributes_of(said, USER), NOW)


@dataclass
class Users:
    """Makes users with ids that do not repeat; the same seed gives the same ids."""

    random: Random = field(default_factory=lambda: Random(7))

    def __call__(self, user_name: str, *addresses: str, external_id: str | None = None, **more: Any) -> StoredUser:
        said = attributes(user_name, *addresses, external_id=external_id, **more)
        return StoredUser.new(new_id(self.random), said, NOW)

    def numbered(self, count: int) -> list[StoredUser]:
        """Users 0 to count - 1, each with an address of its own, in no order."""
        return [self(f"user{number}", f"user{number}@example.com") for number in range(count)]


@dataclass
class Groups:
    """Makes groups with ids that do not repeat; the same seed gives the same ids."""

    random: Random = field(default_factory=lambda: Random(11))

    def __call__(self, display_name: str, *, external_id: str | None = None) -> StoredGroup:
        said = {"displayName": display_name} | ({} if external_id is None else {"externalId": external_id})
        return StoredGroup.new(new_id(self.random), said, NOW)


def with_name(group: StoredGroup, display_name: str, **more: Any) -> StoredGroup:
    """The group's next version under another name; further attributes replaced, or removed where None is given."""
    said = group.attributes | {"displayName": display_name} | more
    return group.changed_to({name: value for name, value in said.items() if value is not None}, LATER)


def changed(user: StoredUser, **more: Any) -> StoredUser:
    """The user's next version: attributes replaced, or removed where None is given."""
    said = {name: value for name, value in (user.attributes | more).items() if value is not None}
    return user.changed_to(said, LATER)


def renamed(user: StoredUser, user_name: str, *addresses: str) -> StoredUser:
    """The user's next version under another name and with other addresses."""
    return changed(user, userName=user_name, emails=[{"value": address} for address in addresses] or None)


def ids(entries: Iterable[IndexEntry]) -> list[str]:
    """Return the owners of an index's entries."""
    return [entry.resource_id for entry in entries]


class Patience:
    """A deadline that only `spend` brings nearer, so that no test waits for time to pass."""

    def __init__(self, seconds: float = 9.0) -> None:
        self.left = seconds
        self.slept: list[float] = []

    def remaining(self) -> float:
        return max(0.0, self.left)

    def spend(self, seconds: float) -> None:
        """Stands for sleep: time passes at once."""
        self.slept.append(seconds)
        self.left -= seconds
