"""The tolerances at work: each stage tries its own in order and notes the names of those that applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from domain.documents import Json
from domain.errors import InvalidPath, InvalidSyntax
from domain.filter import STRICT, Leniency, parse_patch_path
from domain.patch import PATCH_OP_URN, Op, Operation, Target, require_bounded, target_of
from domain.quoting import quoted
from domain.resources.canonical import canonical_names, canonical_value
from domain.resources.paths import resolve
from domain.resources.user_schema import USER
from domain.tolerances.quirks import unknown_member
from domain.tolerances.quirks.unknown_path import names_foreign
from domain.tolerances.record import Operations, Tolerance
from domain.tolerances.registry import TOLERANCES
from domain.tolerances.walk import rewritten

Applied = set[str]
"""The names of the tolerances that a request needed; a name tells nothing of the request's values."""


_Hook = TypeVar("_Hook")


def _stage(hook_of: Callable[[Tolerance], _Hook | None]) -> tuple[tuple[str, _Hook], ...]:
    return tuple((each.name, hook) for each in TOLERANCES if (hook := hook_of(each)) is not None)


_SPELLING: Final = _stage(lambda each: each.spelling)
_RESOURCE: Final = _stage(lambda each: each.resource)
_REPLACEMENT: Final = _stage(lambda each: each.replacement)
_MESSAGE: Final = _stage(lambda each: each.message)
_ENVELOPE: Final = _stage(lambda each: each.envelope)
_READING: Final = _stage(lambda each: each.reading)
_OPERATIONS: Final = _stage(lambda each: each.operations)
_VALUE: Final = _stage(lambda each: each.value)
_SETTLED: Final = _stage(lambda each: each.settled)
_OPERATION: Final = _stage(lambda each: each.operation)
_PATCHED: Final = _stage(lambda each: each.patched)
_LOOKUP: Final = _stage(lambda each: each.lookup)
_LENIENCY: Final = {flag: name for name, flag in _stage(lambda each: each.leniency)}


def tolerate_resource(body: Json, applied: Applied) -> Json:
    """The body of a POST or PUT as the RFC has it, names canonical; raises InvalidSyntax for a name sent twice."""
    body = _with_spelled_members(canonical_names(body), applied)
    for name, hook in _RESOURCE:
        changed = hook(body)
        if changed is not None:
            applied.add(name)
            body = _with_spelled_members(changed, applied)
    return _object(rewritten(body, USER.root, _VALUE, _SETTLED, applied))


def tolerate_replacement(body: Json, stored: Json, applied: Applied) -> Json:
    """The body of a PUT, from `tolerate_resource`, with what of the stored attributes it does not mean to remove."""
    for name, hook in _REPLACEMENT:
        changed = hook(body, stored)
        if changed is not None:
            applied.add(name)
            body = changed
    return body


def tolerate_message(body: Json, urn: str, applied: Applied) -> Json:
    """The body of a message of the protocol, `urn` saying which, with that in its `schemas`."""
    for name, hook in _ENVELOPE:
        changed = hook(body, urn)
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
    return tolerate_message(body, PATCH_OP_URN, applied)


def tolerate_operations(operations: Operations, applied: Applied) -> list[Operation]:
    """The operations of a PATCH with their paths and values in the RFC's form, without what this service does not have.

    Raises InvalidPath for a path that names nothing of a User and where nothing of the PATCH would remain; what reading
    the operations raises, such as InvalidSyntax.
    """
    read: list[Operation] = []
    for operation in operations:
        read.extend(_read(operation, applied))
        require_bounded(len(read))
    for name, hook in _OPERATIONS:
        changed = hook(read)
        if changed is not None:
            applied.add(name)
            read = list(changed)
    kept = [ready for part in read if (ready := _with_value(part, applied)) is not None]
    if operations and not kept and not any(names_foreign(_spelled(each, set())) for each in operations):
        raise InvalidPath(
            "Nothing that the operations name is an attribute of a User, so nothing would be changed. Correct the "
            "names, or leave the operations out."
        )
    return kept


