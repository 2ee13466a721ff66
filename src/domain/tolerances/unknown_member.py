"""A member that is no attribute of a User, or of the attribute that it is in: it is left out.

Unless the client would take the answer for more than was done. In a PATCH without a path such a member is an error when
its name is one that a User has elsewhere (`{"formatted": ...}`); in all bodies when it may say whether the user may
sign in (`isActive`, `accountEnabled`) and `active` is not there to say it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from domain.attributes import Attribute
from domain.errors import InvalidPath, InvalidSyntax
from domain.patch import Op, Operation
from domain.paths import resolve
from domain.quoting import quoted
from domain.stored_user import Json
from domain.tolerances.names import is_foreign, known_names, says_active, says_state
from domain.tolerances.record import Tolerance
from domain.user_schema import COMMON_ATTRIBUTES, USER

_OF_ALL: Final = frozenset(attribute.name for attribute in COMMON_ATTRIBUTES)
"""What every resource has (RFC 7643 section 3.1): a client that writes it in an extension means no other attribute."""


def _value(attribute: Attribute, value: Any) -> Any:
    if not attribute.is_complex or not isinstance(value, dict):
        return value
    known = {name: member for name, member in value.items() if attribute.sub_attribute(name) is not None}
    return value if len(known) == len(value) else known


def _resource(body: Json) -> None:
    if body.get("active") is None:
        for name in _of_state(body):
            raise InvalidSyntax(f'{quoted(name)} is not an attribute of a User. Send "active".', attribute="active")


def _reading(operation: Operation) -> None:
    path = None if operation.path is None else resolve(operation.path)
    container = USER.root if operation.path is None else path.attribute if path is not None else None
    value = operation.value
    if operation.op is Op.REMOVE or not isinstance(value, dict) or container is None:
        return
    if container is USER.root or container.is_extension:
        is_said = any(name.lower() == "active" and member is not None for name, member in value.items())
        for name in (*_misleading(value, container), *(() if is_said else _of_state(value, container))):
            raise InvalidPath(
                f"{quoted(name)} is not an attribute of a User. Leave it out, or name the attribute that it is "
                'meant for; "active" says whether the user may sign in.'
            )


def _misleading(value: Json, container: Attribute) -> Iterator[str]:
    for name, member in value.items():
        sub = container.sub_attribute(name)
        if sub is not None and sub.is_extension and isinstance(member, dict):
            yield from _misleading(member, sub)
        elif sub is None and _leaf(name) in known_names() and not is_foreign(name) and name not in _OF_ALL:
            yield name


def _of_state(value: Json, container: Attribute = USER.root) -> Iterator[str]:
    """The names of unknown members that may say whether the user may sign in, also one level further in."""
    for name, member in value.items():
        sub = container.sub_attribute(name)
        says = says_active if is_foreign(name) else says_state
        if sub is None and says(name):
            yield name
        elif isinstance(member, dict) and (sub is None or sub.is_extension):
            known = sub.sub_attribute if sub is not None else lambda _: None
            yield from (inner for inner in member if known(inner) is None and says(inner))


def _leaf(name: str) -> str:
    return name.lower().replace(":", ".").rpartition(".")[2]


TOLERANCE: Final = Tolerance(
    name="unknown-member",
    source="Entra ID's sample with enterprise attributes at the top level, custom extensions of all: "
    "learn.microsoft.com, use-scim-to-provision-users-and-groups",
    resource=_resource,
    reading=_reading,
    value=_value,
)
