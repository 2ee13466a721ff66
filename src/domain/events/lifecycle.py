"""What happened to a resource, computed from it before and after one write: the events that applications act on.

Each changed attribute is named by events of one kind, and no change gives no event. The order of a change's events is
the safe one: the end of access is published first, its beginning last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from domain.documents import Json, is_same
from domain.events.kinds import EventKind, Kinds
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.paths import AttributePath
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser

MOST_MEMBERS: Final = 100
"""The number of members that one event names."""


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute that a write changed: its path (RFC 7644 section 3.10) and its values, None when unassigned.

    A multi-valued attribute changes as a whole; of a complex one, the sub-attributes that changed are named.
    """

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One write of one user or group: what the table had before and after it (None: no resource).

    `id` names the write (`write_name`) and stays the same however often the stream delivers it; `recorded_at` is when
    the table recorded it; `adopted` is True if the write let an identity provider take over an existing user. `joined`
    and `left` are the ids of the users whose membership of a group the write began and ended. `replayed` is True if the
    table was asked for its present state (`domain.events.present`): then `before` is unknown unless it was a removal.
    """

    kinds: Kinds
    id: str
    account: str
    before: StoredUser | StoredGroup | None
    after: StoredUser | StoredGroup | None
    recorded_at: datetime
    adopted: bool = False
    joined: Sequence[str] = ()
    left: Sequence[str] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One thing that happened to a user or group, and the attributes that it changed.

    An event about membership has `members`, ids of users, and no `attribute_changes`. `part` counts the events of the
    same kind and write, from 0.
    """

    kind: EventKind
    change: ResourceChange
    attribute_changes: tuple[AttributeChange, ...] = ()
    members: tuple[str, ...] = ()
    part: int = 0

    @property
    def id(self) -> str:
        """The idempotency id: the same write gives the same ids whenever it is published again.

        Replayed members are all that a group has, not those who joined by its last write: that is another event.
        """
        name = f"{self.change.id}/{self.kind.value}"
        if self.change.replayed and self.members:
            name += "/present"
        return str(uuid5(_IDS, f"{name}/{self.part}" if self.part else name))

    @property
    def resource(self) -> StoredUser | StoredGroup:
        """The user or group after the write; if the write removed it, the last that was there."""
        resource = self.change.after or self.change.before
        if resource is None:
            raise ValueError("a change without a resource before or after it")
        return resource

    @property
    def previous_version(self) -> int | None:
        """The version before the write; None if there was none."""
        if self.change.before is not None:
            return self.change.before.version
        return self.resource.version - 1 or None if self.change.replayed else None

    @property
    def changed_attributes(self) -> list[str]:
        """The paths of the attributes that changed, in the schema's order."""
        membership = self.change.kinds.membership
        if self.members and membership is not None:
            return [membership.attribute]
        return [change.path for change in self.attribute_changes]

    @property
    def occurred_at(self) -> str:
        """When it happened: the resource's `meta.lastModified`, or when the table recorded the removal."""
        if self.change.after is not None:
            return self.change.after.last_modified
        at = self.change.recorded_at.astimezone(UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_IDS: Final = UUID("6f1d4c9e-3f0b-4b0a-9a77-0c6c2d0d8f51")
"""Namespace of the idempotency ids; it must never change."""


def write_name(write_id: str, resource_id: str) -> str:
    """Return the `ResourceChange.id` of the write that made a version of a user or group.

    `write_id` is that of the stored version; a transaction that creates several users has one for all of them. It is
    the same in the table and in its stream, so that what is published from either has the same idempotency ids.
    """
    return str(uuid5(_IDS, f"{write_id}/{resource_id}"))


def events_of(change: ResourceChange) -> tuple[LifecycleEvent, ...]:
    """Return the events of one write in the order in which they are to be published; none when nothing changed.

    `active` belongs to the (de)activation when the user's state turns. An adoption replaces the update that came with
    it. The members of a new group join after it was provisioned; those of a removed group are not named, as its removal
    ends all memberships.
    """
    before, after, kinds = change.before, change.after, change.kinds
    changed = attribute_changes(
        before.attributes if before else {}, after.attributes if after else {}, kinds.resource_type
    )
    if after is None:
        return (LifecycleEvent(kinds.deprovisioned, change, changed),) if before else ()
    if before is None:
        return (LifecycleEvent(kinds.provisioned, change, changed), *_joining(change))
    off, on = _turned(change, changed)
    turned = {one.path for event in (*off, *on) for one in event.attribute_changes}
    others = tuple(one for one in changed if one.path not in turned)
    return (*off, *_leaving(change), *_update(change, others), *_joining(change), *on)


_Events = tuple[LifecycleEvent, ...]


def _update(change: ResourceChange, changed: tuple[AttributeChange, ...]) -> _Events:
    adopted = change.kinds.adopted if change.adopted else None
    return (LifecycleEvent(adopted or change.kinds.updated, change, changed),) if adopted or changed else ()


def _turned(change: ResourceChange, changed: tuple[AttributeChange, ...]) -> tuple[_Events, _Events]:
    """The event of a switch that was turned off, or of one that was turned on."""
    switch = change.kinds.switch
    if switch is None or is_on(change.before, switch.attribute) is is_on(change.after, switch.attribute):
        return (), ()
    named = tuple(one for one in changed if one.path == switch.attribute)
    if is_on(change.after, switch.attribute):
        return (), (LifecycleEvent(switch.on, change, named),)
    return (LifecycleEvent(switch.off, change, named),), ()


def is_on(resource: StoredUser | StoredGroup | None, attribute: str) -> bool:
    """Return the value of a boolean attribute that is true by default."""
    return resource is not None and resource.attributes.get(attribute) is not False


def _leaving(change: ResourceChange) -> _Events:
    membership = change.kinds.membership
    return member_events(change, membership.removed, change.left) if membership else ()


def _joining(change: ResourceChange) -> _Events:
    membership = change.kinds.membership
    return member_events(change, membership.added, change.joined) if membership else ()


def member_events(
    change: ResourceChange, kind: EventKind, user_ids: Sequence[str], first_part: int = 0
) -> tuple[LifecycleEvent, ...]:
    """Return the events that name these users: in order, so that a repeated write is divided in the same way."""
    ordered = sorted(user_ids)
    starts = range(0, len(ordered), MOST_MEMBERS)
    return tuple(
        LifecycleEvent(kind, change, members=tuple(ordered[start : start + MOST_MEMBERS]), part=part)
        for part, start in enumerate(starts, first_part)
    )


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
        if is_same(old, new):
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
