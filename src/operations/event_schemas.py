"""The contract of life-cycle events as pydantic models, from which the JSON schemas in docs/events are generated.

The publisher does not import this module, as pydantic would lengthen its cold start. It writes the same members by hand
(`domain.events.event_detail`), and tests validate whatever it writes against the schemas.

    python -m operations.event_schemas        write docs/events/*.schema.json
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

from domain.events.kinds import EventKind
from domain.events.lifecycle import MOST_MEMBERS
from operations.json_schemas import SchemaGenerator, schema_text

_MILLISECONDS: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"

Absent = SkipJsonSchema[None]
"""A member that may be left out; null is not allowed in its place."""

Text = Annotated[str, Field(min_length=1)]
Paths = Annotated[Sequence[Text], Field(json_schema_extra={"uniqueItems": True})]
Version = Annotated[int, Field(ge=1, description="The version after the change. It increases with each change.")]
PreviousVersion = Annotated[int, Field(ge=1, description="The version before the change.")]
_CHANGED: Final = (
    "Paths (RFC 7644 section 3.10) of the attributes that changed. A multi-valued attribute is one path, whichever "
    "of its values changed."
)
_ACTIVE: Final = "True if the user may sign in."
OnlyActive = Annotated[Sequence[Literal["active"]], Field(min_length=1, max_length=1, description=_CHANGED)]
OnlyMembers = Annotated[Sequence[Literal["members"]], Field(min_length=1, max_length=1, description=_CHANGED)]


class _Closed(BaseModel):
    """An object that allows no further members."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Notice(_Closed):
    """The attributes that changed (RFC 9967, notice form)."""

    version: str = Field(pattern='^W/"[0-9]+"$')
    """The ETag of the user or group after the change."""
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
    """The form of the identifier (RFC 9967)."""
    uri: str = Field(pattern="^/Users/[^/]+$")
    """The path of the user, relative to `iss`."""
    external_id: str | Absent = Field(None, alias="externalId")
    """Only if the deployment has EventPersonalData=true."""


class GroupSubject(_Closed):
    """The group (RFC 9967 section 2.1)."""

    format: Literal["scim"]
    """The form of the identifier (RFC 9967)."""
    uri: str = Field(pattern="^/Groups/[^/]+$")
    """The path of the group, relative to `iss`."""
    external_id: str | Absent = Field(None, alias="externalId")
    """Only if the deployment has EventPersonalData=true."""


Events = TypeVar("Events")
About = TypeVar("About")


class SecurityEvent(_Closed, Generic[Events, About]):
    """Claims of a SCIM security event token: RFC 9967 as the claims set of RFC 8417, not signed, without `aud`."""

    iss: Text
    """The base URL of the service; `sub_id.uri` is relative to it."""
    iat: int
    """When the table recorded the change, in seconds since 1970."""
    toe: int
    """When the change happened, in seconds since 1970."""
    jti: UUID
    """The id of the token: the event's idempotencyId."""
    txn: Text
    """The id of the write: all events of one write have the same id."""
    sub_id: About
    """The user or group that the event is about."""
    events: Events
    """The event URI, with the version and the names of the attributes that changed, or with an empty object."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """The name of the schema, whatever its events."""
        return cls.__name__


class Values(_Closed):
    """The value of an attribute before and after the change; null: unassigned."""

    before: Any
    after: Any


class _Event(_Closed):
    """What the details of all life-cycle events have in common."""

    model_config = ConfigDict(alias_generator=to_camel)

    idempotency_id: UUID
    """The id of the event: an event that is delivered again has the same id."""
    account: str = Field(pattern="^[a-z0-9-]{1,40}$")
    """The account whose identity provider made the change."""
    occurred_at: AwareDatetime = Field(json_schema_extra={"pattern": _MILLISECONDS})
    """When the change happened, in UTC."""
    changed_attributes: Paths = Field(description=_CHANGED)
    replay: Literal[True] | Absent = None
    """Only in events that the operator published again from the table: they have the current state, and name every
    attribute. Read the user or group; its previous state is unknown."""


_VALUES_OR_OMITTED: Final[dict[str, Any]] = {"dependentSchemas": {"valuesOmitted": {"not": {"required": ["values"]}}}}


class _WithValues(_Event):
    """An event that has the values of what changed when personal data are asked for."""

    model_config = ConfigDict(json_schema_extra=_VALUES_OR_OMITTED)

    values: dict[str, Values] | Absent = None
    """The values of the changed attributes, by path; only if the deployment has EventPersonalData=true."""
    values_omitted: Literal[True] | Absent = None
    """The values are too large for an event: read the user or group."""


class _OfUser(_WithValues, Generic[Events]):
    """Something happened to a user."""

    user_id: Text
    """The user's id, as in /Users/{id}."""
    security_event: SecurityEvent[Events, Subject]


