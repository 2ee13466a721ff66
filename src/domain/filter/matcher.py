"""Compiles a filter into a predicate over resources: nested closures, with nothing left to look up.

A resource has the schema's own names (RFC 7643 section 2.1 lets clients write them in any case; storing made them
canonical). Two readings that RFC 7644 section 3.4.2.2 leaves open:

- A multi-valued attribute matches when any of its values does, for `ne` as for the other operators: `emails ne "x"`
  finds users who have another address than x. `not (emails eq "x")` finds those who do not have x.
- An attribute without a value is in the state of null (RFC 7643 section 2.5): it is `eq null`, `ne` to every other
  value, and matches no other comparison. `pr` is more than `ne null`: an empty string is a value, but an empty one.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from typing import Any, Final

from domain.documents import Json
from domain.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, Value, ValuePath, compared
from domain.resources.attributes import Attribute, Type
from domain.resources.comparison import form_of, part_forms, unique_form
from domain.resources.date_times import instant

Predicate = Callable[[Json], bool]
_Test = Callable[[Any], bool]

_ORDERED: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.GT: python.gt,
    Operator.GE: python.ge,
    Operator.LT: python.lt,
    Operator.LE: python.le,
}


_FEW: Final = 8
"""Comparisons up to which a value's form is computed on each use, as it is seldom used twice."""

_Form = Callable[[Any], Any]
_Remembered = Callable[[_Form], _Form]


def compile_filter(filter_: Filter) -> Predicate:
    """Return a predicate over a whole resource, `id` and `meta` included.

    With many comparisons that may look at the same values, the form of each value is computed once per resource.
    """
    if _comparisons(filter_) <= _FEW:
        return _compiled(filter_, _as_it_is)
    known: dict[_Form, dict[Any, Any]] = {}

    def remembered(form: _Form) -> _Form:
        forms = known.setdefault(form, {})

        def of(value: Any) -> Any:
            if value not in forms:
                forms[value] = form(value)
            return forms[value]

        return of

    predicate = _compiled(filter_, remembered)

    def matches(resource: Json) -> bool:
        for forms in known.values():
            forms.clear()
        return predicate(resource)

    return matches


def _comparisons(filter_: Filter) -> int:
    match filter_:
        case And(operands) | Or(operands):
            return sum(map(_comparisons, operands))
        case Not(operand):
            return _comparisons(operand)
        case ValuePath(_, inner):
            return _comparisons(inner)
    return 1


def _compiled(filter_: Filter, remembered: _Remembered) -> Predicate:
    match filter_:
        case Comparison(path, operator, value):
            leaf = compared(path.attribute) or path.attribute
            steps = path.steps if leaf is path.attribute else (*path.steps, leaf)
            if value is None:
                assigned = operator is Operator.NE
                return _reach(steps, lambda _: assigned, when_absent=not assigned)
            return _reach(steps, _test(leaf, operator, value, remembered), when_absent=operator is Operator.NE)
        case Present(path):
            return _reach(path.steps, _is_not_empty, when_absent=False)
        case ValuePath(path, inner):
            return _reach(path.steps, _compiled(inner, remembered), when_absent=False)
        case Not(operand):
            predicate = _compiled(operand, remembered)
            return lambda resource: not predicate(resource)
        case And(operands):
            return _all(tuple(_compiled(operand, remembered) for operand in operands))
        case Or(operands):
            return _any(tuple(_compiled(operand, remembered) for operand in operands))


def compile_element(filter_: Filter) -> Predicate:
    """Return a predicate over one value of a multi-valued attribute, for the filter between a path's brackets."""
    return compile_filter(filter_)


def _all(predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 2:
        first, second = predicates
        return lambda resource: first(resource) and second(resource)

    def matches(resource: Json) -> bool:
        for predicate in predicates:  # noqa: SIM110 - a generator costs as much as the predicates
            if not predicate(resource):
                return False
        return True

    return matches


def _any(predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 2:
        first, second = predicates
        return lambda resource: first(resource) or second(resource)

    def matches(resource: Json) -> bool:
        for predicate in predicates:  # noqa: SIM110
            if predicate(resource):
                return True
        return False

    return matches


def _reach(steps: tuple[Attribute, ...], test: _Test, *, when_absent: bool) -> Predicate:
    """Return a predicate that applies `test` to the value at the end of the steps, or to any of several values."""
    step, *rest = steps
    name = step.name
    inner = _reach(tuple(rest), test, when_absent=when_absent) if rest else test
    if step.multi_valued:

        def any_matches(container: Json) -> bool:
            values = container.get(name)
            if not values:
                return when_absent
            for value in values:  # noqa: SIM110
                if inner(value):
                    return True
            return False

        return any_matches

    def matches(container: Json) -> bool:
        value = container.get(name)
        return when_absent if value is None else inner(value)

    return matches


def _test(attribute: Attribute, operator: Operator, value: Value, remembered: _Remembered) -> _Test:
    """Return the comparison with one present value."""
    match attribute.type:
        case Type.BOOLEAN | Type.INTEGER | Type.DECIMAL:
            return _compare(operator, value, _as_it_is)
        case Type.DATE_TIME:
            return _compare(operator, instant(str(value)), remembered(instant))
    text = str(value)
    form = form_of(attribute)
    if form is unique_form and operator in (Operator.CO, Operator.SW, Operator.EW):
        return _has_part(operator, text, remembered(unique_form))
    return _compare(operator, form(text), form if attribute.case_exact else remembered(form))


def _has_part(operator: Operator, text: str, form: _Form) -> _Test:
    """Return the comparison with a part of a unique value, as in its index."""
    parts = part_forms(text, from_start=operator is Operator.SW)
    first, *others = (_compare(operator, part, form) for part in parts)
    return _any((first, *others)) if others else first


def _as_it_is(value: Any) -> Any:
    return value


def _compare(operator: Operator, wanted: Any, form: Callable[[Any], Any]) -> _Test:
    """Return the operator applied to the form of a value and `wanted`, which is in that form already."""
    match operator:
        case Operator.EQ:
            return lambda value: form(value) == wanted
        case Operator.NE:
            return lambda value: form(value) != wanted
        case Operator.CO:
            return lambda value: wanted in form(value)
        case Operator.SW:
            return lambda value: form(value).startswith(wanted)
        case Operator.EW:
            return lambda value: form(value).endswith(wanted)
    before = _ORDERED[operator]

    def in_order(value: Any) -> bool:
        formed = form(value)
        return formed is not None and before(formed, wanted)

    return in_order


def _is_not_empty(value: Any) -> bool:
    """Return True if a value is present and not empty (RFC 7644 table 3, `pr`)."""
    if isinstance(value, dict):
        return any(map(_is_not_empty, value.values()))
    if isinstance(value, list):
        return any(map(_is_not_empty, value))
    return value is not None and value != ""
