"""Extensions of the User that a deployment declares: from a JSON document (RFC 7643 section 7) to a `Schema`.

Stricter than the RFC, since what is declared here is stored, indexed and served by this service: what it could not
honour is an error at the build, not a surprise in production (docs/decisions/059). Each error names the file, the
attribute and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from domain.documents import Json
from domain.json_text import NotJson, RefusedJson, decode
from domain.limits import (
    MAX_CANONICAL_CHARACTERS,
    MAX_CANONICAL_VALUES,
    MAX_DECLARED_ATTRIBUTES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_EXTENSION_ATTRIBUTES,
    MAX_EXTENSIONS,
    MAX_NAME_CHARACTERS,
    MAX_URN_CHARACTERS,
)
from domain.quoting import quoted
from domain.resources.attributes import Attribute, Mutability, Returned, Schema, Type, Uniqueness
from domain.resources.discovery import SCHEMA_URN
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, EXTERNAL_ID

_URN: Final = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,31}(?::[a-z0-9_.-]+)+", re.ASCII | re.IGNORECASE)
"""What filters and paths can name without escapes: a part of RFC 8141."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII | re.IGNORECASE)
_REFERENCE: Final = "$ref"
_GROUP: Final = ":group"

_MEMBERS: Final = frozenset({"schemas", "id", "name", "description", "attributes", "meta"})
_CHARACTERISTICS: Final = frozenset(
    {"name", "type", "multiValued", "description", "required", "caseExact", "mutability", "returned", "uniqueness"}
    | {"canonicalValues", "referenceTypes", "subAttributes"}
)
_OF_EVERY_RESOURCE: Final = frozenset({"schemas", "id", "meta", EXTERNAL_ID.name.lower()})
"""What clients repeat within an extension and mean of the resource."""
_EXAMPLE: Final = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"

_Choice = TypeVar("_Choice", Type, Mutability, Returned, Uniqueness)


class InvalidExtension(ValueError):
    """A document does not declare an extension; the message names file, attribute and remedy."""


def extension_of(text: str, file: str) -> Schema:
    """Return the extension that a document declares; `file` is its name. Raises `InvalidExtension`."""
    try:
        document = decode(text)
    except (NotJson, RefusedJson) as error:
        raise InvalidExtension(f"{file} {error}. Correct it; RFC 7643 section 7 has the form.") from None
    return _schema(document, file)


def require_apart(extensions: Sequence[tuple[str, Schema]]) -> None:
    """Raise `InvalidExtension` for extensions that do not go together; each comes with the name of its file."""
    if len(extensions) > MAX_EXTENSIONS:
        raise InvalidExtension(
            f"There are {len(extensions)} extension files; at most {MAX_EXTENSIONS} are accepted. Combine some of them."
        )
    count = sum(_count(schema.attributes) for _, schema in extensions)
    if count > MAX_DECLARED_ATTRIBUTES:
        raise InvalidExtension(
            f"The extensions have {count} attributes together; at most {MAX_DECLARED_ATTRIBUTES} are accepted. Leave "
            "out attributes that no application reads."
        )
    known = [("this service", CORE_URN), ("this service", ENTERPRISE_URN)]
    for file, schema in extensions:
        for other, urn in known:
            one, two = schema.id.lower(), urn.lower()
            if one == two:
                _refuse(file, f'declares "{schema.id}", which {other} already declares', "Give it another URN")
            # A tolerance takes a dot for the colon after a URN.
            if one.startswith((f"{two}:", f"{two}.")) or two.startswith((f"{one}:", f"{one}.")):
                _refuse(
                    file,
                    f'declares "{schema.id}", and {other} has "{urn}": a path could mean either',
                    "Choose a URN that no other URN starts with, and that starts with no other URN",
                )
        known.append((file, schema.id))


def _count(attributes: Iterable[Attribute]) -> int:
    return sum(1 + _count(each.sub_attributes) for each in attributes)


def _refuse(file: str, problem: str, remedy: str) -> NoReturn:
    raise InvalidExtension(f"{file} {problem}. {remedy}.")


