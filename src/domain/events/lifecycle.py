"""What happened to a user, computed from the user before and after one write: the events that applications act on.

Each changed attribute is named by exactly one of a change's events, and no change gives no event. The order of a
change's events is the safe one: the end of access is published first, its beginning last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from domain.documents import Json
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.paths import AttributePath
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER


class EventKind(StrEnum):
    """The kinds of event; the names are the detail types on the event bus."""

    PROVISIONED = "UserProvisioned"
    UPDATED = "UserUpdated"
    DEACTIVATED = "UserDeactivated"
    REACTIVATED = "UserReactivated"
    DEPROVISIONED = "UserDeprovisioned"
    ADOPTED = "UserAdopted"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute that a write changed: its path (RFC 7644 section 3.10) and its values, None when unassigned.

    A multi-valued attribute changes as a whole; of a complex one, the sub-attributes that changed are named.
    """

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class UserChange:
    """One write of one user: what the table held before and after it (None: no user).

    `id` names the write and stays the same however often the stream delivers it; `recorded_at` is when the table
    recorded it; `adopted` is True if the write let an identity provider take over an existing user.
    """

    id: str
    account: str
    before: StoredUser | None
    after: StoredUser | None
    recorded_at: datetime
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One thing that happened to a user, and the attributes that it changed."""

    kind: EventKind
    change: UserChange
    attribute_changes: tuple[AttributeChange, ...]

    @property
    def id(self) -> str:
        """The idempotency id: the same write gives the same ids whenever it is published again."""
        return str(uuid5(_IDS, f"{self.change.id}/{self.kind.value}"))

    @property
    def user(self) -> StoredUser:
        """The user after the write; of a user who was removed, the last that was there."""
        user = self.change.after or self.change.before
        if user is None:
            raise ValueError("a change without a user before or after it")
        return user

    @property
    def changed_attributes(self) -> list[str]:
        """The paths of the attributes that changed, in the schema's order."""
        return [change.path for change in self.attribute_changes]

    @property
    def occurred_at(self) -> str:
        """When it happened: the user's `meta.lastModified`, or when the table recorded the removal."""
        if self.change.after is not None:
            return self.change.after.last_modified
        at = self.change.recorded_at.astimezone(UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_IDS: Final = UUID("6f1d4c9e-3f0b-4b0a-9a77-0c6c2d0d8f51")
"""Namespace of the idempotency ids; it must never change."""


def events_of(change: UserChange) -> tuple[LifecycleEvent, ...]:
    """Return the events of one write in the order in which they are to be published; none when nothing changed.

    `active` belongs to the (de)activation when the user's state turns. An adoption stands in the place of the
    update that came with it.
    """
    before, after = change.before, change.after
    changed = attribute_changes(before.attributes if before else {}, after.attributes if after else {}, USER)
    if before is None:
        return (LifecycleEvent(EventKind.PROVISIONED, change, changed),) if after else ()
    if after is None:
        return (LifecycleEvent(EventKind.DEPROVISIONED, change, changed),)
    turned = before.active is not after.active
    others = tuple(one for one in changed if not (turned and one.path == _ACTIVE))
    events: tuple[LifecycleEvent, ...] = ()
    if others or change.adopted:
        events = (LifecycleEvent(EventKind.ADOPTED if change.adopted else EventKind.UPDATED, change, others),)
    if not turned:
        return events
    turn = LifecycleEvent(
        EventKind.REACTIVATED if after.active else EventKind.DEACTIVATED,
        change,
        tuple(one for one in changed if one.path == _ACTIVE),
    )
    return (*events, turn) if after.active else (turn, *events)


_ACTIVE: Final = "active"


def attribute_changes(before: Json, after: Json, resource_type: ResourceType) -> tuple[AttributeChange, ...]:
    """Return the attributes in which two documents differ, in the schema's order; unknown ones come last.

    Unassigned, null and an empty array or object are the same state (RFC 7643 section 2.5), so they do not differ.
    """
    return tuple(_differences(before, after, resource_type.root, ()))


def _differences(
    before: Json, after: Json, parent: Attribute, steps: tuple[Attribute, ...]
) -> Iterator[AttributeChange]:
    known = {attribute.name: attribute for attribute in parent.sub_attributes}
    unknown = sorted((before.keys() | after.keys()) - known.keys())
    for name in (*known, *unknown):
        old, new = _assigned(before.get(name)), _assigned(after.get(name))
        if old == new:
            continue
        attribute = known.get(name) or Attribute(name)
        path = (*steps, attribute)
        if attribute.sub_attributes and not attribute.multi_valued and _are_objects(old, new):
            yield from _differences(_object(old), _object(new), attribute, path)
        else:
            yield AttributeChange(str(AttributePath(path)), old, new)


def _assigned(value: object) -> object:
    return None if value in ([], {}) else value


def _are_objects(*values: object) -> bool:
    return all(value is None or isinstance(value, dict) for value in values)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
