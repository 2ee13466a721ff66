"""`{"type": "work", "value": null}`: an entry without content is removed, as with an empty text.

To the letter only the sub-attribute would be unassigned, which leaves an entry with nothing except labels, or a manager
with nothing except a `$ref`.
"""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance

LABELS: Final = frozenset({"type", "primary"})
"""Sub-attributes that describe an entry and say nothing without its value."""


def _settled(attribute: Attribute, value: Any) -> Any:
    if isinstance(value, dict):
        has_none = attribute.sub_attribute("value") is not None and "value" in value and is_unassigned(value["value"])
        return None if has_none else value
    if not isinstance(value, list):
        return value
    kept = [item for item in value if _says_something(item)]
    return value if len(kept) == len(value) else kept


def _says_something(item: Any) -> bool:
    if not isinstance(item, dict):
        return not is_unassigned(item)
    return any(name not in LABELS and not is_unassigned(member) for name, member in item.items())


def is_unassigned(value: Any) -> bool:
    """Return True for null, and for an array or object with nothing in it (RFC 7643 section 2.5)."""
    return value is None or value == [] or value == {}


TOLERANCE: Final = Tolerance(
    name="emptied-entry",
    source="Entra ID on demand: better-auth issue 11015; entries without a value: gravitee-io AM-7628",
    concerns=lambda attribute: attribute.is_complex and not attribute.is_apart,
    settled=_settled,
)
