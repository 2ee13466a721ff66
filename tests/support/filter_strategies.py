"""Hypothesis strategies that follow the User schema: arbitrary valid users, and arbitrary valid filters about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from domain.filter import And, Comparison, Filter, Not, Operator, Or, Present, ValuePath
from domain.filter.syntax import OPERATORS_OF, compared
from domain.resources.attributes import Attribute, Returned, Type
from domain.resources.paths import AttributePath
from domain.resources.user_schema import USER

Words = Callable[[Attribute, Operator | None], st.SearchStrategy[Any]]
"""Values of a simple attribute: for a user (None), or to compare with by an operator."""

_TIMES = ("2011-05-13T04:42:34Z", "2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34.5Z", "2012-02-29T23:59:59-05:00")


def simple_values(attribute: Attribute, operator: Operator | None = None) -> st.SearchStrategy[Any]:
    """Few different values, so that equality is common; any text now and then."""
    match attribute.type:
        case Type.BOOLEAN:
            return st.booleans()
        case Type.INTEGER:
            return st.integers(-2, 2)
        case Type.DATE_TIME:
            return st.sampled_from(_TIMES)
        case Type.BINARY:
            return st.sampled_from(("AQID", "BAUG"))
    few = st.sampled_from(("a", "A", "b", "ab", "É", "é", "ß", "SS", " a", 'q"\\', "", "work", "home"))
    return few | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


def users(words: Words = simple_values) -> st.SearchStrategy[dict[str, Any]]:
    """Resources with any of the attributes, none of them empty except empty strings."""
    return _objects(USER.root, words).filter(lambda user: "userName" in user)


def _objects(container: Attribute, words: Words) -> st.SearchStrategy[dict[str, Any]]:
    members = {sub.name: _values(sub, words) for sub in container.sub_attributes if sub.returned is not Returned.NEVER}
    if container is USER.root:
        # Most of some thirty attributes absent from most users, as they are from most filters.
        few = st.sets(st.sampled_from(sorted(members)), min_size=1, max_size=6).map(lambda names: names | {"userName"})
        return few.flatmap(lambda names: st.fixed_dictionaries({name: members[name] for name in sorted(names)}))
    return st.fixed_dictionaries({}, optional=members).filter(bool)


def _values(attribute: Attribute, words: Words) -> st.SearchStrategy[Any]:
    one = _objects(attribute, words) if attribute.is_complex else words(attribute, None)
    return st.lists(one, min_size=1, max_size=3) if attribute.multi_valued else one


def paths(container: Attribute = USER.root) -> list[AttributePath]:
    """Every path that a filter can name, from a container on."""
    found = []
    for sub in container.sub_attributes:
        if sub.returned is not Returned.NEVER:
            found.append(AttributePath((sub,)))
            found.extend(AttributePath((sub, *path.steps)) for path in paths(sub))
    return found


def filters(
    words: Words = simple_values,
    allowed: Callable[[AttributePath, Operator | None, bool], bool] = lambda path, operator, is_null: True,
    root: Attribute = USER.root,
) -> st.SearchStrategy[Filter]:
    """Filters of any form; `allowed` may refuse a term by its path, its operator (None for pr) and its null."""
    brackets = st.sampled_from(
        [path for path in paths(root) if path.attribute.is_complex and path.attribute.multi_valued]
    ).flatmap(
        lambda path: _combined(_terms(paths(path.attribute), words, allowed), 3).map(
            lambda inner: ValuePath(path, inner)
        )
    )
    return _combined(_terms(paths(root), words, allowed) | brackets, 8)


def _combined(terms: st.SearchStrategy[Filter], most: int) -> st.SearchStrategy[Filter]:
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: And(tuple(each))),
            st.lists(inner, min_size=2, max_size=3).map(lambda each: Or(tuple(each))),
        ),
        max_leaves=most,
    )


def _terms(
    among: list[AttributePath], words: Words, allowed: Callable[[AttributePath, Operator | None, bool], bool]
) -> st.SearchStrategy[Filter]:
    choices: list[st.SearchStrategy[Filter]] = []
    for path in among:
        if allowed(path, None, False):
            choices.append(st.just(Present(path)))
        leaf = compared(path.attribute)
        for operator in Operator:
            if operator in (Operator.EQ, Operator.NE) and allowed(path, operator, True):
                choices.append(st.just(Comparison(path, operator, None)))
            if leaf is not None and operator in OPERATORS_OF[leaf.type] and allowed(path, operator, False):
                choices.append(_comparisons(path, operator, words(leaf, operator)))
    return st.one_of(choices)


def _comparisons(path: AttributePath, operator: Operator, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    return values.map(lambda value: Comparison(path, operator, value))
