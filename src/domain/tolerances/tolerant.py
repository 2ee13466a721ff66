"""Reads requests with tolerances: each stage tries its own in order and notes the names of those that applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, TypeVar

from domain import filter as filters
from domain import patch
from domain.documents import Json
from domain.errors import InvalidPath, InvalidSyntax
from domain.filter import Filter, Leniency, parse_patch_path
from domain.patch import PATCH_OP_URN, Op, Operation, Target, require_bounded, target_of
from domain.quoting import quoted
from domain.resources.attributes import Attribute
from domain.resources.canonical import canonical_names, canonical_value
from domain.resources.paths import resolve
from domain.resources.user_schema import USER
from domain.tolerances.quirks import unknown_member
from domain.tolerances.quirks.unknown_path import names_foreign
from domain.tolerances.readers import STRICT, Reader
from domain.tolerances.record import Operations, Tolerance
from domain.tolerances.registry import TOLERANCES
from domain.tolerances.walk import Walk

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
_OPERATION: Final = _stage(lambda each: each.operation)
_PATCHED: Final = _stage(lambda each: each.patched)
_LOOKUP: Final = _stage(lambda each: each.lookup)
_MULTI_VALUED: Final = tuple(attribute for attribute in USER.root.sub_attributes if attribute.multi_valued)
_LENIENCY: Final = {flag: name for name, flag in _stage(lambda each: each.leniency)}


_OperationHooks = tuple[tuple[str, Callable[[Operation, Target | None, Json], Operations | None]], ...]
_ValueHook = Callable[[Attribute, Any], Any]


@cache
def _value_hooks(attribute: Attribute) -> Sequence[tuple[str, _ValueHook]]:
    return _concerning(attribute, lambda each: each.value)


@cache
def _settled_hooks(attribute: Attribute) -> Sequence[tuple[str, _ValueHook]]:
    return _concerning(attribute, lambda each: each.settled)


def _no_hooks(attribute: Attribute) -> Sequence[tuple[str, _ValueHook]]:
    return ()


def _concerning(
    attribute: Attribute, hook_of: Callable[[Tolerance], _ValueHook | None]
) -> Sequence[tuple[str, _ValueHook]]:
    """Return the hooks of a stage of values that may have something to do for an attribute."""
    return tuple(
        (each.name, hook)
        for each in TOLERANCES
        if (hook := hook_of(each)) is not None and (each.concerns is None or each.concerns(attribute))
    )


@dataclass(frozen=True, slots=True)
class Tolerant:
    """Reads the requests of one account, accepting known deviations from the RFC (a `domain.tolerances.Reader`).

    `noted` collects the names of the tolerances that applied; a name says nothing about the request's values.

    >>> reader = Tolerant()
    >>> reader.resource({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "b", "active": "True"})
    {'schemas': ['urn:ietf:params:scim:schemas:core:2.0:User'], 'userName': 'b', 'active': True}
    >>> reader.noted
    {'string-boolean'}
    """

    noted: set[str] = field(default_factory=set)

    def resource(self, body: Json) -> Json:
        """Return the body of a POST or PUT as the RFC has it, names canonical; InvalidSyntax for a name sent twice."""
        body = self._with_spelled_members(canonical_names(body))
        for name, hook in _RESOURCE:
            changed = hook(body)
            if changed is not None:
                self.noted.add(name)
                body = self._with_spelled_members(changed)
        return _object(Walk(_value_hooks, _settled_hooks, self.noted).rewritten(body, USER.root))

    def replacement(self, body: Json, stored: Json) -> Json:
        """Return the body of a PUT, from `resource`, with the `stored` attributes that it does not mean to remove."""
        for name, hook in _REPLACEMENT:
            changed = hook(body, stored)
            if changed is not None:
                self.noted.add(name)
                body = changed
        return body

    def message(self, body: Json, urn: str) -> Json:
        """Return the body of a message of the protocol with `urn`, which names its kind, in its `schemas`."""
        for name, hook in _ENVELOPE:
            changed = hook(body, urn)
            if changed is not None:
                self.noted.add(name)
                body = changed
        return body

    def operations(self, body: Json) -> Operations:
        """Parse the body of a PATCH: paths and values in the RFC's form, without what this service does not have.

        Raises InvalidPath for a path that names nothing of a User and where nothing of the PATCH would remain, and
        what parsing the operations raises, such as InvalidSyntax.
        """
        for name, hook in _MESSAGE:
            changed = hook(body)
            if changed is not None:
                self.noted.add(name)
                body = changed
        return self._readable(patch.parse_operations(self.message(body, PATCH_OP_URN)))

    def _readable(self, operations: Operations) -> Operations:
        """Return the operations in the form that the engine takes."""
        parts: list[Operation] = []
        for operation in operations:
            parts.extend(self._parts(operation))
            require_bounded(len(parts))
        for name, hook in _OPERATIONS:
            changed = hook(parts)
            if changed is not None:
                self.noted.add(name)
                parts = list(changed)
        kept = [ready for part in parts if (ready := self._with_value(part)) is not None]
        if not kept and not any(names_foreign(Tolerant()._spelled(each)) for each in operations):
            raise InvalidPath(
                "Nothing that the operations name is an attribute of a User, so nothing would be changed. Correct the "
                "names, or leave the operations out."
            )
        return kept

    def expanded(self, operation: Operation, attributes: Json) -> Operations:
        """Return the operations, perhaps none, to apply in turn in place of one from `operations`.

        `attributes` are the user's at that moment, after the operations before it.
        """
        return self._expanded(operation, attributes, _OPERATION)

    def _expanded(self, operation: Operation, attributes: Json, hooks: _OperationHooks) -> Operations:
        target = None if operation.path is None else target_of(operation.path)
        for position, (name, hook) in enumerate(hooks, start=1):
            changed = hook(operation, target, attributes)
            if changed is not None:
                self.noted.add(name)
                left = hooks[position:]
                return [part for each in changed for part in self._expanded(each, attributes, left)]
        return (operation,)

    def patched(self, before: Json, after: Json) -> Json:
        """Return the attributes after all operations of a PATCH, without the values that they do not mean to repeat."""
        for attribute in _MULTI_VALUED:
            values = after.get(attribute.name)
            if not isinstance(values, list) or values is before.get(attribute.name):
                continue
            for name, hook in _PATCHED:
                changed = hook(attribute, before.get(attribute.name, []), values)
                if changed is not values:
                    self.noted.add(name)
                    values = changed
                    after = after | {attribute.name: values}
        return after

    def filter(self, text: str) -> Filter:
        """Parse a filter, forgiving all that a `Leniency` names; raises InvalidFilter."""
        return filters.parse(text, self._leniency)

    @property
    def _leniency(self) -> Leniency:
        return Leniency(**dict.fromkeys(_LENIENCY, True), on_use=lambda flag: self.noted.add(_LENIENCY[flag]))

    def retried_lookup(self, value: str) -> str | None:
        """Return another value to look up when no index entry has `value`; None when there is none to try."""
        for name, hook in _LOOKUP:
            changed = hook(value)
            if changed is not None:
                self.noted.add(name)
                return changed
        return None

    def _parts(self, operation: Operation) -> Operations:
        """Return the operations that one stands for, each with a path that the strict parser takes."""
        operations: Operations = (self._spelled(operation),)
        for name, hook in _READING:
            changed = self._rewritten(operations, name, hook)
            if changed is not operations:
                operations = [self._spelled(each) for each in changed]
        return [self._with_strict_path(each) for each in operations]

    def _spelled(self, operation: Operation) -> Operation:
        """Return the operation with the names in its path, or of its members, spelled as the RFC has them."""
        if operation.path is not None:
            path = self._spelled_name(operation.path)
            return operation if path is operation.path else replace(operation, path=path)
        if not isinstance(operation.value, dict):
            return operation
        value = self._with_spelled_members(operation.value)
        return operation if value is operation.value else replace(operation, value=value)

    def _with_spelled_members(self, value: Json) -> Json:
        """Return the members of a User, or of a part of one, with unknown names spelled as the RFC has them."""
        if all(USER.root.sub_attribute(name) is not None for name in value):
            return value
        spelled: Json = {}
        for name, member in value.items():
            right = name
            if USER.root.sub_attribute(name) is None:
                right = self._spelled_name(name)
                if "[" in right and resolve(right.partition("[")[0]) is not None:
                    right = self._strict_path(right)
            if right in spelled:
                raise InvalidSyntax(f"{quoted(right)} appears twice, in different forms. Send it once.")
            spelled[right] = member
        return value if all(name in value for name in spelled) else spelled

    def _spelled_name(self, text: str) -> str:
        """Return a name or path with the part before its brackets respelled; the same object when it is right."""
        name, bracket, rest = text.partition("[")
        if resolve(name) is not None:
            return text
        for tolerance, hook in _SPELLING:
            changed = hook(name)
            if changed is not None:
                self.noted.add(tolerance)
                name = changed
                text = name + bracket + rest
        return text

    def _with_value(self, operation: Operation) -> Operation | None:
        """Return the operation with its value as the RFC has it; None if all that it held is unknown to a User."""
        attribute = USER.root if operation.path is None else target_of(operation.path).attribute
        used: set[str] = set()
        # A removal names what is there, be it by its type alone.
        settling = _no_hooks if operation.op is Op.REMOVE else _settled_hooks
        value = Walk(_value_hooks, settling, used).rewritten(canonical_value(operation.value, attribute), attribute)
        self.noted.update(used)
        if unknown_member.TOLERANCE.name in used and operation.op is not Op.REMOVE and _is_hollow(value):
            return None
        return Operation(operation.op, operation.path, value)

    def _rewritten(
        self, operations: Operations, name: str, hook: Callable[[Operation], Operations | None]
    ) -> Operations:
        """Return the operations after a hook on each; the same object when it changed none."""
        results = [hook(operation) for operation in operations]
        if results == [None] * len(results):
            return operations
        self.noted.add(name)
        return [
            part
            for operation, result in zip(operations, results, strict=True)
            for part in ((operation,) if result is None else result)
        ]

    def _with_strict_path(self, operation: Operation) -> Operation:
        """Return the operation with its path in the RFC's notation; InvalidPath if no tolerance makes it readable."""
        if operation.path is None:
            return operation
        path = self._strict_path(operation.path)
        return operation if path is operation.path else replace(operation, path=path)

    def _strict_path(self, path: str) -> str:
        try:
            target_of(path)
        except InvalidPath:
            return str(parse_patch_path(path, self._leniency))
        return path


def reader_for(*, tolerant: bool, noted: set[str]) -> Reader:
    """Return the reader for an account in tolerant or in strict mode; `noted` collects what the tolerant one needed."""
    return Tolerant(noted) if tolerant else STRICT


def _is_hollow(value: Any) -> bool:
    """Return True if arrays and objects hold nothing at all, not even a null."""
    return isinstance(value, list | dict) and all(map(_is_hollow, value.values() if isinstance(value, dict) else value))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
