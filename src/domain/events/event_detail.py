"""The detail of a lifecycle event, which applications read (schemas: docs/events)."""

from __future__ import annotations

from domain.documents import Json
from domain.events.kinds import EventKind
from domain.events.lifecycle import LifecycleEvent, is_on
from domain.events.security_events import claims
from domain.resources.adoption import lost_privileges


def detail(event: LifecycleEvent, issuer: str, personal_data: bool) -> Json:
    """Return ids, versions and the names of the changed attributes; their values only with `personal_data`.

    `version` is absent once the resource is gone, `previousVersion` when there was none. An event about membership has
    `members`, the ids of the users concerned, and no values: ids are not personal. The events of one large change have
    the same version, so these have no `previousVersion` either. Only an adoption has `privilegesDropped`, and only what
    is replayed has `replay`.
    """
    change, kinds = event.change, event.change.kinds
    document: Json = {
        "idempotencyId": event.id,
        "account": change.account,
        f"{kinds.resource_type.noun}Id": event.resource.id,
        "occurredAt": event.occurred_at,
        "changedAttributes": event.changed_attributes,
    }
    if change.after is not None:
        document["version"] = change.after.version
        if kinds.switch is not None:
            document[kinds.switch.attribute] = is_on(change.after, kinds.switch.attribute)
    if event.members:
        document["members"] = list(event.members)
    elif event.previous_version is not None:
        document["previousVersion"] = event.previous_version
    if change.replayed:
        document["replay"] = True
    if event.kind is EventKind.ADOPTED and change.before is not None and change.after is not None:
        document["privilegesDropped"] = lost_privileges(change.before.attributes, change.after.attributes)
    if personal_data and not event.members:
        document["values"] = {one.path: {"before": one.before, "after": one.after} for one in event.attribute_changes}
    return document | {"securityEvent": claims(event, issuer, personal_data)}


def without_values(full: Json) -> Json:
    """Return the detail without its values, which are too large for a bus, and with a member that says so."""
    return {name: value for name, value in full.items() if name != "values"} | {"valuesOmitted": True}
