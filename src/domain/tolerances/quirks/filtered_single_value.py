"""`Remove manager[value eq "1"]`: brackets after an attribute of one value; it is removed if it is that."""

from __future__ import annotations

from typing import Final

from domain.errors import InvalidPath
from domain.filter import Leniency, parse_element
from domain.patch import Op, Operation
from domain.resources.attributes import ResourceType
from domain.resources.paths import resolve
from domain.tolerances.quirks.missing_value import described
from domain.tolerances.record import Tolerance

_LENIENCY: Final = Leniency(bare_words=True, foreign_quotes=True, string_booleans=True)


def _reading(operation: Operation, resource_type: ResourceType) -> list[Operation] | None:
    if operation.op is not Op.REMOVE or operation.path is None or not operation.path.rstrip().endswith("]"):
        return None
    name, _, inside = operation.path.rstrip()[:-1].partition("[")
    path = resolve(name, resource_type)
    if path is None or path.attribute.multi_valued or not path.attribute.is_complex:
        return None
    try:
        wanted = described(parse_element(inside, path.attribute, resource_type, _LENIENCY))
    except InvalidPath:
        return None
    return [Operation(Op.REMOVE, str(path), wanted)] if wanted else None


TOLERANCE: Final = Tolerance(
    name="filtered-single-value",
    source="Entra ID: thomaspoignant/scim-patch issue 453",
    reading=_reading,
)
