"""What an attribute is (RFC 7643 section 2): a tree of frozen records from which everything else about a User follows.

`/Schemas`, validation, comparison, filters, PATCH paths, projection and sorting all read this tree; nothing else in the
code knows a name, a type or a characteristic. The resource itself is the root: a complex attribute whose
sub-attributes are the common attributes, the core schema's attributes and one complex attribute per extension, named
by the extension's URN (RFC 7643 section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


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
    is_complex: bool = field(init=False, repr=False)
    is_kept: bool = field(init=False, repr=False)
    """True if the values that clients send are kept: not for readOnly attributes and the password."""
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


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type (RFC 7643 section 6) with its extensions, and the root of its attribute tree."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...]
    root: Attribute
