"""Applies all operations of a PATCH in order to a resource's attributes, within what a request may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from domain import patch
from domain.documents import Json
from domain.effort import Effort
from domain.patch import Op, Operation, Target
from domain.resources.attributes import ResourceType
from domain.tolerances import Reader

Relate = Callable[[Operation, Target], None]
"""Takes an operation on an attribute whose values are stored apart."""


def _not_here(operation: Operation, target: Target) -> None:
    raise TypeError(f"no values are stored apart: {target.path}")


def patched(
    operations: Sequence[Operation],
    attributes: Json,
    resource_type: ResourceType,
    *,
    reader: Reader,
    effort: Effort,
    relate: Relate = _not_here,
) -> Json:
    """Return the attributes after all operations, still to be checked (`domain.resources.body.checked`).

    Operations on attributes whose values are stored apart are given to `relate` in their turn.
    """
    before = attributes
    # All values are read, checked and written, however little is changed.
    effort.spend(2 * sum(map(_count, before.values())))
    count = 0
    for part in (part for operation in operations for part in _parts(operation, resource_type)):
        _spend(part, attributes, resource_type, effort)
        expanded = reader.expanded(part, attributes)
        count += len(expanded)
        patch.require_bounded(count)
        for each in expanded:
            if each is not part:
                _spend(each, attributes, resource_type, effort)
            target = None if each.path is None else patch.target_of(each.path, resource_type)
            if target is not None and target.is_apart:
                relate(each, target)
            else:
                attributes = patch.apply(attributes, each, resource_type)
    return reader.patched(before, attributes)


def _count(value: Any) -> int:
    """Return the number of values of an attribute, and of the attributes of an extension."""
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return len(value) if isinstance(value, list) else 0


def _spend(operation: Operation, attributes: Json, resource_type: ResourceType, effort: Effort) -> None:
    """Count the comparisons that find the values of an operation's path; raises TooMany or OutOfTime."""
    path = operation.path
    effort.spend(0 if path is None else patch.target_of(path, resource_type).cost(attributes))


def _parts(operation: Operation, resource_type: ResourceType) -> Iterator[Operation]:
    """Yield an operation without a path in parts: what is in the document, then each attribute stored apart."""
    value = operation.value
    if operation.path is not None or operation.op is Op.REMOVE or not isinstance(value, dict):
        yield operation
        return
    apart = [name for name in value if (sub := resource_type.root.sub_attribute(name)) is not None and sub.is_apart]
    if not apart:
        yield operation
        return
    rest = {name: member for name, member in value.items() if name not in apart}
    if rest:
        yield Operation(operation.op, None, rest)
    for name in apart:
        yield Operation(operation.op, name, value[name])
