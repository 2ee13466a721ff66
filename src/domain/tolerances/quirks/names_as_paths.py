"""Members of an object that are paths: `"name.givenName"`, `"<URN>:department"`, `"emails[type eq \\"work\\"].value"`.

Entra ID with its compatibility flag sends one operation without a path whose value has such members. Each becomes an
operation with that path; in the body of a POST or PUT it becomes the value at that place. What the body has there
already stays.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidSyntax
from domain.filter import PatchPath, parse_patch_path
from domain.patch import Op, Operation
from domain.quoting import quoted
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.canonical import canonical_value
from domain.resources.paths import resolve
from domain.tolerances.names import boolean_of
from domain.tolerances.quirks.missing_value import described
from domain.tolerances.record import Tolerance

_ACTIVE: Final = "active"
"""The one attribute for which two values are never settled in silence: it says if a user may sign in."""


def _is_path(name: str, resource_type: ResourceType) -> bool:
    root = resource_type.root
    return root.sub_attribute(name) is None and resolve(name.partition("[")[0], resource_type) is not None


def _reading(operation: Operation, resource_type: ResourceType) -> list[Operation] | None:
    value = operation.value
    if operation.path is not None or operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    paths = [Operation(operation.op, name, member) for name, member in value.items() if _is_path(name, resource_type)]
    if not paths:
        return None
    rest = {name: member for name, member in value.items() if not _is_path(name, resource_type)}
    return [Operation(operation.op, None, rest), *paths] if rest else paths


def _resource(body: Json, resource_type: ResourceType) -> Json | None:
    members = [name for name in body if _is_path(name, resource_type)]
    if not members:
        return None
    nested = {name: member for name, member in body.items() if not _is_path(name, resource_type)}
    seen: set[str] = set()
    for name in members:
        path = parse_patch_path(name, resource_type)
        if str(path) in seen:
            raise InvalidSyntax(
                f"{quoted(str(path))} appears twice. Send it once.",
                attribute=path.path.attribute.name,
                expected="the member once",
            )
        seen.add(str(path))
        _place(nested, path, body[name])
    return nested


def _place(container: Json, path: PatchPath, value: Any) -> None:
    """Put the value where the path leads; `container` is changed, what it holds is copied."""
    *outer, last = path.path.steps
    many = None if path.value_filter is None else last
    for step in outer:
        if step.multi_valued:
            many = step
            break
        inner = container.get(step.name)
        container[step.name] = dict(inner) if isinstance(inner, dict) else {}
        container = container[step.name]
    if many is not None:
        _place_in_list(container, many, path, value)
    elif _is_unassigned(container.get(last.name)):
        container[last.name] = canonical_value(value, last)
    elif (
        str(path.path) == _ACTIVE
        and not _is_unassigned(value)
        and boolean_of(value) is not boolean_of(container["active"])
    ):
        # A user who is deactivated under one name and not under the other must not stay active in silence.
        raise InvalidSyntax(
            '"active" appears twice, with different values. Send it once.',
            attribute="active",
            expected="the member once",
        )


def _place_in_list(container: Json, attribute: Attribute, path: PatchPath, value: Any) -> None:
    if _is_unassigned(value):
        return
    wanted = {} if path.value_filter is None else described(path.value_filter)
    if wanted is None:
        raise InvalidSyntax(
            f'{quoted(str(path))} does not define the value to create. Combine only eq comparisons with "and", for '
            f'example {attribute.name}[type eq "work"], or send {attribute.name} as an array.',
            attribute=attribute.name,
            expected='eq comparisons combined with "and" in the brackets, or an array',
        )
    sub = path.sub_attribute if path.value_filter is not None else path.path.attribute
    given = {sub.name: value} if sub is not None else canonical_value(value, attribute)
    if not isinstance(given, dict):
        raise InvalidSyntax(
            f"{quoted(str(path))} takes an object with its sub-attributes.",
            attribute=attribute.name,
            expected="an object with its sub-attributes",
        )
    present = container.get(attribute.name)
    values = list(present) if isinstance(present, list) else [] if _is_unassigned(present) else [present]
    for position, item in enumerate(values):
        if isinstance(item, dict) and all(_same(item.get(name), said) for name, said in wanted.items()):
            values[position] = given | {name: member for name, member in item.items() if not _is_unassigned(member)}
            break
    else:
        values.append(wanted | given)
    container[attribute.name] = values


def _is_unassigned(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _same(one: Any, other: Any) -> bool:
    return one.lower() == other.lower() if isinstance(one, str) and isinstance(other, str) else one is other


TOLERANCE: Final = Tolerance(
    name="names-as-paths",
    source="Entra ID with aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    reading=_reading,
    resource=_resource,
)
