"""A remove with a list, `{"op": "Remove", "path": "emails", "value": [...]}`: exactly those are removed, never all."""

from __future__ import annotations

from typing import Any, Final

from domain.attributes import Attribute, Type
from domain.filter import And, Comparison, Filter, Operator, PatchPath
from domain.patch import Op, Operation, Target
from domain.paths import AttributePath
from domain.stored_user import Json
from domain.tolerances.record import Tolerance


def _operation(operation: Operation, target: Target | None, attributes: Json) -> list[Operation] | None:
    if operation.op is not Op.REMOVE or target is None or target.matches is not None:
        return None
    attribute = target.attribute
    if not isinstance(operation.value, list) or not attribute.multi_valued or not attribute.is_complex:
        return None
    filters = (_equal_to(item, attribute) for item in operation.value)
    return [Operation(Op.REMOVE, str(PatchPath(target.path.path, wanted))) for wanted in filters if wanted is not None]


def _equal_to(item: Any, attribute: Attribute) -> Filter | None:
    """A filter for the values that have all that is listed; None when nothing that could be compared is."""
    comparisons: list[Filter] = []
    for name, member in item.items() if isinstance(item, dict) else ():
        sub = attribute.sub_attribute(name)
        if sub is None or member is None or member is False:
            continue
        if not isinstance(member, bool if sub.type is Type.BOOLEAN else str):
            return None
        comparisons.append(Comparison(AttributePath((sub,)), Operator.EQ, member))
    return And(tuple(comparisons)) if len(comparisons) > 1 else comparisons[0] if comparisons else None


TOLERANCE: Final = Tolerance(
    name="listed-removal",
    source="Entra ID: Captain-P-Goldfish/SCIM-SDK 11c31d38, patch/workarounds/msazure; "
    "AzureAD/SCIMReferenceCode issue 87",
    operation=_operation,
)