class _OfGroup(_Event, Generic[Events]):
    """Something happened to a group."""

    group_id: Text
    """The group's id, as in /Groups/{id}."""
    security_event: SecurityEvent[Events, GroupSubject]


class _Existing(_OfUser[Events], Generic[Events]):
    """The user as the change left it."""

    version: Version
    active: bool = Field(description=_ACTIVE)


class _Changed(_Existing[Events], Generic[Events]):
    """The user as the change found it."""

    previous_version: PreviousVersion


class UserProvisioned(_Existing[Created]):
    """A user was created. `changedAttributes` names every attribute that the user has."""


class UserUpdated(_Changed[Patched | Replaced]):
    """Attributes of a user changed, by PUT or by PATCH."""

    changed_attributes: Paths = Field(min_length=1, description=_CHANGED)


class UserAdopted(_Changed[Patched]):
    """An identity provider took over an existing user. Comes instead of UserUpdated and names what changed."""

    privileges_dropped: bool
    """True if the user lost roles, entitlements or userType: end what these granted."""


class UserDeactivated(_Existing[Deactivated]):
    """`active` became false: the user may no longer sign in. End the user's sessions."""

    model_config = ConfigDict(
        json_schema_extra=_VALUES_OR_OMITTED | {"anyOf": [{"required": ["previousVersion"]}, {"required": ["replay"]}]}
    )

    changed_attributes: OnlyActive
    previous_version: PreviousVersion | Absent = None
    """The version before the change. Absent in the replay of a user who was created deactivated."""
    active: Literal[False] = Field(description=_ACTIVE)


class UserReactivated(_Changed[Activated]):
    """`active` became true again, also because a create brought a deactivated user back: the user may sign in."""

    changed_attributes: OnlyActive
    active: Literal[True] = Field(description=_ACTIVE)


class UserDeprovisioned(_OfUser[Deleted]):
    """A user was removed. GroupMembersRemoved follows for each of the user's groups."""

    previous_version: PreviousVersion


class GroupProvisioned(_OfGroup[Created], _WithValues):
    """A group was created. Every attribute that it has is named; its members follow in separate events."""

    version: Version


class GroupUpdated(_OfGroup[Patched | Replaced], _WithValues):
    """Attributes of a group changed, by PUT or by PATCH, but not the members."""

    changed_attributes: Paths = Field(min_length=1, description=_CHANGED)
    version: Version
    previous_version: PreviousVersion


class GroupDeprovisioned(_OfGroup[Deleted], _WithValues):
    """A group was removed, and with it all of its memberships."""

    previous_version: PreviousVersion


class _Membership(_OfGroup[Patched | Replaced]):
    """Who joined or left. A large change gives several events, all with the same version."""

    changed_attributes: OnlyMembers
    version: Version
    members: Annotated[
        Sequence[Text], Field(min_length=1, max_length=MOST_MEMBERS, json_schema_extra={"uniqueItems": True})
    ]
    """The ids of the users who joined or left, as in /Users/{id}."""


class GroupMembersAdded(_Membership):
    """Users joined a group. A large change gives several of these events with the same version."""


class GroupMembersRemoved(_Membership):
    """Users left a group: end what the group granted them. A large change gives several with the same version."""


_MODELS: Final[dict[EventKind, type[BaseModel]]] = {
    EventKind.PROVISIONED: UserProvisioned,
    EventKind.UPDATED: UserUpdated,
    EventKind.ADOPTED: UserAdopted,
    EventKind.DEACTIVATED: UserDeactivated,
    EventKind.REACTIVATED: UserReactivated,
    EventKind.DEPROVISIONED: UserDeprovisioned,
    EventKind.GROUP_PROVISIONED: GroupProvisioned,
    EventKind.GROUP_UPDATED: GroupUpdated,
    EventKind.GROUP_DEPROVISIONED: GroupDeprovisioned,
    EventKind.MEMBERS_ADDED: GroupMembersAdded,
    EventKind.MEMBERS_REMOVED: GroupMembersRemoved,
}


def schemas() -> dict[str, str]:
    """The text of each schema by the name of its file, one for each kind of event."""
    return {
        file_name(kind): schema_text(model.model_json_schema(schema_generator=SchemaGenerator))
        for kind, model in _MODELS.items()
    }


def file_name(kind: EventKind) -> str:
    """The file of a kind's schema.

    >>> file_name(EventKind.MEMBERS_ADDED)
    'group-members-added.schema.json'
    """
    return f"{re.sub('(?<=[a-z])(?=[A-Z])', '-', kind.value).lower()}.schema.json"


def main() -> None:
    """Write the schemas into docs/events of this repository."""
    directory = Path(__file__).parents[2] / "docs" / "events"
    for name, text in schemas().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
