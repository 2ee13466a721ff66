"""A walk through a value along the attribute tree, from the outermost inwards, that rewrites as it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.patch.targets import single
from domain.resources.attributes import Attribute, Mutability

_Hooks = Sequence[tuple[str, Callable[[Attribute, Any], Any]]]


def rewritten(value: Any, attribute: Attribute, hooks: _Hooks, settling: _Hooks, applied: set[str]) -> Any:
    """`value` of `attribute` with every hook tried on it and on all it holds; the very value when none applied.

    `settling` are the hooks that are tried on an array or object once all it holds is rewritten.
    What is readOnly is left alone: nothing reads it. An item of a list that becomes None is dropped.
    """
    if value is None or attribute.mutability is Mutability.READ_ONLY:
        return value
    value = _tried(value, attribute, hooks, applied)
    if isinstance(value, list) and attribute.multi_valued:
        value = _list(value, single(attribute), hooks, settling, applied)
    elif isinstance(value, dict) and attribute.is_complex:
        value = _object(value, attribute, hooks, settling, applied)
    else:
        return value
    return _tried(value, attribute, settling, applied)


def _tried(value: Any, attribute: Attribute, hooks: _Hooks, applied: set[str]) -> Any:
    for name, hook in hooks:
        changed = hook(attribute, value)
        if changed is not value:
            applied.add(name)
            value = changed
    return value


def _list(value: list[Any], attribute: Attribute, hooks: _Hooks, settling: _Hooks, applied: set[str]) -> list[Any]:
    items = [rewritten(item, attribute, hooks, settling, applied) for item in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return [item for item in items if item is not None]


def _object(
    value: dict[str, Any], attribute: Attribute, hooks: _Hooks, settling: _Hooks, applied: set[str]
) -> dict[str, Any]:
    changed = {}
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        if sub is not None:
            new = rewritten(member, sub, hooks, settling, applied)
            if new is not member:
                changed[name] = new
    return value | changed if changed else value
