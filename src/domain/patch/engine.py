"""One operation on a resource's attributes (RFC 7644 sections 3.5.2.1 to 3.5.2.3).

Nothing is changed in place: what an operation changes is copied, the rest is shared with the input. An operation
that changes nothing gives its input back, or what equals it. Three readings where the RFC leaves room:

- A null is the unassigned state (RFC 7643 section 2.5): replacing by it removes, also for a sub-attribute.
- Removing what is not there, or values that no filter matches, changes nothing and is no error. Adding to or replacing
  values that no filter matches is noTarget.
- `emails.type` without brackets is the sub-attribute of every value.

`schemas` is kept in step with the extensions by `domain.resources.body.checked`, which every result passes: it lists an
extension that has attributes, and otherwise what the client wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from domain.documents import Json
from domain.errors import InvalidValue, MutabilityViolation, NoTarget
from domain.patch.operations import Op, Operation
from domain.patch.targets import Target, target_of
from domain.patch.values import (
    element,
    elements,
    is_unassigned,
    likeness,
    members,
    require_bounded_values,
    require_writable,
    scalar,
)
from domain.quoting import cut
from domain.resources.attributes import Attribute, Mutability, ResourceType


def apply(attributes: Json, operation: Operation, resource_type: ResourceType) -> Json:
    """Return the attributes with the operation applied; the input is not changed.

    `attributes` has canonical names and no unassigned values, and so has the result, whose required values, single
    primary and forms are still to be checked (`domain.resources.body.checked`). Raises InvalidPath, InvalidSyntax,
    InvalidValue, MutabilityViolation or NoTarget.
    """
    op, value = operation.op, operation.value
    if operation.path is None:
        if op is Op.REMOVE:
            raise NoTarget(
                "A remove operation needs a path.", attribute="Operations.path", expected="the path of an attribute"
            )
        if not isinstance(value, dict):
            raise InvalidValue(
                f"A {op} operation without a path takes an object with the {resource_type.noun}'s attributes.",
                attribute="Operations.value",
                expected=f"an object with the {resource_type.noun}'s attributes",
            )
        return _merged(attributes, resource_type.root, value, op)
    target = target_of(operation.path, resource_type)
    require_unlisted(operation, target)
    return _changed(attributes, target.steps, target, op, value)


def require_unlisted(operation: Operation, target: Target) -> None:
    """Raise InvalidValue for a removal of all values that lists some of them."""
    is_removal = operation.op is Op.REMOVE and operation.value is not None
    if is_removal and target.matches is None and target.attribute.multi_valued:
        raise InvalidValue(
            f"Removing {target.path} removes all of its values, but the operation lists some. Leave the value out, or "
            f'select values with a filter in the path, for example {target.path}[value eq "..."].',
            attribute=target.attribute.name,
            expected="no value, or a filter in the path",
        )


def _changed(container: Json, steps: tuple[Attribute, ...], target: Target, op: Op, value: Any) -> Json:
    """Return `container` with the operation applied where `steps` lead."""
    attribute, *rest = steps
    if rest and not attribute.multi_valued:
        require_writable(attribute)
        inner = container.get(attribute.name) or {}
        return _with(container, attribute, _changed(inner, tuple(rest), target, op, value))
    if rest:
        changed = _with_values_changed(
            container, attribute, lambda _: True, lambda item: _changed(item, tuple(rest), target, op, value)
        )
    elif target.matches is not None:
        changed = _with_values_changed(container, attribute, target.matches, _change_of_value(target, op, value))
    elif op is Op.REMOVE:
        return _without(container, attribute)
    else:
        return _written(container, attribute, value, op)
    if changed is not None:
        return changed
    if op is Op.REMOVE:
        return container
    raise NoTarget(
        f"{cut(str(target.path))} matches no value in {attribute.name} of this {target.noun}.",
        attribute=attribute.name,
        expected="a filter that matches an existing value",
    )


def _change_of_value(target: Target, op: Op, value: Any) -> Callable[[Json], Json]:
    """Return what a path with a value filter does to each matching value; an empty result removes the value."""
    sub = target.path.sub_attribute
    if sub is not None:
        if op is Op.REMOVE:
            return lambda item: _without(item, sub)
        return lambda item: _written(item, sub, value, op)
    if op is Op.REMOVE or is_unassigned(value):
        return lambda item: {}
    attribute = target.steps[-1].single
    if op is Op.ADD:
        return lambda item: _merged(item, attribute, value, op)
    # Section 3.5.2.3: "all matching record values SHALL be replaced", the whole of each.
    new = element(value, attribute)
    return lambda item: new


def _with_values_changed(
    container: Json, attribute: Attribute, matches: Callable[[Json], bool], change: Callable[[Json], Json]
) -> Json | None:
    """Return `container` with the matching values of a multi-valued attribute changed; None if none matches."""
    require_writable(attribute)
    result: list[Json] = []
    marked: list[Json] = []
    matched = False
    for item in container.get(attribute.name, []):
        if not matches(item):
            result.append(item)
            continue
        matched = True
        new = change(item)
        if new:
            result.append(new)
            if new.get("primary") is True and item.get("primary") is not True:
                marked.append(new)
    return _with(container, attribute, _with_primary(result, marked)) if matched else None


def _merged(container: Json, attribute: Attribute, value: Any, op: Op) -> Json:
    """Return a complex value with the given sub-attributes written; the others stay (section 3.5.2.3)."""
    for sub, member in members(value, attribute):
        container = _written(container, sub, member, op)
    return container


def _written(container: Json, attribute: Attribute, value: Any, op: Op) -> Json:
    """Return `container` with a value added to an attribute, or replaced."""
    require_writable(attribute)
    if attribute.mutability is Mutability.WRITE_ONLY:
        return container
    if is_unassigned(value):
        return container if op is Op.ADD and attribute.multi_valued else _without(container, attribute)
    present = container.get(attribute.name)
    if attribute.multi_valued:
        return _with(container, attribute, _values(present or [], attribute, value, op))
    if attribute.is_complex:
        return _with(container, attribute, _merged(present or {}, attribute, value, op))
    return _with(container, attribute, scalar(value, attribute))


class _Added(list[Any]):
    """Values with the likenesses of all of them, so that the next addition need not compute them again."""

    __slots__ = ("likenesses",)

    def __init__(self, values: list[Any], likenesses: frozenset[Hashable]) -> None:
        super().__init__(values)
        self.likenesses = likenesses


def _values(present: list[Any], attribute: Attribute, value: Any, op: Op) -> list[Any]:
    if op is Op.REPLACE:
        return elements(value, attribute)
    added = elements(value if isinstance(value, list) else [value], attribute)
    if isinstance(present, _Added):
        known = present.likenesses
    else:
        known = frozenset(likeness(item, attribute) for item in present)
    new: dict[Hashable, Any] = {}
    for item in added:
        like = likeness(item, attribute)
        if like not in known:
            new.setdefault(like, item)
    if not new:
        return present if isinstance(present, _Added) else _Added(present, known)
    require_bounded_values(len(present) + len(new), attribute)
    values = _Added([*present, *new.values()], known | new.keys())
    return _with_primary(
        values, [item for item in new.values() if isinstance(item, dict) and item.get("primary") is True]
    )


def _with_primary(values: list[Any], marked: list[Json]) -> list[Any]:
    """Return the values with `primary` false where it was true before others were marked (section 3.5.2)."""
    if not marked:
        return values
    kept = {id(item) for item in marked}
    return [
        item | {"primary": False} if item.get("primary") is True and id(item) not in kept else item for item in values
    ]


def _without(container: Json, attribute: Attribute) -> Json:
    """Return `container` without an attribute; MutabilityViolation for a required one (section 3.5.2.2)."""
    require_writable(attribute)
    if attribute.required:
        raise MutabilityViolation(
            f"{attribute.name} is required and cannot be removed.",
            attribute=attribute.name,
            expected="a value, because the attribute is required",
        )
    if attribute.name not in container:
        return container
    return {name: member for name, member in container.items() if name != attribute.name}


def _with(container: Json, attribute: Attribute, value: Any) -> Json:
    """Return `container` with the value, or without the attribute when the value is empty."""
    if value in ({}, []):
        return _without(container, attribute)
    present = container.get(attribute.name)
    # True equals 1 for Python, but types are checked: what is equal here is the same JSON.
    if present is value or (present == value and not isinstance(value, _Added)):
        return container
    return container | {attribute.name: value}
