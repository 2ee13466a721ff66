"""How many comparisons it takes to match a filter: what a request may spend is counted in them (`domain.effort`)."""

from __future__ import annotations

from collections.abc import Callable

from domain.attributes import Attribute
from domain.filter.syntax import And, Comparison, Filter, Not, Or, Present, ValuePath
from domain.stored_user import Json

Cost = Callable[[Json], int]
"""The comparisons that it takes to match a resource at the most."""


def cost_of_filter(filter_: Filter) -> Cost:
    """The cost of matching a whole resource: every comparison counts once for each value that it may look at."""
    single = 0
    repeated: dict[str, int] = {}
    pending: list[tuple[Filter, Attribute | None]] = [(filter_, None)]
    while pending:
        part, within = pending.pop()
        match part:
            case And(operands) | Or(operands):
                pending.extend((operand, within) for operand in operands)
            case Not(operand):
                pending.append((operand, within))
            case ValuePath(path, inner):
                pending.append((inner, path.steps[0]))
            case Comparison(path, _, _) | Present(path):
                looked_at = within or path.steps[0]
                if looked_at.multi_valued:
                    repeated[looked_at.name] = repeated.get(looked_at.name, 0) + 1
                else:
                    single += 1
    return lambda resource: (
        single + sum(comparisons * len(resource.get(name) or ()) for name, comparisons in repeated.items())
    )
