"""A user as the table keeps it: the SCIM document as text, and what the indexes hold of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from domain.documents import Json, encode, is_same
from domain.resources.comparison import unique_form
from domain.resources.stored_resource import StoredResource, document_of

MADE_BY_CLIENT: Final = "made-by-client"
"""The `adoption` of a user whom an identity provider made, and so claimed from the first."""


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """The values under which a user is found, normalised; `emails` maps each normalised address to the one sent."""

    user_name: str
    emails: dict[str, str]
    external_id: str | None


@dataclass(frozen=True)
class StoredUser(StoredResource):
    """One user at one version.

    `adoption` says how the user became an identity provider's: `MADE_BY_CLIENT`, or the id of the adoption of an
    existing user; None for users whom the operator imported.
    `trace` is what is left of an identity that changes in parts (`domain.accounts.access`), None for most users.
    `replaced` is True if a replacement (PUT) wrote this version: a property of the write, not of the user.
    """

    adoption: str | None = None
    trace: str | None = None
    replaced: bool = field(default=False, compare=False)

    @classmethod
    def new(cls, user_id: str, attributes: Json, now: str, adoption: str | None = None) -> StoredUser:
        """Return the first version of a user; raises InvalidValue for text that could not be read again."""
        return cls(user_id, 1, now, now, document_of(with_defaults(attributes)), adoption)

    def changed_to(self, attributes: Json, now: str, *, replaced: bool = False) -> StoredUser:
        """Return the next version, or this object itself when nothing changed (then nothing is written)."""
        attributes = with_defaults(attributes)
        if is_same(attributes, self.attributes):  # a declared attribute may have had another type
            return self
        document = document_of(attributes, self.attributes)
        return replace(
            self, version=self.version + 1, last_modified=now, document=document, replaced=replaced, write_id=""
        )

    def adopted(self, attributes: Json, now: str, adoption: str) -> StoredUser:
        """Return the next version, adopted by an identity provider."""
        return replace(
            self,
            version=self.version + 1,
            last_modified=now,
            document=document_of(with_defaults(attributes), self.attributes),
            adoption=adoption,
            replaced=False,
            write_id="",
        )

    @cached_property
    def attributes(self) -> Json:
        """The document as JSON values, with the defaults. Do not change it in place: the object is shared."""
        document: Json = json.loads(self.document)
        return with_defaults(document)

    @property
    def text(self) -> str:
        """The document with the defaults, as JSON text."""
        return self.document if _ACTIVE_MEMBER in self.document else encode(self.attributes)

    @cached_property
    def keys(self) -> IndexKeys:
        """The values under which the unique indexes and the externalId look-up find this user."""
        addresses = [email["value"] for email in self.attributes.get("emails", ()) if email.get("value")]
        return IndexKeys(
            unique_form(self.attributes["userName"]),
            {unique_form(address): address for address in reversed(addresses)},
            self.attributes.get("externalId"),
        )

    @property
    def active(self) -> bool:
        """True if the user may sign in."""
        return self.attributes["active"] is not False

    @property
    def is_claimed(self) -> bool:
        """True if an identity provider manages the user: created or adopted by one, or with an externalId."""
        return self.adoption is not None or self.attributes.get("externalId") is not None


_ACTIVE_MEMBER: Final = '"active":'
"""As a document has it; within a string the quotation marks would be escaped."""


def with_defaults(attributes: Json) -> Json:
    """Return the attributes, with `active` true where it is missing (docs/decisions/029)."""
    return attributes if attributes.get("active") is not None else attributes | {"active": True}
