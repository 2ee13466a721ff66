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

    `document` is the JSON text of the resource without `id` and `meta`, which are kept beside it (`created` and
    `last_modified` in RFC 3339 UTC with milliseconds) so that an answer can be put together without parsing.
    `adoption` says how the user became an identity provider's: `MADE_BY_CLIENT`, or the id of the adoption by which one
    took over a user who was there before; None for users whom the operator brought in.
    `trace` is what is left of an identity that goes by parts (`domain.accounts.access`), None for most users.
    `replaced` says that this version was made by a replacement (PUT); it tells of the write, and nothing of the user.
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
        """The first version of a user; InvalidValue for text that could not be read again."""
        return cls(user_id, 1, now, now, document_of(with_defaults(attributes)), adoption)

    def changed_to(self, attributes: Json, now: str, *, replaced: bool = False) -> StoredUser:
        """The next version, or this very object when nothing changed (then nothing is written)."""
        attributes = with_defaults(attributes)
        if attributes == self.attributes:
            return self
        document = document_of(attributes, self.attributes)
        return replace(self, version=self.version + 1, last_modified=now, document=document, replaced=replaced)

    def adopted(self, attributes: Json, now: str, adoption: str) -> StoredUser:
        """The next version, which an identity provider's own attributes make one of its users."""
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
        """What the unique indexes and the externalId look-up hold of this user."""
        addresses = [email["value"] for email in self.attributes.get("emails", ()) if email.get("value")]
        return IndexKeys(
            unique_form(self.attributes["userName"]),
            {unique_form(address): address for address in reversed(addresses)},
            self.attributes.get("externalId"),
        )

    @property
    def active(self) -> bool:
        """Whether the user may sign in."""
        return self.attributes["active"] is not False

    @property
    def is_claimed(self) -> bool:
        """Whether the user is some identity provider's already: made by one, adopted, or with an externalId."""
        return self.adoption is not None or self.attributes.get("externalId") is not None

    @property
    def etag(self) -> str:
        """The weak entity tag of this version (RFC 7644 section 3.14)."""
        return f'W/"{self.version}"'


_ACTIVE_MEMBER: Final = '"active":'
"""As a document has it; within a string the quotation marks would be escaped."""


def with_defaults(attributes: Json) -> Json:
    """The attributes, with `active` true where they do not say it (docs/decisions/029)."""
    return attributes if attributes.get("active") is not None else attributes | {"active": True}


def document_of(attributes: Json, kept: Json | None = None) -> str:
    """The attributes as the JSON text that is kept; InvalidValue for text that could not be read again.

    Every write of a user comes by here, whatever has decoded its values. What is as it was in the attributes `kept`
    before was looked at then.
    """
    document = encode(attributes)
    if not document.isascii():
        changed = {name: value for name, value in attributes.items() if not kept or kept.get(name) != value}
        text = encode(changed)
        # Strings end in a quotation mark, so that a run of marks in the document is one in a string.
        for is_fault, problem in ((_is_no_text, "has half of a surrogate pair"), (has_too_many_marks, MARKS_PROBLEM)):
            if is_fault(text):
                name = next((name for name, text in _texts(changed, "") if is_fault(text)), "A name")
                raise InvalidValue(f"{name} {problem}. Send it without.", attribute=name)
    return document


def _is_no_text(text: str) -> bool:
    return not is_text(text)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """All texts in a document with the paths of their attributes."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            separator = ":" if path.startswith("urn:") and path.endswith(":User") else "."
            yield from _texts(member, f"{path}{separator}{name}" if path else name)
