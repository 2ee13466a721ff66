"""The order that `sortBy` and `sortOrder` ask for (RFC 7644 section 3.4.2.3), as keys of resources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from domain.documents import Json
from domain.errors import InvalidValue
from domain.limits import MAX_SORT_CHARACTERS
from domain.quoting import quoted
from domain.resources.attributes import Attribute, Index, ResourceType, Returned, Type, Uniqueness
from domain.resources.comparison import form_of
from domain.resources.date_times import instant, text_of
from domain.resources.paths import AttributePath, resolve

SortKey = tuple[bool, Any]
"""Comparable with other keys of the same ordering: whether there is a value, and its comparable form."""

Scalar = str | int | float | None
"""A key as JSON holds it."""


@total_ordering
@dataclass(frozen=True, slots=True)
class _Reversed:
    """A form that compares the other way round."""

    form: Any

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.form < self.form)


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order of resources by one attribute.

    A multi-valued attribute is sorted by its primary value, else by its first. Resources without a value come last in
    ascending order, first in descending order. Equal keys leave the order as it was, so sorting by key is stable. Of a
    text the first `MAX_SORT_CHARACTERS` count, so that a cursor can hold any key.
    """

    path: AttributePath
    leaf: Attribute
    descending: bool = False

    @classmethod
    def of(cls, sort_by: str, resource_type: ResourceType, *, descending: bool = False) -> Ordering:
        """Return the ordering by the attribute that `sort_by` names; raises InvalidValue if it has no order."""
        path = resolve(sort_by, resource_type)
        if path is None or path.attribute.returned is Returned.NEVER:
            raise InvalidValue(
                f"sortBy is {quoted(sort_by)}, which is not an attribute of a {resource_type.name} that can be sorted "
                "by.",
                attribute="sortBy",
                expected=f"an attribute of a {resource_type.name}",
            )
        attribute = path.attribute
        leaf = attribute.sub_attribute("value") if attribute.is_complex else attribute
        if leaf is None:
            raise InvalidValue(
                f"sortBy cannot be {path}, because it has only sub-attributes. Name one of them.",
                attribute="sortBy",
                expected="an attribute without sub-attributes",
            )
        return cls(path, leaf, descending)

    def index(self, resource_type: ResourceType) -> Index | None:
        """Return the index that has all resources of the type in this order, ascending or descending, if any."""
        if not self.leaf.required or self.path.steps != (self.leaf,):
            return None
        names = (self.leaf.name,)
        return next((each for each in resource_type.indexes if each.is_sorted and names in each.paths), None)

    def key(self, resource: Json) -> SortKey:
        """Return the sort key of a whole resource, `id` and `meta` included."""
        return self._key(self._form(self._value(resource)))

    def position(self, key: SortKey) -> Scalar:
        """Return the key in a form that JSON can hold and `key_at` reads."""
        form = key[1].form if isinstance(key[1], _Reversed) else key[1]
        return text_of(form) if isinstance(form, tuple) else form

    def key_at(self, position: Scalar) -> SortKey:
        """Return the key of that position."""
        if self.leaf.type is Type.DATE_TIME and isinstance(position, str):
            return self._key(instant(position))
        return self._key(position)

    def _key(self, form: Any) -> SortKey:
        if self.descending:
            return form is not None, None if form is None else _Reversed(form)
        return form is None, form

    def _value(self, resource: Json) -> Any:
        value: Any = resource
        for step in self.path.steps:
            value = value.get(step.name)
            if not value and value is not False:
                return None
            if step.multi_valued:
                value = _preferred(value)
        return value.get(self.leaf.name) if isinstance(value, dict) else value

    def _form(self, value: Any) -> Any:
        match self.leaf.type:
            case _ if value is None:
                return None
            case Type.BOOLEAN | Type.INTEGER | Type.DECIMAL:
                return value
            case Type.DATE_TIME:
                return instant(value)
        form = form_of(self.leaf)
        if not isinstance(value, str):
            return form(value)
        # A unique value is short, and its end decides what its form starts with.
        start = value if self.leaf.uniqueness is Uniqueness.SERVER else value[:MAX_SORT_CHARACTERS]
        return form(start)[:MAX_SORT_CHARACTERS]


def _preferred(values: list[Any]) -> Any:
    for value in values:
        if isinstance(value, dict) and value.get("primary") is True:
            return value
    return values[0]
