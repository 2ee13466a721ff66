"""Lifecycle events as SCIM security events (RFC 9967): the claims of a Security Event Token (RFC 8417), not signed.

The notice form is used: it names the attributes that changed and a receiver that wants their values reads the user or
group (docs/decisions/044). A write that gives more than one event gives a token for each, all with the same `txn`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.documents import Json
from domain.events.kinds import EventKind
from domain.events.lifecycle import LifecycleEvent

_PREFIX: Final = "urn:ietf:params:scim:event:prov:"

_CREATE: Final = _PREFIX + "create:notice"
_PATCH: Final = _PREFIX + "patch:notice"
_PUT: Final = _PREFIX + "put:notice"
_DELETE: Final = _PREFIX + "delete"
_EVENT_URIS: Final[dict[EventKind, str]] = {
    EventKind.PROVISIONED: _CREATE,
    EventKind.UPDATED: _PATCH,
    EventKind.ADOPTED: _PATCH,
    EventKind.DEACTIVATED: _PREFIX + "deactivate",
    EventKind.REACTIVATED: _PREFIX + "activate",
    EventKind.DEPROVISIONED: _DELETE,
    EventKind.GROUP_PROVISIONED: _CREATE,
    EventKind.GROUP_UPDATED: _PATCH,
    EventKind.MEMBERS_ADDED: _PATCH,
    EventKind.MEMBERS_REMOVED: _PATCH,
    EventKind.GROUP_DEPROVISIONED: _DELETE,
}
"""The event URI of each kind (RFC 9967 section 2.4); what a replacement changed has that of a PUT."""


def claims(event: LifecycleEvent, issuer: str, personal_data: bool) -> Json:
    """Return the claims set of the event's token; a repeated event has the same claims, `jti` and `iat` included.

    `issuer` is the base URI of the service, to which `sub_id.uri` is relative. There is no `aud`: the sender,
    who signs the token, knows its receiver. `iat` is when the table recorded the change, `toe` when it happened. The
    subject's externalId often is an address, so it is there only when `personal_data` are asked for.
    """
    resource, uri = event.resource, _event_uri(event)
    subject = {"format": "scim", "uri": f"{event.change.kinds.resource_type.endpoint}/{resource.id}"}
    external_id = resource.attributes.get("externalId")
    if personal_data and isinstance(external_id, str):
        subject["externalId"] = external_id
    return {
        "iss": issuer,
        "iat": int(event.change.recorded_at.timestamp()),
        "toe": int(datetime.fromisoformat(event.occurred_at).timestamp()),
        "jti": event.id,
        "txn": event.change.id,
        "sub_id": subject,
        "events": {uri: _payload(event) if uri.endswith(":notice") else {}},
    }


def _event_uri(event: LifecycleEvent) -> str:
    uri = _EVENT_URIS[event.kind]
    return _PUT if uri == _PATCH and event.kind is not EventKind.ADOPTED and event.resource.replaced else uri


def _payload(event: LifecycleEvent) -> Json:
    """Return the payload of a notice: `attributes`, never `data`. Other events have none (sections 2.4.4 to 2.4.6)."""
    given = ["id"] if event.kind is event.change.kinds.provisioned else []
    return {"version": event.resource.etag, "attributes": given + event.changed_attributes}
