"""A user as the table keeps it: the SCIM document as text, and what the indexes hold of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from domain.documents import Json, encode
from domain.errors import InvalidValue
from domain.resources.comparison import unique_form
from domain.text import MARKS_PROBLEM, has_too_many_marks, is_text

SCHEMA_VERSION: Final = 1
"""Form of the stored item; a later form must be additive, so that two releases can read each other's items."""


MADE_BY_CLIENT: Final = "made-by-client"
"""The `adoption` of a user whom an identity provider made, and so claimed from the first."""


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """The values under which a user is found, normalised; `emails` maps each normalised address to the one sent."""

    user_name: str
    emails: dict[str, str]
    external_id: str | None


@dataclass(frozen=True)
class StoredUser:
    """One user at one version.

    `document` is the JSON text of the resource without `id` and `meta`, which are stored separately (`created`
    and `last_modified` in RFC 3339 UTC with milliseconds) so that an answer can be composed without parsing.
    `adoption` says how the user became an identity provider's: `MADE_BY_CLIENT`, or the id of the adoption of an
    existing user; None for users whom the operator imported.
    `trace` is what is left of an identity that changes in parts (`domain.accounts.access`), None for most users.
    `replaced` is True if a replacement (PUT) wrote this version: a property of the write, not of the user.
    """

    id: str
    version: int
    created: str
    last_modified: str
    document: str
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
        if attributes == self.attributes:
            return self
        document = document_of(attributes, self.attributes)
        return replace(self, version=self.version + 1, last_modified=now, document=document, replaced=replaced)

    def adopted(self, attributes: Json, now: str, adoption: str) -> StoredUser:
        """Return the next version, adopted by an identity provider."""
        return replace(
            self,
            version=self.version + 1,
            last_modified=now,
            document=document_of(with_defaults(attributes), self.attributes),
            adoption=adoption,
            replaced=False,
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

    @property
    def etag(self) -> str:
        """The weak entity tag of this version (RFC 7644 section 3.14)."""
        return f'W/"{self.version}"'


_ACTIVE_MEMBER: Final = '"active":'
"""As a document has it; within a string the quotation marks would be escaped."""


def with_defaults(attributes: Json) -> Json:
    """Return the attributes, with `active` true where it is missing (docs/decisions/029)."""
    return attributes if attributes.get("active") is not None else attributes | {"active": True}


def document_of(attributes: Json, kept: Json | None = None) -> str:
    """Return the attributes as the JSON text to store; raises InvalidValue for text that could not be read again.

    Every write of a user is checked here, however its values were decoded. Values equal to those in `kept`, the former
    attributes, were checked before.
    """
    document = encode(attributes)
    if not document.isascii():
        changed = {name: value for name, value in attributes.items() if not kept or kept.get(name) != value}
        text = encode(changed)
        # Strings end in a quotation mark, so that a run of marks in the document is one in a string.
        for is_fault, problem in ((_is_no_text, "has an unpaired surrogate"), (has_too_many_marks, MARKS_PROBLEM)):
            if is_fault(text):
                name = next((name for name, text in _texts(changed, "") if is_fault(text)), "A name")
                raise InvalidValue(f"{name} {problem}. Send it without.", attribute=name)
    return document


def _is_no_text(text: str) -> bool:
    return not is_text(text)


def _texts(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield all texts in a document with the paths of their attributes."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path, depth)
    elif isinstance(value, dict):
        for name, member in value.items():
            separator = ":" if depth == 1 and path.startswith("urn:") else "."
            yield from _texts(member, f"{path}{separator}{name}" if path else name, depth + 1)