@dataclass(frozen=True, slots=True)
class _Definition:
    """The definition of an attribute: its members, its name, and the name of the file."""

    members: Json
    name: str
    file: str

    def refuse(self, problem: str, remedy: str) -> NoReturn:
        _refuse(self.file, problem, remedy)

    def choice(self, characteristic: str, default: _Choice) -> _Choice:
        value = self.members.get(characteristic, default.value)
        known = type(default)
        found = next((each for each in known if each.value == value), None)
        if found is None:
            self.refuse(
                f'gives "{self.name}" an unknown {characteristic}',
                f"It is one of {', '.join(each.value for each in known)}",
            )
        return found

    def flag(self, characteristic: str) -> bool:
        value = self.members.get(characteristic, False)
        if not isinstance(value, bool):
            self.refuse(f'gives "{self.name}" a {characteristic} that is neither true nor false', "Write true or false")
        return value

    def texts(self, characteristic: str) -> tuple[str, ...]:
        value = self.members.get(characteristic, [])
        fits = isinstance(value, list) and len(value) <= MAX_CANONICAL_VALUES
        if not fits or not all(isinstance(each, str) and 0 < len(each) <= MAX_CANONICAL_CHARACTERS for each in value):
            self.refuse(
                f'gives "{self.name}" {characteristic} that are not an array of at most {MAX_CANONICAL_VALUES} '
                f"strings of 1 to {MAX_CANONICAL_CHARACTERS} characters",
                'Write, for example, ["A", "B"]',
            )
        return tuple(value)


def _schema(document: Any, file: str) -> Schema:
    if not isinstance(document, dict):
        _refuse(file, "is not a JSON object", f'Write {{"id": "{_EXAMPLE}", "name": ..., "attributes": [...]}}')
    if unknown := sorted(document.keys() - _MEMBERS):
        _refuse(file, f"has the member {quoted(unknown[0])}", f"A schema may only have {', '.join(sorted(_MEMBERS))}")
    if document.get("schemas", [SCHEMA_URN]) != [SCHEMA_URN]:
        _refuse(
            file,
            'has "schemas" other than that of a Schema',
            f'Write "schemas": ["{SCHEMA_URN}"], or leave it out',
        )
    urn, name = document.get("id"), document.get("name")
    if not isinstance(urn, str) or len(urn) > MAX_URN_CHARACTERS or not _URN.fullmatch(urn):
        _refuse(
            file,
            f"has an id that is not a URN of at most {MAX_URN_CHARACTERS} letters, digits, dots, hyphens and colons",
            f'Write, for example, "id": "{_EXAMPLE}"',
        )
    if urn.lower().endswith(_GROUP):
        _refuse(file, f'declares "{urn}", and only users can be extended', "End the URN with :User, or remove the file")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_CHARACTERS:
        _refuse(
            file,
            f"has no name of at most {MAX_NAME_CHARACTERS} characters",
            'Write, for example, "name": "AcmeUser"',
        )
    description = _description(document, file, "the schema")
    attributes = _attributes(document.get("attributes"), file, urn, is_sub=False)
    # Extensions are recognised by the letters `urn:`, which RFC 8141 section 3.1 allows in any case.
    return Schema(f"urn{urn[3:]}", name, description, attributes, is_declared=True)


def _attributes(written: Any, file: str, place: str, *, is_sub: bool) -> tuple[Attribute, ...]:
    member = "subAttributes" if is_sub else "attributes"
    if not isinstance(written, list) or not 0 < len(written) <= MAX_EXTENSION_ATTRIBUTES:
        _refuse(
            file,
            f"has no array {member} for {place} of 1 to {MAX_EXTENSION_ATTRIBUTES} attributes",
            f'Write "{member}": [{{"name": "costCode", "type": "string"}}]',
        )
    attributes: list[Attribute] = []
    seen: dict[str, str] = {}
    for position, one in enumerate(written):
        attribute = _attribute(one, file, f"{member}[{position}] of {place}", is_sub=is_sub)
        if (other := seen.setdefault(attribute.name.lower(), attribute.name)) != attribute.name or len(
            seen
        ) == position:
            _refuse(
                file,
                f'has "{other}" and "{attribute.name}" in {place}, which are the same name (RFC 7643 section 2.1)',
                "Rename one of them",
            )
        attributes.append(attribute)
    return tuple(attributes)


