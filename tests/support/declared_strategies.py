"""Hypothesis strategies: documents of declared extensions, and values of their attributes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from domain.resources.attributes import Attribute, Schema, Type
from support.declared import OTHER, document

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "M"]), min_size=1, max_size=8)
_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True).filter(
    lambda name: name.lower() not in ("id", "meta", "schemas", "externalid", "not")
)
_SIMPLE = ("string", "boolean", "decimal", "integer", "dateTime", "binary", "reference")


def _attributes(of: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(of, min_size=1, max_size=4, unique_by=lambda each: each["name"].lower())


def _leaves(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"name": names},
        optional={
            "type": st.sampled_from(_SIMPLE),
            "description": st.text(max_size=20).filter(str.isprintable),
            "multiValued": st.booleans(),
            "caseExact": st.booleans(),
            "required": st.just(False),
            "uniqueness": st.just("none"),
            "mutability": st.just("readWrite"),
            "returned": st.sampled_from(["default", "request"]),
            "canonicalValues": st.lists(_TEXTS, max_size=3),
        },
    ) | st.fixed_dictionaries(
        {"name": names, "type": st.just("reference"), "referenceTypes": st.lists(_TEXTS, max_size=2)}
    )


def _any(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return _leaves(names) | st.fixed_dictionaries(
        {"name": names, "type": st.just("complex"), "subAttributes": _attributes(_leaves(names))},
        optional={"multiValued": st.booleans()},
    )


DOCUMENTS = st.builds(
    lambda urn, attributes: document(*attributes, urn=urn),
    st.from_regex(r"urn:[a-z]{2,5}(:[A-Za-z0-9_.-]{1,8}){1,3}:User", fullmatch=True),
    _attributes(_any(_NAMES)),
)
"""Documents of any extension."""

VERSIONS = st.builds(lambda attributes: document(*attributes, urn=OTHER), _attributes(_any(st.sampled_from("abcdAB"))))
"""Documents of one extension, with few names: two of them have the same ones with other characteristics."""

_VALUES = {
    Type.BOOLEAN: st.booleans(),
    Type.INTEGER: st.integers(-(2**40), 2**40),
    Type.DECIMAL: st.integers(-9, 9) | st.floats(-1e6, 1e6),
    Type.DATE_TIME: st.datetimes().map(lambda when: when.isoformat(timespec="seconds").zfill(19) + "Z"),
}


def values_of(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Valid values of some of the attributes of an extension, at least one."""
    return _object(schema.attributes)


def _object(attributes: tuple[Attribute, ...]) -> st.SearchStrategy[dict[str, Any]]:
    values = {each.name: _value(each) for each in attributes}
    return st.fixed_dictionaries({}, optional=values).filter(bool)


def _value(attribute: Attribute) -> st.SearchStrategy[Any]:
    one = _object(attribute.sub_attributes) if attribute.is_complex else _VALUES.get(attribute.type, _TEXTS)
    if not attribute.multi_valued:
        return one
    return st.lists(one, min_size=1, max_size=3).filter(
        lambda values: sum(isinstance(each, dict) and each.get("primary") is True for each in values) < 2
    )
