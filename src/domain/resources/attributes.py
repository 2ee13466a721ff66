"""What a resource type and an attribute are (RFC 7643 sections 2 and 6): trees of frozen records.

`/Schemas`, validation, comparison, filters, PATCH paths, projection and sorting all read the tree of a resource type.
They are given the type and know no name, type or characteristic themselves. The resource itself is the root: a complex
attribute whose sub-attributes are the common attributes, the core schema's attributes and one complex attribute per
extension, named by the extension's URN (RFC 7643 section 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from domain.limits import MAX_BODY_BYTES, MAX_ITEMS, MAX_VALUES


class Type(StrEnum):
    """Data types of RFC 7643 section 2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """RFC 7643 section 2.2 and 7."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """RFC 7643 section 2.2 and 7."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    """RFC 7643 section 2.2 and 7."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


class Content(StrEnum):
    """What the text of an attribute has to be, in addition to its type; decides its checks and its longest length."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    """Visible characters, at least one: a name by which people recognise a resource."""
    ADDRESS = "address"
    """An e-mail address."""
    MEDIA = "media"
    """Data, or a URI that may contain them."""


class Relation(NamedTuple):
    """What the values of an attribute refer to: resources of another type, by their ids.

    Stores keep such values apart from the resource's document, as items in both directions (`domain.ports.Relations`).
    """

    noun: str
    """What error messages call a resource referred to."""
    endpoint: str
    """The endpoint of the resources referred to, for `$ref`."""
    type: str
    """The `type` of each value."""


class Index(NamedTuple):
    """A way in which a store finds resources of one type: by an equal value of one of these attributes.

    Its values are in order where it `is_sorted`, so that it finds prefixes too.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    """The names from the resource down to the attribute, as in `("emails", "value")`."""
    is_sorted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute and its characteristics; the defaults are those of RFC 7643 section 2.2.

    Attributes are compared by identity: each is made once, for the tree.
    """

    name: str
    description: str = ""
    type: Type = Type.STRING
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple[Attribute, ...] = ()
    content: Content = Content.TEXT
    max_values: int = MAX_VALUES
    """Of a multi-valued attribute in one request."""
    relation: Relation | None = None
    """Where the values are references that are stored apart from the document."""
    is_resource: bool = False
    """True for the root of a resource type's tree."""
    is_complex: bool = field(init=False, repr=False)
    is_kept: bool = field(init=False, repr=False)
    """True if the values that clients send are kept: not for readOnly attributes and the password."""
    is_apart: bool = field(init=False, repr=False)
    """True if the values that clients send are stored apart from the document: a `Relation` that is not readOnly."""
    names: frozenset[str] = field(init=False, repr=False)
    """Names of the sub-attributes, as the schema spells them."""
    complex_sub_attributes: tuple[Attribute, ...] = field(init=False, repr=False)
    single: Attribute = field(init=False, repr=False)
    """One value of a multi-valued attribute; the attribute itself if it has one value."""
    _by_name: dict[str, Attribute] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        spellings = {sub.name.lower(): sub for sub in self.sub_attributes}
        object.__setattr__(self, "_by_name", spellings | {sub.name: sub for sub in self.sub_attributes})
        object.__setattr__(self, "names", frozenset(sub.name for sub in self.sub_attributes))
        object.__setattr__(self, "is_complex", self.type is Type.COMPLEX)
        object.__setattr__(self, "complex_sub_attributes", tuple(sub for sub in self.sub_attributes if sub.is_complex))
        kept = self.mutability is not Mutability.READ_ONLY and self.returned is not Returned.NEVER
        object.__setattr__(self, "is_kept", kept)
        is_apart = self.relation is not None and self.mutability is not Mutability.READ_ONLY
        object.__setattr__(self, "is_apart", is_apart)
        object.__setattr__(self, "single", replace(self, multi_valued=False) if self.multi_valued else self)

    def sub_attribute(self, name: str) -> Attribute | None:
        """The sub-attribute of that name in any case (RFC 7643 section 2.1), or None."""
        return self._by_name.get(name) or self._by_name.get(name.lower())

    @property
    def is_extension(self) -> bool:
        """True for the container of a schema extension, which is named by its URN."""
        return self.name.startswith("urn:")


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema (RFC 7643 section 7): its URN and its attributes."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    is_declared: bool = False
    """True for an extension that the deployment declares: it may be gone, or have other attributes, at any time."""


