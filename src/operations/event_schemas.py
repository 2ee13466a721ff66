"""The contract of life-cycle events as pydantic models, from which the JSON schemas in docs/events are generated.

The publisher does not import this module, as pydantic would lengthen its cold start. It writes the same members by hand
(`domain.events.event_detail`), and tests validate whatever it writes against the schemas.

    python -m operations.event_schemas        write docs/events/*.schema.json
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

from domain.events.lifecycle import EventKind
from operations.json_schemas import SchemaGenerator, schema_text

_MILLISECONDS: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"

Absent = SkipJsonSchema[None]
"""A member that may be left out; null is not allowed in its place."""

Text = Annotated[str, Field(min_length=1)]
Paths = Annotated[Sequence[Text], Field(json_schema_extra={"uniqueItems": True})]
Version = Annotated[int, Field(ge=1, description="The user's version, which grows with each change.")]
_CHANGED: Final = (
    "Paths (RFC 7644 section 3.10) of the attributes that changed. A multi-valued attribute changes as a whole."
)
_ACTIVE: Final = "True if the user may sign in."
OnlyActive = Annotated[Sequence[Literal["active"]], Field(min_length=1, max_length=1, description=_CHANGED)]


class _Closed(BaseModel):
    """An object that allows no further members."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Notice(_Closed):
    """The attributes that changed (RFC 9967, notice form)."""

    version: str = Field(pattern='^W/"[0-9]+"$')
    """The user's ETag after the change."""
    attributes: Paths


class Nothing(_Closed):
    """An empty payload."""


class Created(_Closed):
    event: Notice = Field(alias="urn:ietf:params:scim:event:prov:create:notice")


class Patched(_Closed):
    event: Notice = Field(alias="urn:ietf:params:scim:event:prov:patch:notice")


class Replaced(_Closed):
    event: Notice = Field(alias="urn:ietf:params:scim:event:prov:put:notice")


class Activated(_Closed):
    event: Nothing = Field(alias="urn:ietf:params:scim:event:prov:activate")


class Deactivated(_Closed):
    event: Nothing = Field(alias="urn:ietf:params:scim:event:prov:deactivate")


class Deleted(_Closed):
    event: Nothing = Field(alias="urn:ietf:params:scim:event:prov:delete")


class Subject(_Closed):
    """The user (RFC 9967 section 2.1)."""

    format: Literal["scim"]
    uri: str = Field(pattern="^/Users/[^/]+$")
    external_id: str | Absent = Field(None, alias="externalId")
    """Only when personal data are asked for."""


Events = TypeVar("Events")


class SecurityEvent(_Closed, Generic[Events]):
    """Claims of a SCIM security event token: RFC 9967 as the claims set of RFC 8417, not signed, without `aud`."""

    iss: Text
    """Base URI of the service; sub_id.uri is relative to it."""
    iat: int
    """When the table recorded the change, in seconds since 1970."""
    toe: int
    """When the change happened, in seconds since 1970."""
    jti: UUID
    """The event's idempotencyId."""
    txn: Text
    """The write; all events of one write have the same."""
    sub_id: Subject
    events: Events

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """The name of the schema, whatever its events."""
        return cls.__name__


class Values(_Closed):
    """The value of an attribute before and after the change; null: unassigned."""

    before: Any
    after: Any


class _Detail(_Closed, Generic[Events]):
    """What the details of all life-cycle events have in common."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        json_schema_extra={"dependentSchemas": {"valuesOmitted": {"not": {"required": ["values"]}}}},
    )

    idempotency_id: UUID
    """Names the event: an event that is delivered again has the same."""
    account: str = Field(pattern="^[a-z0-9-]{1,40}$")
    """The account whose identity provider made the change."""
    user_id: Text
    """The user's id, as in /Users/{id}."""
    occurred_at: AwareDatetime = Field(json_schema_extra={"pattern": _MILLISECONDS})
    """When it happened."""
    changed_attributes: Paths = Field(description=_CHANGED)
    values: dict[str, Values] | Absent = None
    """The values of the changed attributes, by path; only when personal data are asked for."""
    values_omitted: Literal[True] | Absent = None
    """The values were asked for, but are too large for an event: read the user."""
    security_event: SecurityEvent[Events]


class _Existing(_Detail[Events], Generic[Events]):
    """The user as the change left it."""

    version: Version
    active: bool = Field(description=_ACTIVE)


class _Changed(_Existing[Events], Generic[Events]):
    """The user as the change found it."""

    previous_version: Version


class UserProvisioned(_Existing[Created]):
    """A user was created. Every attribute that it has is named."""


class UserUpdated(_Changed[Patched | Replaced]):
    """Attributes of a user changed, by PUT or by PATCH."""

    changed_attributes: Paths = Field(min_length=1, description=_CHANGED)


class UserAdopted(_Changed[Patched]):
    """An identity provider took over an existing user; the attributes that it changed are named here."""

    privileges_dropped: bool
    """True if the user lost roles, entitlements or userType with the adoption: end what they granted."""


class UserDeactivated(_Changed[Deactivated]):
    """A user may no longer sign in: end its sessions."""

    changed_attributes: OnlyActive
    active: Literal[False] = Field(description=_ACTIVE)


class UserReactivated(_Changed[Activated]):
    """A user may sign in again."""

    changed_attributes: OnlyActive
    active: Literal[True] = Field(description=_ACTIVE)


class UserDeprovisioned(_Detail[Deleted]):
    """A user was removed. Every attribute that it had is named."""

    previous_version: Version


_MODELS: Final[dict[EventKind, type[BaseModel]]] = {
    EventKind.PROVISIONED: UserProvisioned,
    EventKind.UPDATED: UserUpdated,
    EventKind.ADOPTED: UserAdopted,
    EventKind.DEACTIVATED: UserDeactivated,
    EventKind.REACTIVATED: UserReactivated,
    EventKind.DEPROVISIONED: UserDeprovisioned,
}


def schemas() -> dict[str, str]:
    """The text of each schema by the name of its file, one for each kind of event."""
    return {
        file_name(kind): schema_text(model.model_json_schema(schema_generator=SchemaGenerator))
        for kind, model in _MODELS.items()
    }


def file_name(kind: EventKind) -> str:
    """The file of a kind's schema.

    >>> file_name(EventKind.UPDATED)
    'user-updated.schema.json'
    """
    return f"{kind.value.replace('User', 'user-').lower()}.schema.json"


def main() -> None:
    """Write the schemas into docs/events of this repository."""
    directory = Path(__file__).parents[2] / "docs" / "events"
    for name, text in schemas().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
