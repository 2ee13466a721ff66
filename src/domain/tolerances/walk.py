"""A walk through a value along the attribute tree, from the outermost value inwards, that rewrites as it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.resources.attributes import Attribute, Mutability

Hooks = Callable[[Attribute], Sequence[tuple[str, Callable[[Attribute, Any], Any]]]]
"""The hooks of one stage that concern an attribute, each with the name of its tolerance."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Rewrites values with `hooks`, and each array or object with `settling` once all that it holds is rewritten.

    `noted` collects the names of the hooks that changed something.
    """

    hooks: Hooks
    settling: Hooks
    noted: set[str]

    def rewritten(self, value: Any, attribute: Attribute) -> Any:
        """Return `value` of `attribute` after every hook on it and on all that it holds; the same object if unchanged.

        A readOnly value is left alone, since nothing reads it. A list item that becomes None is dropped.
        """
        if value is None or attribute.mutability is Mutability.READ_ONLY:
            return value
        value = self._tried(value, attribute, self.hooks)
        if isinstance(value, list) and attribute.multi_valued:
            value = self._list(value, attribute.single)
        elif isinstance(value, dict) and attribute.is_complex:
            value = self._object(value, attribute)
        else:
            return value
        return self._tried(value, attribute, self.settling)

    def _tried(self, value: Any, attribute: Attribute, hooks: Hooks) -> Any:
        for name, hook in hooks(attribute):
            changed = hook(attribute, value)
            if changed is not value:
                self.noted.add(name)
                value = changed
        return value

    def _list(self, value: list[Any], attribute: Attribute) -> list[Any]:
        items = [self.rewritten(item, attribute) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return [item for item in items if item is not None]

    def _object(self, value: dict[str, Any], attribute: Attribute) -> dict[str, Any]:
        changed = {}
        for name, member in value.items():
            sub = attribute.sub_attribute(name)
            if sub is not None:
                new = self.rewritten(member, sub)
                if new is not member:
                    changed[name] = new
        return value | changed if changed else value
