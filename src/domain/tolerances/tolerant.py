"""Reads requests with tolerances: each stage tries its own in order and notes the names of those that applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from domain import filter as filters
from domain import patch
from domain.documents import Json
from domain.errors import InvalidPath, InvalidSyntax
from domain.filter import Filter, Leniency, parse_patch_path
from domain.patch import PATCH_OP_URN, Op, Operation, Target, require_bounded, target_of
from domain.quoting import quoted
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.canonical import canonical_names, canonical_value
from domain.resources.paths import resolve
from domain.tolerances.names import collect_unknown
from domain.tolerances.quirks import unknown_member
from domain.tolerances.quirks.unknown_path import names_foreign
from domain.tolerances.readers import Reader, Strict
from domain.tolerances.record import Operations
from domain.tolerances.registry import OperationHook, Stage, Stages, no_hooks, settled_hooks, stages_of, value_hooks
from domain.tolerances.walk import Walk


@dataclass(frozen=True, slots=True)
class Tolerant:
    """Reads the requests of one account about resources of one type, accepting known deviations from the RFC.

    `noted` collects the names of the tolerances that applied; a name says nothing about the request's values.
    `unknown` collects the attributes that no schema has, each with the noun of its resource type.

    >>> from domain.resources.user_schema import USER
    >>> reader = Tolerant(USER)
    >>> reader.resource({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "b", "active": "True"})
    {'schemas': ['urn:ietf:params:scim:schemas:core:2.0:User'], 'userName': 'b', 'active': True}
    >>> reader.noted
    {'string-boolean'}
    """

    resource_type: ResourceType
    noted: set[str] = field(default_factory=set)
    unknown: set[tuple[str, str]] = field(default_factory=set)
    _stages: Stages = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_stages", stages_of(self.resource_type))

    def resource(self, body: Json) -> Json:
        """Return the body of a POST or PUT as the RFC has it, names canonical; InvalidSyntax for a name sent twice."""
        body = self._with_spelled_members(canonical_names(body, self.resource_type.root))
        collect_unknown(self.unknown, body, self.resource_type)
        for name, hook in self._stages.resource:
            changed = hook(body, self.resource_type)
            if changed is not None:
                self.noted.add(name)
                body = self._with_spelled_members(changed)
        walk = Walk(value_hooks, settled_hooks, self.noted)
        return _object(walk.rewritten(body, self.resource_type.root))

    def replacement(self, body: Json, stored: Json) -> Json:
        """Return the body of a PUT, from `resource`, with the `stored` attributes that it does not mean to remove."""
        for name, hook in self._stages.replacement:
            changed = hook(body, stored)
            if changed is not None:
                self.noted.add(name)
                body = changed
        return body

    def message(self, body: Json, urn: str) -> Json:
        """Return the body of a message of the protocol with `urn`, which names its kind, in its `schemas`."""
        for name, hook in self._stages.envelope:
            changed = hook(body, urn)
            if changed is not None:
                self.noted.add(name)
                body = changed
        return body

    def operations(self, body: Json) -> Operations:
        """Parse the body of a PATCH: paths and values in the RFC's form, without what this service does not have.

        Raises InvalidPath for a path that names nothing of the resource and where nothing of the PATCH would remain,
        and what parsing the operations raises, such as InvalidSyntax.
        """
        for name, hook in self._stages.message:
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
        for name, hook in self._stages.operations:
            changed = hook(parts, self.resource_type)
            if changed is not None:
                self.noted.add(name)
                parts = list(changed)
        kept = [ready for part in parts if (ready := self._with_value(part)) is not None]
        if not kept and not self._names_foreign(operations):
            raise InvalidPath(
                f"None of the names in the operations is an attribute of a {self.resource_type.name}, so the request "
                "would change nothing. Correct the names, or leave the operations out.",
                attribute="Operations.path",
                expected=f"an attribute of a {self.resource_type.name}",
            )
        return kept

    def _names_foreign(self, operations: Operations) -> bool:
        quiet = Tolerant(self.resource_type)
        return any(names_foreign(quiet._spelled(each), self.resource_type) for each in operations)

    def expanded(self, operation: Operation, attributes: Json) -> Operations:
        """Return the operations, perhaps none, to apply in turn in place of one from `operations`.

        `attributes` are the resource's at that moment, after the operations before it.
        """
        return self._expanded(operation, attributes, self._stages.operation)

    def _expanded(self, operation: Operation, attributes: Json, hooks: Stage[OperationHook]) -> Operations:
        target = None if operation.path is None else target_of(operation.path, self.resource_type)
        if target is not None and target.is_apart:
            return (self._listed(operation, target),)
        for position, (name, hook) in enumerate(hooks, start=1):
            changed = hook(operation, target, attributes, self.resource_type)
            if changed is not None:
                self.noted.add(name)
                left = hooks[position:]
                return [part for each in changed for part in self._expanded(each, attributes, left)]
        return (operation,)

    def _listed(self, operation: Operation, target: Target) -> Operation:
        """Return the operation on values that are stored apart, as a removal of just those that it lists if it does."""
        if operation.op is Op.REMOVE and target.matches is None and operation.value is not None:
            for name, hook in self._stages.listed:
                changed = hook(operation)
                if changed is not None:
                    self.noted.add(name)
                    return changed
        return operation

    def patched(self, before: Json, after: Json) -> Json:
        """Return the attributes after all operations of a PATCH, without the values that they do not mean to repeat."""
        for attribute in self._stages.multi_valued:
            values = after.get(attribute.name)
            if not isinstance(values, list) or values is before.get(attribute.name):
                continue
            for name, hook in self._stages.patched:
                changed = hook(attribute, before.get(attribute.name, []), values)
                if changed is not values:
                    self.noted.add(name)
                    values = changed
                    after = after | {attribute.name: values}
        return after

    def leaves_out(self, attribute: Attribute) -> bool:
        """Return True, and note it, if values of the attribute that refer to nothing are left out."""
        names = [name for name, hook in self._stages.leaves_out if hook(attribute)]
        self.noted.update(names)
        return bool(names)

    def filter(self, text: str) -> Filter:
        """Parse a filter, forgiving all that a `Leniency` names; raises InvalidFilter."""
        return filters.parse(text, self.resource_type, self._leniency)

    @property
    def _leniency(self) -> Leniency:
        names = self._stages.leniency
        return Leniency(**dict.fromkeys(names, True), on_use=lambda flag: self.noted.add(names[flag]))

    def retried_lookup(self, value: str) -> str | None:
        """Return another value to look up when no index entry has `value`; None when there is none to try."""
        for name, hook in self._stages.lookup:
            changed = hook(value)
            if changed is not None:
                self.noted.add(name)
                return changed
        return None

    def _parts(self, operation: Operation) -> Operations:
        """Return the operations that one stands for, each with a path that the strict parser takes."""
        spelled = self._spelled(operation)
        collect_unknown(self.unknown, spelled, self.resource_type)
        operations: Operations = (spelled,)
        for name, hook in self._stages.reading:
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
        """Return the members of a resource, or of a part of one, with unknown names spelled as the RFC has them."""
        root = self.resource_type.root
        if all(root.sub_attribute(name) is not None for name in value):
            return value
        spelled: Json = {}
        for name, member in value.items():
            right = name
            if root.sub_attribute(name) is None:
                right = self._spelled_name(name)
                if "[" in right and resolve(right.partition("[")[0], self.resource_type) is not None:
                    collect_unknown(self.unknown, {right: member}, self.resource_type)  # an error may follow
                    right = self._strict_path(right)
            if right in spelled:
                known = resolve(right, self.resource_type)
                raise InvalidSyntax(
                    f"{quoted(right)} appears twice, in different spellings. Send it once.",
                    attribute="body" if known is None else known.attribute.name,
                    expected="the member once",
                )
            spelled[right] = member
        return value if all(name in value for name in spelled) else spelled

    def _spelled_name(self, text: str) -> str:
        """Return a name or path with the part before its brackets respelled; the same object when it is right."""
        name, bracket, rest = text.partition("[")
        if resolve(name, self.resource_type) is not None:
            return text
        for tolerance, hook in self._stages.spelling:
            changed = hook(name, self.resource_type)
            if changed is not None:
                self.noted.add(tolerance)
                name = changed
                text = name + bracket + rest
        return text

    def _with_value(self, operation: Operation) -> Operation | None:
        """Return the operation with its value as the RFC has it; None if all that it held is unknown."""
        attribute = self.resource_type.root
        if operation.path is not None:
            attribute = target_of(operation.path, self.resource_type).attribute
        used: set[str] = set()
        # A removal names existing values, even if only by their type.
        settling = no_hooks if operation.op is Op.REMOVE else settled_hooks
        value = Walk(value_hooks, settling, used).rewritten(canonical_value(operation.value, attribute), attribute)
        self.noted.update(used)
        if unknown_member.TOLERANCE.name in used and operation.op is not Op.REMOVE and _is_hollow(value, attribute):
            return None
        return Operation(operation.op, operation.path, value)

    def _rewritten(
        self, operations: Operations, name: str, hook: Callable[[Operation, ResourceType], Operations | None]
    ) -> Operations:
        """Return the operations after a hook on each; the same object when it changed none."""
        results = [hook(operation, self.resource_type) for operation in operations]
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
            target_of(path, self.resource_type)
        except InvalidPath:
            return str(parse_patch_path(path, self.resource_type, self._leniency))
        return path


def reader_for(
    resource_type: ResourceType, *, tolerant: bool, noted: set[str], unknown: set[tuple[str, str]] | None = None
) -> Reader:
    """Return the reader for an account in tolerant or in strict mode.

    `noted` collects what the tolerant one needed, `unknown` the attributes that no schema has, by the type's noun.
    """
    return Tolerant(resource_type, noted, set() if unknown is None else unknown) if tolerant else Strict(resource_type)


def _is_hollow(value: Any, attribute: Attribute | None) -> bool:
    """Return True if arrays and objects hold nothing at all, not even a null.

    What is stored apart refers to something: a value that does not is an error, and never left out.
    """
    if attribute is not None and attribute.is_apart:
        return False
    if isinstance(value, dict):
        subs = (None if attribute is None else attribute.sub_attribute(name) for name in value)
        return all(_is_hollow(member, sub) for member, sub in zip(value.values(), subs, strict=True))
    return isinstance(value, list) and all(_is_hollow(item, attribute) for item in value)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
