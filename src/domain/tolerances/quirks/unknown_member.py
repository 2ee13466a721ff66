"""A member is not an attribute of the resource, or of the attribute that contains it: it is left out.

It is an error where a success would claim more than was done: in a PATCH without a path, when it has the name
elsewhere (`{"formatted": ...}`); in all bodies, when the member may say if the user may sign in (`isActive`,
`accountEnabled`) and `active` is missing, or is true while another form of that name is false.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidPath, InvalidSyntax
from domain.patch import Op, Operation
from domain.quoting import quoted
from domain.resources.attributes import COMMON_ATTRIBUTES, Attribute, ResourceType
from domain.resources.paths import resolve
from domain.tolerances.names import (
    boolean_of,
    has_state,
    is_foreign,
    is_mistyped,
    is_switched_off,
    known_names,
    last_name,
    says_active,
    says_state,
)
from domain.tolerances.record import Tolerance

_OF_ALL: Final = frozenset({"schemas", *(attribute.name for attribute in COMMON_ATTRIBUTES)})
"""What every resource has (RFC 7643 section 3.1): a client that writes it in an extension means no other attribute."""


def _value(attribute: Attribute, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    known = {name: member for name, member in value.items() if attribute.sub_attribute(name) is not None}
    return value if len(known) == len(value) else known


def _resource(body: Json, resource_type: ResourceType) -> None:
    if not has_state(resource_type):
        return
    root = resource_type.root
    of_state = _of_state if body.get("active") is None else _deactivations
    for name in of_state(body, root, resource_type):
        raise InvalidSyntax(
            f'{quoted(name)} is not an attribute of a {resource_type.name}. Send "active".',
            attribute="active",
            expected="the attribute active, with true or false",
        )


def _reading(operation: Operation, resource_type: ResourceType) -> None:
    path = None if operation.path is None else resolve(operation.path, resource_type)
    container = resource_type.root if operation.path is None else path.attribute if path is not None else None
    value = operation.value
    if operation.op is Op.REMOVE or not isinstance(value, dict) or container is None:
        return
    if container.is_resource or container.is_extension:
        names = [*_misleading(value, container, resource_type)]
        if has_state(resource_type):
            is_said = any(name.lower() == "active" and member is not None for name, member in value.items())
            names += (_deactivations if is_said else _of_state)(value, container, resource_type)
        for name in names:
            raise InvalidPath(
                f"{quoted(name)} is not an attribute of a {resource_type.name}. Leave it out, or send the intended "
                "attribute" + (_ABOUT_ACTIVE if has_state(resource_type) else "."),
                attribute="Operations.value",
                expected=f"only attributes of a {resource_type.name}",
            )


_ABOUT_ACTIVE: Final = '; "active" says whether the user may sign in.'


def _misleading(value: Json, container: Attribute, resource_type: ResourceType) -> Iterator[str]:
    for name, member in value.items():
        sub = container.sub_attribute(name)
        if sub is not None and sub.is_extension and isinstance(member, dict):
            yield from _misleading(member, sub, resource_type)
        elif sub is None and name not in _OF_ALL and _is_own(name, resource_type):
            yield name


def _of_state(value: Json, container: Attribute, resource_type: ResourceType) -> Iterator[str]:
    """Yield the names of unknown members that may say if the user may sign in."""
    for name, _, is_of_another_schema in _unknown(value, container, resource_type):
        if says_active(name) if is_of_another_schema else says_state(name):
            yield name


def _deactivations(value: Json, container: Attribute, resource_type: ResourceType) -> Iterator[str]:
    """Yield names of unknown members false where `active` is true: `{"active": true, "isActive": false}`."""
    active = next((boolean_of(member) for name, member in value.items() if name.lower() == "active"), None)
    if active is True:
        for name, member, is_of_another_schema in _unknown(value, container, resource_type):
            if not is_of_another_schema and says_active(name) and boolean_of(member) is False:
                yield name


def _unknown(value: Json, container: Attribute, resource_type: ResourceType) -> Iterator[tuple[str, Any, bool]]:
    """Yield unknown members, also one level deeper, and True for those of a schema that the resource does not have.

    Those of extensions that are switched off are left out: it is known that they say nothing of the resource.
    """
    for name, member in value.items():
        if is_switched_off(name, resource_type):
            continue
        sub = container.sub_attribute(name)
        if sub is None:
            yield name, member, is_foreign(name, resource_type)
        if isinstance(member, dict) and (sub is None or sub.is_extension):
            known = sub.sub_attribute if sub is not None else lambda _: None
            foreign = is_foreign(name, resource_type)
            yield from ((inner, said, foreign) for inner, said in member.items() if known(inner) is None)


def _is_own(name: str, resource_type: ResourceType) -> bool:
    if is_foreign(name, resource_type):
        return is_mistyped(name, resource_type)
    return last_name(name) in known_names(resource_type)


TOLERANCE: Final = Tolerance(
    name="unknown-member",
    source="Entra ID's sample with enterprise attributes at the top level, custom extensions of all: "
    "learn.microsoft.com, use-scim-to-provision-users-and-groups",
    resource=_resource,
    reading=_reading,
    concerns=lambda attribute: attribute.is_complex,
    value=_value,
)