def tolerate_operation(operation: Operation, attributes: Json, applied: Applied) -> list[Operation]:
    """The operations, perhaps none, to apply one after the other in the place of one from `tolerate_operations`.

    `attributes` are those at that moment: the result of the operations before.
    """
    operations = [operation]
    for name, hook in _OPERATION:

        def with_target(each: Operation, hook: _OperationHook = hook) -> Operations | None:
            return hook(each, None if each.path is None else target_of(each.path), attributes)

        operations = list(_each(operations, name, with_target, applied))
    return operations


def tolerate_result(before: Json, after: Json, applied: Applied) -> Json:
    """The attributes after all operations of a PATCH, with what they do not mean to repeat."""
    for attribute in USER.root.sub_attributes:
        values = after.get(attribute.name)
        if not attribute.multi_valued or not isinstance(values, list) or values is before.get(attribute.name):
            continue
        for name, hook in _PATCHED:
            changed = hook(attribute, before.get(attribute.name, []), values)
            if changed is not values:
                applied.add(name)
                values = changed
                after = after | {attribute.name: values}
    return after


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
    operations = [_spelled(operation, applied)]
    for name, hook in _READING:
        operations = [_spelled(each, applied) for each in _each(operations, name, hook, applied)]
    return [_with_strict_path(each, applied) for each in operations]


def _spelled(operation: Operation, applied: Applied) -> Operation:
    """The operation with the names in its path, or of its members, as the RFC has them."""
    if operation.path is not None:
        path = _spelled_name(operation.path, applied)
        return operation if path is operation.path else replace(operation, path=path)
    if not isinstance(operation.value, dict):
        return operation
    value = _with_spelled_members(operation.value, applied)
    return operation if value is operation.value else replace(operation, value=value)


def _with_spelled_members(value: Json, applied: Applied) -> Json:
    """The members of a User, or of a part of one, with those that are no attributes spelled as the RFC has them."""
    if all(USER.root.sub_attribute(name) is not None for name in value):
        return value
    spelled: Json = {}
    for name, member in value.items():
        right = name
        if USER.root.sub_attribute(name) is None:
            right = _spelled_name(name, applied)
            if "[" in right and resolve(right.partition("[")[0]) is not None:
                right = _strict_path(right, applied)
        if right in spelled:
            raise InvalidSyntax(f"{quoted(right)} is there twice, in different forms. Send it once.")
        spelled[right] = member
    return value if all(name in value for name in spelled) else spelled


def _spelled_name(text: str, applied: Applied) -> str:
    """A name or path as the hooks spell what comes before its brackets; the very text when it is right already."""
    name, bracket, rest = text.partition("[")
    if resolve(name) is not None:
        return text
    for tolerance, hook in _SPELLING:
        changed = hook(name)
        if changed is not None:
            applied.add(tolerance)
            name = changed
            text = name + bracket + rest
    return text


def _with_value(operation: Operation, applied: Applied) -> Operation | None:
    """The operation with its value as the RFC has it; None where only what no User has was in it."""
    attribute = USER.root if operation.path is None else target_of(operation.path).attribute
    used: Applied = set()
    # A removal names what is there, be it by its type alone.
    settling = () if operation.op is Op.REMOVE else _SETTLED
    value = rewritten(canonical_value(operation.value, attribute), attribute, _VALUE, settling, used)
    applied |= used
    if unknown_member.TOLERANCE.name in used and operation.op is not Op.REMOVE and _is_hollow(value):
        return None
    return replace(operation, value=value)


def _is_hollow(value: Any) -> bool:
    """Whether arrays and objects hold nothing at all, not even a null."""
    return isinstance(value, list | dict) and all(map(_is_hollow, value.values() if isinstance(value, dict) else value))


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
    path = _strict_path(operation.path, applied)
    return operation if path is operation.path else replace(operation, path=path)


def _strict_path(path: str, applied: Applied) -> str:
    try:
        target_of(path)
    except InvalidPath:
        return str(parse_patch_path(path, filter_leniency(applied)))
    return path


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
