"""The tolerances at work: each stage tries its own in order and notes the names of those that applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from domain.attributes import Attribute
from domain.canonical import canonical_names, canonical_value
from domain.errors import InvalidPath
from domain.filter import STRICT, Leniency, parse_patch_path
from domain.patch import Operation, Target, apply, target_of
from domain.stored_user import Json
from domain.tolerances.record import Operations, Tolerance
from domain.tolerances.registry import TOLERANCES
from domain.tolerances.walk import rewritten
from domain.user_schema import USER

Applied = set[str]
"""The names of the tolerances that a request needed; a name tells nothing of the request's values."""


_Hook = TypeVar("_Hook")


def _stage(hook_of: Callable[[Tolerance], _Hook | None]) -> tuple[tuple[str, _Hook], ...]:
    return tuple((each.name, hook) for each in TOLERANCES if (hook := hook_of(each)) is not None)


_RESOURCE: Final = _stage(lambda each: each.resource)
_REPLACEMENT: Final = _stage(lambda each: each.replacement)
_MESSAGE: Final = _stage(lambda each: each.message)
_READING: Final = _stage(lambda each: each.reading)
_VALUE: Final = _stage(lambda each: each.value)
_OPERATION: Final = _stage(lambda each: each.operation)
_LOOKUP: Final = _stage(lambda each: each.lookup)
_LENIENCY: Final = {flag: name for name, flag in _stage(lambda each: each.leniency)}


def tolerate_resource(body: Json, applied: Applied) -> Json:
    """The body of a POST or PUT as the RFC has it, names canonical; raises InvalidSyntax for a name sent twice."""
    body = canonical_names(body)
    for name, hook in _RESOURCE:
        changed = hook(body)
        if changed is not None:
            applied.add(name)
            body = changed
    return _object(_value(body, USER.root, applied))


def tolerate_replacement(body: Json, stored: Json, applied: Applied) -> Json:
    """The body of a PUT, from `tolerate_resource`, with what of the stored attributes it does not mean to remove."""
    for name, hook in _REPLACEMENT:
        changed = hook(body, stored)
        if changed is not None:
            applied.add(name)
            body = changed
    return body


def tolerate_patch(body: Json, applied: Applied) -> Json:
    """The body of a PATCH as `domain.patch.parse_operations` reads it."""
    for name, hook in _MESSAGE:
        changed = hook(body)
        if changed is not None:
            applied.add(name)
            body = changed
    return body


def tolerate_operation(operation: Operation, attributes: Json, applied: Applied) -> list[Operation]:
    """The operations, perhaps none, to apply one after the other in the place of one that was sent.

    `attributes` are those at that moment: the result of the operations before. Raises what reading and applying the
    operations raises, such as InvalidPath.
    """
    result: list[Operation] = []
    parts = _read(operation, applied)
    for number, part in enumerate(parts, start=1):
        ready = _ready(part, attributes, applied)
        result.extend(ready)
        if number < len(parts):
            for each in ready:
                attributes = apply(attributes, each)
    return result


def filter_leniency(applied: Applied | None) -> Leniency:
    """What the filter parser may forgive: nothing without an `Applied`."""
    if applied is None:
        return STRICT
    return Leniency(**dict.fromkeys(_LENIENCY, True), on_use=lambda flag: applied.add(_LENIENCY[flag]))


def tolerate_lookup(value: str, applied: Applied) -> str | None:
    """Another value to look for, when the index does not know `value`; None when there is none."""
    for name, hook in _LOOKUP:
        changed = hook(value)
        if changed is not None:
            applied.add(name)
            return changed
    return None


def _read(operation: Operation, applied: Applied) -> list[Operation]:
    """The operations that one means, each with a path that the strict reading takes, if any does."""
    operations = [operation]
    for name, hook in _READING:
        operations = list(_each(operations, name, hook, applied))
    return [_with_strict_path(each, applied) for each in operations]


def _ready(operation: Operation, attributes: Json, applied: Applied) -> list[Operation]:
    attribute = USER.root if operation.path is None else target_of(operation.path).attribute
    value = _value(canonical_value(operation.value, attribute), attribute, applied)
    operations = [replace(operation, value=value)]
    for name, hook in _OPERATION:

        def with_target(each: Operation, hook: _OperationHook = hook) -> Operations | None:
            return hook(each, None if each.path is None else target_of(each.path), attributes)

        operations = list(_each(operations, name, with_target, applied))
    return operations


_OperationHook = Callable[[Operation, Target | None, Json], Operations | None]


def _each(
    operations: list[Operation], name: str, hook: Callable[[Operation], Operations | None], applied: Applied
) -> Iterator[Operation]:
    for operation in operations:
        changed = hook(operation)
        if changed is None:
            yield operation
        else:
            applied.add(name)
            yield from changed


def _with_strict_path(operation: Operation, applied: Applied) -> Operation:
    """The operation with its path in the RFC's notation; raises InvalidPath for one that nothing can read."""
    if operation.path is None:
        return operation
    try:
        target_of(operation.path)
    except InvalidPath:
        return replace(operation, path=str(parse_patch_path(operation.path, filter_leniency(applied))))
    return operation


def _value(value: Any, attribute: Attribute, applied: Applied) -> Any:
    return rewritten(value, attribute, _VALUE, applied)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
