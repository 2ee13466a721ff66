"""Members of an object that are paths: `"name.givenName"`, `"<URN>:department"`, `"emails[type eq \\"work\\"].value"`.

Entra ID with its compatibility flag sends one operation without a path whose value has such members. Each becomes an
operation with that path; in the body of a POST or PUT, where nothing is selected yet, it becomes the nested object.
"""

from __future__ import annotations

from typing import Final

from domain.patch import Op, Operation
from domain.paths import resolve
from domain.stored_user import Json
from domain.tolerances.record import Tolerance
from domain.user_schema import USER


def _is_path(name: str) -> bool:
    return USER.root.sub_attribute(name) is None and resolve(name.partition("[")[0]) is not None


def _reading(operation: Operation) -> list[Operation] | None:
    value = operation.value
    if operation.path is not None or operation.op is Op.REMOVE or not isinstance(value, dict):
        return None
    paths = [Operation(operation.op, name, member) for name, member in value.items() if _is_path(name)]
    if not paths:
        return None
    rest = {name: member for name, member in value.items() if not _is_path(name)}
    return [Operation(operation.op, None, rest), *paths] if rest else paths


def _resource(body: Json) -> Json | None:
    nested = body
    for name, member in body.items():
        path = resolve(name) if USER.root.sub_attribute(name) is None else None
        if path is None or any(step.multi_valued for step in path.steps[:-1]):
            continue
        others = {key: kept for key, kept in nested.items() if key != name}
        nested = _nested(others, [step.name for step in path.steps], member)
    return None if nested is body else nested


def _nested(container: Json, names: list[str], member: object) -> Json:
    first, *rest = names
    if not rest:
        return container | {first: member}
    inner = container.get(first)
    return container | {first: _nested(inner if isinstance(inner, dict) else {}, rest, member)}


TOLERANCE: Final = Tolerance(
    name="names-as-paths",
    source="Entra ID with aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    reading=_reading,
    resource=_resource,
)
