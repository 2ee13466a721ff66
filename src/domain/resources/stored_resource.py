"""A resource as the table keeps it: the SCIM document as text, at one version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from domain.documents import Json, encode
from domain.errors import InvalidValue
from domain.text import FEW_MARKS, MARKS_PROBLEM, has_too_many_marks, is_text

SCHEMA_VERSION: Final = 1
"""Form of the stored item; a later form must be additive, so that two releases can read each other's items."""


@dataclass(frozen=True)
class StoredResource:
    """One resource at one version.

    `document` is the JSON text of the resource without `id`, `meta` and the values that are stored apart
    (`Attribute.relation`). `created` and `last_modified` are RFC 3339 UTC with milliseconds. They are kept next to the
    document, so that an answer can be composed without parsing. `write_id` names the write that stored this version;
    empty until it was read from the store.
    """

    id: str
    version: int
    created: str
    last_modified: str
    document: str
    write_id: str = field(default="", compare=False, kw_only=True)

    @cached_property
    def attributes(self) -> Json:
        """The document as JSON values. Do not change it in place: the object is shared."""
        document: Json = json.loads(self.document)
        return document

    @property
    def text(self) -> str:
        """The document as JSON text."""
        return self.document

    @property
    def etag(self) -> str:
        """The weak entity tag of this version (RFC 7644 section 3.14)."""
        return f'W/"{self.version}"'


def document_of(attributes: Json, kept: Json | None = None) -> str:
    """Return the attributes as the JSON text to store; raises InvalidValue for text that could not be read again.

    Every write is checked here, however its values were decoded. Values equal to those in `kept`, the former
    attributes, were checked before.
    """
    document = encode(attributes)
    if not document.isascii():
        changed = {name: value for name, value in attributes.items() if not kept or kept.get(name) != value}
        text = encode(changed)
        # Strings end in a quotation mark, so that a run of marks in the document is one in a string.
        for is_fault, problem, expected in (
            (_is_no_text, "has an unpaired surrogate", "valid Unicode text"),
            (has_too_many_marks, MARKS_PROBLEM, FEW_MARKS),
        ):
            if is_fault(text):
                name = next((name for name, text in _texts(changed, "") if is_fault(text)), "A name")
                raise InvalidValue(f"{name} {problem}. Remove it.", attribute=name, expected=expected)
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
