"""Two values with `primary: true`: the first stays the primary one."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.attributes import Attribute
from domain.tolerances.record import Tolerance


def _settled(attribute: Attribute, value: Any) -> Any:
    return _with_one(value) if isinstance(value, list) else value


def _patched(attribute: Attribute, before: list[Any], after: list[Any]) -> list[Any]:
    return _with_one(after)


def _with_one(values: list[Any]) -> list[Any]:
    primary = [place for place, item in enumerate(values) if isinstance(item, dict) and item.get("primary") is True]
    others = set(primary[1:])
    return (
        [item | {"primary": False} if place in others else item for place, item in enumerate(values)]
        if others
        else values
    )


TOLERANCE: Final = Tolerance(
    name="second-primary",
    source="SAP Cloud Identity Services: its mapping marks the first address as primary even if another is",
    concerns=lambda attribute: attribute.multi_valued,
    settled=_settled,
    patched=_patched,
)
