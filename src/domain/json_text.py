"""Decodes JSON text from outside: a body, or a text within a body that holds JSON.

Stricter than `json.loads`, which takes NaN, members sent twice and unpaired surrogates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain.limits import MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, MAX_VALUES
from domain.quoting import quoted
from domain.text import is_text

_UNBOUNDED_HERE: Final = "operations"
"""The member of a PATCH or bulk message that has its own bounds, in the case-insensitive form."""


class NotJson(ValueError):
    """The text is not JSON; the message continues a sentence about it."""


class RefusedJson(ValueError):
    """The text is JSON that this service does not accept; the message continues a sentence about it."""


class NoText(RefusedJson):
    """A string in it has an unpaired surrogate."""


class TooLarge(RefusedJson):
    """It has more items than the bound: all objects and arrays together, or an array with its own bound.

    `name` is the member or path that such an array belongs to.
    """

    def __init__(self, problem: str, name: str | None = None) -> None:
        super().__init__(problem)
        self.name = name


class Bounds(NamedTuple):
    """How much a text may hold; depth and the members of one object are bounded alike everywhere."""

    items: int = MAX_ITEMS
    """Values of all arrays and members of all objects."""
    values: Mapping[str, int] = MappingProxyType({})
    """Of the arrays that belong to an attribute, by its name in lower case, where they may be longer than others."""

    def of(self, name: str | None) -> int | None:
        """Return the bound of an attribute that has one of its own; `name` may be a path or start with a URN."""
        if not self.values or name is None:
            return None
        return self.values.get(name.partition("[")[0].rpartition(":")[2].lower())


USUAL: Final = Bounds()


class TooManyItems(RefusedJson):
    """An object or an array in it has more items than the bound; `name` is the member that it belongs to."""

    def __init__(self, name: str | None, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def decode(text: str, bounds: Bounds = USUAL) -> Any:
    """Return the value of `text`; raises NotJson or RefusedJson."""
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
        if "\\u" in text or not is_text(text):  # nothing else can make an unpaired surrogate
            json.dumps(value, ensure_ascii=False).encode()
    except RefusedJson:
        raise
    except UnicodeEncodeError:
        raise NoText("has an unpaired surrogate in a string") from None
    except RecursionError:
        raise RefusedJson(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except ValueError as error:
        raise RefusedJson(f"is not JSON: {error}") from None
    _check_shape(value, bounds)
    return value


_TOO_DEEP: Final = f"is nested deeper than {MAX_DEPTH} levels"


def _no_constant(name: str) -> None:
    raise RefusedJson(f"is not JSON: {name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise RefusedJson("is not JSON: an object has the same member twice")
    return value


def _check_shape(value: Any, bounds: Bounds) -> None:
    """Raise RefusedJson for a value that is too deep or too wide; level by level, without recursion."""
    depth = items = 0
    level: list[tuple[str | None, Any]] = [(None, value)]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise RefusedJson(_TOO_DEEP)
        inner: list[tuple[str | None, Any]] = []
        for name, outer in level:
            if isinstance(outer, dict):
                _check_count(name, len(outer), MAX_MEMBERS, "members")
                nested = [(key, item) for key, item in outer.items() if isinstance(item, dict | list)]
                if nested:
                    inner.extend(_with_owners(nested, outer, bounds))
            elif isinstance(outer, list):
                if name is None or name.lower() != _UNBOUNDED_HERE:
                    _check_values(name, len(outer), bounds)
                inner.extend((name, item) for item in outer if isinstance(item, dict | list))
        items += sum(len(outer) for _, outer in level if isinstance(outer, dict | list))
        if items > bounds.items:
            raise TooLarge(f"has more than {bounds.items} values and members, the maximum")
        level = inner


def _with_owners(nested: list[tuple[str, Any]], outer: Mapping[str, Any], bounds: Bounds) -> Iterator[tuple[str, Any]]:
    """Return the values of an object with their names; that of a PATCH operation belongs to what its path names."""
    path, value = outer.get("path"), "value"
    if bounds.values and "op" not in outer:  # a tolerance takes the names of an operation in any case
        spelling = {key.lower(): key for key in outer}
        path, value = outer.get(spelling.get("path", "path")), spelling.get("value", "value")
    owner = path if isinstance(path, str) else value
    return ((owner if key == value else key, item) for key, item in nested)


def _check_values(name: str | None, count: int, bounds: Bounds) -> None:
    own = bounds.of(name)
    if own is None:
        _check_count(name, count, MAX_VALUES, "values")
    elif count > own:
        raise TooLarge(f"has {count} values in {quoted(str(name))}; at most {own} are accepted", name)


def _check_count(name: str | None, count: int, bound: int, items: str) -> None:
    if count > bound:
        place = "" if name is None else f" in {quoted(name)}"
        raise TooManyItems(name, f"has {count} {items}{place}; at most {bound} are accepted")
