"""A PATCH value that carries readOnly members, such as the user's own `id`: they are left out.

In the body of a POST or PUT the RFC itself ignores them. A path that names a readOnly attribute stays an error, except
for a sub-attribute of a writable one (`manager.displayName`) that is sent together with operations that can be done.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.patch import Op, Operation, Target, target_of
from domain.resources.attributes import Attribute, Mutability, ResourceType
from domain.tolerances.record import Operations, Tolerance


def _operation(
    operation: Operation, target: Target | None, attributes: Json, resource_type: ResourceType
) -> list[Operation] | None:
    attribute = resource_type.root if target is None else target.attribute
    if operation.op is Op.REMOVE or attribute.mutability is Mutability.READ_ONLY:
        return None
    kept = _writable(operation.value, attribute)
    return None if kept is operation.value else [Operation(operation.op, operation.path, kept)]


def _writable(value: Any, attribute: Attribute) -> Any:
    """Return the value without readOnly members, at all depths; the same object when there are none."""
    if not attribute.is_complex:
        return value
    if isinstance(value, list):
        items = [_writable(item, attribute) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if not isinstance(value, dict):
        return value
    kept: Json = {}
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        if sub is None or sub.mutability is not Mutability.READ_ONLY:
            kept[name] = member if sub is None else _writable(member, sub)
    same = len(kept) == len(value) and all(kept[name] is member for name, member in value.items())
    return value if same else kept


def _operations(operations: Operations, resource_type: ResourceType) -> list[Operation] | None:
    kept = [operation for operation in operations if not _is_of_writable(operation, resource_type)]
    return kept if kept and len(kept) < len(operations) else None


def _is_of_writable(operation: Operation, resource_type: ResourceType) -> bool:
    if operation.path is None:
        return False
    target = target_of(operation.path, resource_type)
    owner = target.steps[-1] if target.path.sub_attribute is not None else (resource_type.root, *target.steps)[-2]
    return (
        target.attribute.mutability is Mutability.READ_ONLY
        and not owner.is_resource
        and owner.mutability is not Mutability.READ_ONLY
    )


TOLERANCE: Final = Tolerance(
    name="read-only-member",
    source="Okta sends the id: okta/okta-developer-docs 33150d5112, docs/reference/scim/scim-20",
    operations=_operations,
    operation=_operation,
)
