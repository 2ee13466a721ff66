"""The events that state what a user or group is now: of a replay, which knows the last write and not those before it.

The same version gives the same events with the same ids every time. An event whose kind and version are those of an
original has the original's id, except that of members: it names all of them (docs/decisions/062).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.events.kinds import Kinds
from domain.events.lifecycle import (
    LifecycleEvent,
    ResourceChange,
    attribute_changes,
    is_on,
    member_events,
    write_name,
)
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser


def present_state(
    kinds: Kinds, account: str, resource: StoredUser | StoredGroup, write_id: str | None, members: Sequence[str] = ()
) -> ResourceChange:
    """Return the last write of a user or group as far as the table still has it; `members` are those of a group.

    An item without `write_id` takes its version for that.
    """
    return ResourceChange(
        kinds,
        id=write_name(write_id or str(resource.version), resource.id),
        account=account,
        before=None,
        after=resource,
        recorded_at=datetime.fromisoformat(resource.last_modified),
        joined=members,
        replayed=True,
    )


def present_state_events(state: ResourceChange, first_part: int = 0) -> tuple[LifecycleEvent, ...]:
    """Return the events of a `present_state` in the order in which they are to be published.

    `changed_attributes` are all that are assigned. A group with more members than one call names comes in several,
    which continue with their `first_part` from 1 on: these name members and nothing else.
    """
    resource, kinds = state.after, state.kinds
    if resource is None:
        return (LifecycleEvent(kinds.deprovisioned, state),)
    membership = kinds.membership
    members = member_events(state, membership.added, state.joined, first_part) if membership else ()
    if first_part:
        return members
    assigned = attribute_changes({}, resource.attributes, kinds.resource_type)
    switch = kinds.switch
    on = switch is not None and is_on(resource, switch.attribute)
    named = tuple(one for one in assigned if switch is not None and one.path == switch.attribute)
    off_event = () if switch is None or on else (LifecycleEvent(switch.off, state, named),)
    if resource.version == 1:
        return (LifecycleEvent(kinds.provisioned, state, assigned), *members, *off_event)
    others = tuple(one for one in assigned if one not in named)
    on_event = (LifecycleEvent(switch.on, state, named),) if switch is not None and on else ()
    return (*off_event, LifecycleEvent(kinds.updated, state, others), *members, *on_event)
