"""What is left of a filter about attributes that no resource has: of another type, or of groups that are off.

Such an attribute has no value (RFC 7644 section 3.4.2.1), so a comparison with it is decided before anything is read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from domain.filter.matcher import compile_filter
from domain.filter.syntax import And, Comparison, Filter, Not, Or, Present, ValuePath
from domain.resources.attributes import ResourceType

_TYPE: Final = ("meta", "resourceType")


def settled(filter_: Filter, absent: Collection[str], resource_type: ResourceType) -> Filter | bool:
    """Return the rest of a filter over resources of a type that have none of the attributes named by `absent`.

    True if all resources match, False if none does. Comparisons with `meta.resourceType` are decided, too.
    """
    match filter_:
        case Not(operand):
            rest = settled(operand, absent, resource_type)
            return not rest if isinstance(rest, bool) else Not(rest)
        case And(operands):
            return _joined(And, operands, absent, resource_type)
        case Or(operands):
            return _joined(Or, operands, absent, resource_type)
        case Comparison(path, _, _) | Present(path) | ValuePath(path, _):
            names = tuple(step.name for step in path.steps)
            if names[0] in absent or names == _TYPE:
                return compile_filter(filter_)({"meta": {"resourceType": resource_type.name}})
    return filter_


def _joined(
    joint: type[And | Or], operands: tuple[Filter, ...], absent: Collection[str], resource_type: ResourceType
) -> Filter | bool:
    rests = [settled(operand, absent, resource_type) for operand in operands]
    decides = joint is Or
    if decides in rests:
        return decides
    left = tuple(rest for rest in rests if not isinstance(rest, bool))
    if not left:
        return not decides
    return left[0] if len(left) == 1 else joint(left)
