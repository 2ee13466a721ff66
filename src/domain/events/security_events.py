"""Lifecycle events as SCIM security events (RFC 9967): the claims of a Security Event Token (RFC 8417), not signed.

The notice form is used: it names the attributes that changed and a receiver that wants their values reads the user.
A write that changed `active` and other attributes gives one token for each of its events, all with the same `txn`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.documents import Json
from domain.events.lifecycle import EventKind, LifecycleEvent
from domain.resources.user_schema import USER

_PREFIX: Final = "urn:ietf:params:scim:event:prov:"

_PUT: Final = _PREFIX + "put:notice"
_EVENT_URIS: Final[dict[EventKind, str]] = {
    EventKind.PROVISIONED: _PREFIX + "create:notice",
    EventKind.UPDATED: _PREFIX + "patch:notice",
    EventKind.ADOPTED: _PREFIX + "patch:notice",
    EventKind.DEACTIVATED: _PREFIX + "deactivate",
    EventKind.REACTIVATED: _PREFIX + "activate",
    EventKind.DEPROVISIONED: _PREFIX + "delete",
}
"""The event URI of each kind (RFC 9967 section 2.4); an update that was a replacement has that of a PUT."""


def claims(event: LifecycleEvent, issuer: str, personal_data: bool) -> Json:
    """Return the claims set of the event's token; a repeated event has the same claims, `jti` and `iat` included.

    `issuer` is the base URI of the service, to which `sub_id.uri` is relative. There is no `aud`: the sender,
    who signs the token, knows its receiver. `iat` is when the table recorded the change, `toe` when it happened. The
    subject's externalId often is an address, so it is there only when `personal_data` are asked for.
    """
    user, uri = event.user, _event_uri(event)
    subject = {"format": "scim", "uri": f"{USER.endpoint}/{user.id}"}
    external_id = user.attributes.get("externalId")
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
    return _PUT if event.kind is EventKind.UPDATED and event.user.replaced else _EVENT_URIS[event.kind]


def _payload(event: LifecycleEvent) -> Json:
    """Return the payload of a notice: `attributes`, never `data`. Other events have none (sections 2.4.4 to 2.4.6)."""
    given = ["id"] if event.kind is EventKind.PROVISIONED else []
    return {"version": event.user.etag, "attributes": given + event.changed_attributes}
