"""JSON documents as values and as text."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
"""A JSON object: what a request carries and a document holds."""


def encode(value: object) -> str:
    """Return JSON as this service writes it: compact, unescaped; ValueError for a number that JSON lacks.

    >>> encode({"a": [1, "é"]})
    '{"a":[1,"é"]}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def is_same(one: object, other: object) -> bool:
    """Return True for the same JSON values, without regard to the order of members.

    >>> is_same({"a": [1]}, {"a": [True]}), 1 == True
    (False, True)
    """
    return one == other and _has_same_booleans(one, other)


def _has_same_booleans(one: Any, other: Any) -> bool:
    """Return True if equal values have booleans in the same places: for Python 1 equals True, 0 equals False."""
    if isinstance(one, dict):
        return all(_has_same_booleans(member, other[name]) for name, member in one.items())
    if isinstance(one, list):
        return all(map(_has_same_booleans, one, other))
    return isinstance(one, bool) is isinstance(other, bool)