def _nothing_more(attributes: dict[str, Any]) -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """A resource type (RFC 7643 section 6), from which all that the engine does with its resources follows.

    Types are compared by identity, like attributes: each is made once, and what is derived from it can be cached by it.
    """

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    switched_off: frozenset[str] = frozenset()
    """The URNs, in lower case, of the extensions that the deployment declares and these resources do not have."""
    indexes: tuple[Index, ...] = ()
    """How a store finds resources of this type, the most selective way first."""
    max_body_bytes: int = MAX_BODY_BYTES
    """Of a request about one resource."""
    max_items: int = MAX_ITEMS
    """Values of all arrays and members of all objects in it."""
    check: Callable[[dict[str, Any]], None] = field(default=_nothing_more, repr=False)
    """Checks what the attribute tree cannot say, given attributes of the right types; raises a `ScimError`."""
    root: Attribute = field(init=False, repr=False)
    """The resource itself, whose sub-attributes are all of its attributes."""
    urns: Mapping[str, str] = field(init=False, repr=False)
    """The URNs of the core schema, which comes first, and of the extensions, by the URN in lower case."""
    schema_ids: frozenset[str] = field(init=False, repr=False)
    """The same URNs as the schemas spell them."""
    lasting_ids: frozenset[str] = field(init=False, repr=False)
    """Those of the schemas that every deployment has."""
    relations: Mapping[str, Attribute] = field(init=False, repr=False)
    """The attributes whose values are stored apart (`Attribute.relation`), by name."""

    def __post_init__(self) -> None:
        schemas = (self.schema, *self.extensions)
        object.__setattr__(self, "urns", {each.id.lower(): each.id for each in schemas})
        object.__setattr__(self, "schema_ids", frozenset(each.id for each in schemas))
        object.__setattr__(self, "lasting_ids", frozenset(each.id for each in schemas if not each.is_declared))
        known = replace(_SCHEMAS, canonical_values=tuple(each.id for each in schemas))
        containers = tuple(
            Attribute(each.id, each.description, Type.COMPLEX, sub_attributes=each.attributes)
            for each in self.extensions
        )
        attributes = (known, *COMMON_ATTRIBUTES, *self.schema.attributes, *containers)
        root = Attribute(self.name, self.description, Type.COMPLEX, sub_attributes=attributes, is_resource=True)
        object.__setattr__(self, "root", root)
        apart = {each.name: each for each in root.sub_attributes if each.relation is not None}
        object.__setattr__(self, "relations", apart)

    @property
    def noun(self) -> str:
        """What error messages call a resource of this type: "user" for User."""
        return self.name.lower()


_SCHEMAS: Final = Attribute(
    "schemas",
    "The URNs of the schemas present in the resource.",
    Type.REFERENCE,
    multi_valued=True,
    required=True,
    returned=Returned.ALWAYS,
    reference_types=("uri",),
)
"""`schemas`; the canonical values are the URNs of each type."""

EXTERNAL_ID: Final = Attribute(
    "externalId", "The identifier that the identity provider gave the resource.", case_exact=True
)

COMMON_ATTRIBUTES: Final = (
    Attribute(
        "id",
        "The identifier that this service gave the resource.",
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
    ),
    EXTERNAL_ID,
    Attribute(
        "meta",
        "Metadata of the resource.",
        Type.COMPLEX,
        mutability=Mutability.READ_ONLY,
        sub_attributes=(
            Attribute(
                "resourceType", "The name of the resource type.", case_exact=True, mutability=Mutability.READ_ONLY
            ),
            Attribute("created", "When the resource was created.", Type.DATE_TIME, mutability=Mutability.READ_ONLY),
            Attribute(
                "lastModified", "When the resource last changed.", Type.DATE_TIME, mutability=Mutability.READ_ONLY
            ),
            Attribute(
                "location",
                "The URI of the resource.",
                Type.REFERENCE,
                case_exact=True,
                mutability=Mutability.READ_ONLY,
                reference_types=("uri",),
            ),
            Attribute(
                "version", "The version of the resource, its ETag.", case_exact=True, mutability=Mutability.READ_ONLY
            ),
        ),
    ),
)
"""What every resource has in addition to `schemas` (RFC 7643 section 3.1)."""
