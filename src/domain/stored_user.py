"""A user as the table keeps it: the SCIM document as text, and what the indexes hold of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from domain.comparison import unique_form

Json = dict[str, Any]
"""A JSON object: what a request carries and a document holds."""

SCHEMA_VERSION: Final = 1
"""Form of the stored item; a later form must be additive, so that two releases can read each other's items."""


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """The values under which a user is found, normalised; `emails` maps each normalised address to the one sent."""

    user_name: str
    emails: dict[str, str]
    external_id: str | None


@dataclass(frozen=True)
class StoredUser:
    """One user at one version.

    `document` is the JSON text of the resource without `id` and `meta`, which are kept beside it (`created` and
    `last_modified` in RFC 3339 UTC with milliseconds) so that an answer can be put together without parsing.
    `adoption` names the adoption by which an identity provider took over a user who was there before; None for others.
    `replaced` says that this version was made by a replacement (PUT); it tells of the write, and nothing of the user.
    """

    id: str
    version: int
    created: str
    last_modified: str
    document: str
    adoption: str | None = None
    replaced: bool = field(default=False, compare=False)

    @classmethod
    def new(cls, user_id: str, attributes: Json, now: str) -> StoredUser:
        """The first version of a user."""
        return cls(user_id, 1, now, now, encode(attributes))

    def changed_to(self, attributes: Json, now: str, *, replaced: bool = False) -> StoredUser:
        """The next version, or this very object when nothing changed (then nothing is written)."""
        if attributes == self.attributes:
            return self
        return replace(
            self, version=self.version + 1, last_modified=now, document=encode(attributes), replaced=replaced
        )

    def adopted(self, attributes: Json, now: str, adoption: str) -> StoredUser:
        """The next version, which an identity provider's own attributes make one of its users."""
        return replace(
            self,
            version=self.version + 1,
            last_modified=now,
            document=encode(attributes),
            adoption=adoption,
            replaced=False,
        )

    @cached_property
    def attributes(self) -> Json:
        """The document as JSON values. Do not change it in place: the object is shared."""
        document: Json = json.loads(self.document)
        return document

    @cached_property
    def keys(self) -> IndexKeys:
        """What the unique indexes and the externalId look-up hold of this user."""
        addresses = [email["value"] for email in self.attributes.get("emails", ()) if email.get("value")]
        return IndexKeys(
            unique_form(self.attributes["userName"]),
            {unique_form(address): address for address in reversed(addresses)},
            self.attributes.get("externalId"),
        )

    @property
    def active(self) -> bool:
        """Whether the user may sign in; a user without the attribute is active (RFC 7643 section 4.1.1)."""
        return self.attributes.get("active", True) is not False

    @property
    def is_claimed(self) -> bool:
        """Whether the user is some identity provider's already: it has an externalId, or was adopted."""
        return self.adoption is not None or self.attributes.get("externalId") is not None

    @property
    def etag(self) -> str:
        """The weak entity tag of this version (RFC 7644 section 3.14)."""
        return f'W/"{self.version}"'


def encode(value: object) -> str:
    """JSON as this service writes it: compact, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