def _attribute(written: Any, file: str, place: str, *, is_sub: bool) -> Attribute:
    of = _definition(written, file, place, is_sub=is_sub)
    type_ = of.choice("type", Type.STRING)
    _require_kept(of)
    if (type_ is Type.COMPLEX) is not ("subAttributes" in of.members):
        of.refuse(
            f'gives "{of.name}" the type {type_.value} '
            + ("without subAttributes" if type_ is Type.COMPLEX else "and subAttributes"),
            "A complex attribute has subAttributes, and no other does",
        )
    if is_sub and type_ is Type.COMPLEX:
        of.refuse(
            f'has the complex attribute "{of.name}" within another, which RFC 7643 section 2.3.8 forbids',
            "Declare its sub-attributes as attributes",
        )
    references = of.texts("referenceTypes")
    if references and type_ is not Type.REFERENCE:
        of.refuse(
            f'gives "{of.name}" referenceTypes and the type {type_.value}',
            'Write "type": "reference", or leave referenceTypes out',
        )
    subs = of.members.get("subAttributes")
    return Attribute(
        of.name,
        _description(of.members, file, f'"{of.name}"'),
        type_,
        multi_valued=of.flag("multiValued"),
        case_exact=of.flag("caseExact"),
        returned=of.choice("returned", Returned.DEFAULT),
        canonical_values=of.texts("canonicalValues"),
        reference_types=references,
        sub_attributes=_attributes(subs, file, f'"{of.name}"', is_sub=True) if type_ is Type.COMPLEX else (),
    )


def _definition(written: Any, file: str, place: str, *, is_sub: bool) -> _Definition:
    if not isinstance(written, dict):
        _refuse(
            file,
            f"has something other than a JSON object as {place}",
            'Write, for example, {"name": "costCode", "type": "string"}',
        )
    name = written.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARACTERS or not _is_name(name, is_sub=is_sub):
        _refuse(
            file,
            f"has no name for {place} of at most {MAX_NAME_CHARACTERS} letters, digits, hyphens and underscores",
            "Start the name with a letter, for example costCode",
        )
    if not is_sub and name.lower() in _OF_EVERY_RESOURCE:
        _refuse(file, f'declares "{name}", which every resource has', "Rename it")
    if is_sub and name.lower() == "not":
        _refuse(file, f'declares the sub-attribute "{name}", which a filter takes for the operator', "Rename it")
    if unknown := sorted(written.keys() - _CHARACTERISTICS):
        _refuse(
            file,
            f'gives "{name}" the characteristic {quoted(unknown[0])}',
            f"An attribute may only have {', '.join(sorted(_CHARACTERISTICS))}",
        )
    return _Definition(written, name, file)


def _is_name(text: str, *, is_sub: bool) -> bool:
    return _NAME.fullmatch(text) is not None or (is_sub and text == _REFERENCE)


def _require_kept(of: _Definition) -> None:
    """Refuse the characteristics that this service could not honour for an attribute of its users."""
    mutability, returned = of.choice("mutability", Mutability.READ_WRITE), of.choice("returned", Returned.DEFAULT)
    if mutability is Mutability.WRITE_ONLY or returned is Returned.NEVER:
        of.refuse(
            f'declares "{of.name}" as a secret (writeOnly, or returned never), but declared attributes are stored in '
            "the table, events and backups",
            "Leave it out: secrets do not belong in a directory",
        )
    if mutability is not Mutability.READ_WRITE:
        of.refuse(
            f'gives "{of.name}" the mutability {mutability.value}, but only identity providers set attributes',
            'Write "mutability": "readWrite", or leave it out',
        )
    if returned is Returned.ALWAYS:
        of.refuse(
            f'gives "{of.name}" returned "always", even to clients that ask for other attributes',
            'Write "returned": "default" or "request"',
        )
    if of.flag("required"):
        of.refuse(
            f'declares "{of.name}" as required, but then users without it could no longer be changed',
            'Write "required": false, and check it in the application',
        )
    if of.choice("uniqueness", Uniqueness.NONE) is not Uniqueness.NONE:
        of.refuse(
            f'declares "{of.name}" as unique, but the table has no index for it',
            'Write "uniqueness": "none". Only userName, e-mail addresses and externalId are indexed',
        )


def _description(written: Json, file: str, place: str) -> str:
    value = written.get("description", "")
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION_CHARACTERS:
        _refuse(file, f"describes {place} in more than {MAX_DESCRIPTION_CHARACTERS} characters", "Shorten it")
    return value
