"""The two ways to read a request: to the letter of the RFC, or with tolerances (`domain.tolerances.tolerant`).

Both rewrite what a client sent into what the strict parsers take (`domain.resources.body`, `domain.patch`,
`domain.filter`). Callers are given one of them and need not know which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain import filter as filters
from domain import patch
from domain.documents import Json
from domain.filter import Filter
from domain.patch import Operation
from domain.resources.attributes import Attribute, ResourceType


class Reader(Protocol):
    """Reads the requests of one account about resources of one type."""

    @property
    def resource_type(self) -> ResourceType:
        """The type of the resources."""

    def resource(self, body: Json) -> Json:
        """Return the body of a POST or PUT in the form that `domain.resources.body.attributes_of` takes."""

    def replacement(self, body: Json, stored: Json) -> Json:
        """Return the body of a PUT, from `resource`, with the `stored` attributes that it does not mean to remove."""

    def message(self, body: Json, urn: str) -> Json:
        """Return the body of the protocol message that `urn` names in the form that its parser takes."""

    def operations(self, body: Json) -> Sequence[Operation]:
        """Parse the body of a PATCH; raises what `domain.patch.parse_operations` raises."""

    def expanded(self, operation: Operation, attributes: Json) -> Sequence[Operation]:
        """Return the operations to apply in place of one from `operations`: itself, several or none.

        `attributes` are the resource's at that moment, after the operations before it.
        """

    def patched(self, before: Json, after: Json) -> Json:
        """Return the result of a PATCH, given the attributes before and after all of its operations."""

    def leaves_out(self, attribute: Attribute) -> bool:
        """Return True if values of an attribute with a `Relation` that refer to nothing are left out, not refused."""

    def filter(self, text: str) -> Filter:
        """Parse a filter; raises InvalidFilter."""

    def retried_lookup(self, value: str) -> str | None:
        """Return another value to look up when no index entry has `value`; None when there is none to try."""


@dataclass(frozen=True, slots=True)
class Strict:
    """Reads requests to the letter of the RFC."""

    resource_type: ResourceType

    def resource(self, body: Json) -> Json:
        return body

    def replacement(self, body: Json, stored: Json) -> Json:
        return body

    def message(self, body: Json, urn: str) -> Json:
        return body

    def operations(self, body: Json) -> Sequence[Operation]:
        return patch.parse_operations(body)

    def expanded(self, operation: Operation, attributes: Json) -> Sequence[Operation]:
        return (operation,)

    def patched(self, before: Json, after: Json) -> Json:
        return after

    def leaves_out(self, attribute: Attribute) -> bool:
        return False

    def filter(self, text: str) -> Filter:
        return filters.parse(text, self.resource_type)

    def retried_lookup(self, value: str) -> str | None:
        return None
