"""The detail of a lifecycle event: what an application finds in it (schemas: docs/events)."""

from __future__ import annotations

from domain.documents import Json
from domain.events.lifecycle import EventKind, LifecycleEvent
from domain.events.security_events import claims
from domain.resources.adoption import lost_privileges


def detail(event: LifecycleEvent, issuer: str, personal_data: bool) -> Json:
    """Ids, versions and the names of the changed attributes; their values only when `personal_data` are asked for.

    `version` is absent once the user is gone, `previousVersion` when there was none; only an adoption has
    `privilegesDropped`.
    """
    change = event.change
    told: Json = {
        "idempotencyId": event.id,
        "account": change.account,
        "userId": event.user.id,
        "occurredAt": event.occurred_at,
        "changedAttributes": event.changed_attributes,
    }
    if change.after is not None:
        told |= {"version": change.after.version, "active": change.after.active}
    if change.before is not None:
        told["previousVersion"] = change.before.version
    if event.kind is EventKind.ADOPTED and change.before is not None and change.after is not None:
        told["privilegesDropped"] = lost_privileges(change.before.attributes, change.after.attributes)
    if personal_data:
        told["values"] = {one.path: {"before": one.before, "after": one.after} for one in event.attribute_changes}
    return told | {"securityEvent": claims(event, issuer, personal_data)}


def without_values(full: Json) -> Json:
    """The same detail when the values are too large for a bus; it says that they are left out."""
    return {name: value for name, value in full.items() if name != "values"} | {"valuesOmitted": True}
