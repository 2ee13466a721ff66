"""An existing value, sent again with another `display` or `primary`, or a `type` in one of the two only.

RFC 7643 section 2.4: the same combination of type and value should not be returned more than once. Other members that
the client sends are written to the existing value; `primary: false` changes nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from domain.documents import Json
from domain.resources.attributes import Attribute
from domain.resources.comparison import form_of
from domain.tolerances.record import Tolerance

_Key = tuple[Hashable, ...]


def _settled(attribute: Attribute, value: Any) -> Any:
    return _once(value, attribute, value) if isinstance(value, list) else value


def _patched(attribute: Attribute, before: list[Any], after: list[Any]) -> list[Any]:
    return _once(after, attribute, before)


def _once(values: list[Any], attribute: Attribute, before: list[Any]) -> list[Any]:
    """Return the values, each once; one without a type may match one of any type, unless both existed before."""
    if not attribute.is_complex or len(values) < 2:
        return values
    places: dict[_Key, int] = {}
    kept: list[Any] = []
    known: frozenset[str] | None = None
    for item in values:
        key = _key(item, attribute)
        place = None if key is None else places.get(key)
        if place is None and key is not None and len(key) == 1 and (*key, None) in places:
            known = frozenset(map(_all_of, before)) if known is None else known
            place = None if _all_of(item) in known else places[(*key, None)]
        elif place is None and key is not None and len(key) == 2 and key[:1] in places:
            known = frozenset(map(_all_of, before)) if known is None else known
            if _all_of(item) not in known:
                place = places[key] = places.pop(key[:1])
                kept[place] = kept[place] | {"type": item["type"]}
        if place is not None:
            kept[place] = kept[place] | _more(item)
            continue
        if key is not None:
            places[key] = len(kept)
            # The first value of any type.
            places.setdefault((key[0], None), len(kept))
        kept.append(item)
    return values if len(kept) == len(values) else kept


def _all_of(item: Any) -> str:
    """Return a hashable form of a value, as each is looked for among hundreds."""
    return repr(sorted(item.items()) if isinstance(item, dict) else item)


def _key(item: Any, attribute: Attribute) -> _Key | None:
    """Return the `value` of an item and its type, if any; without a `value`, all members except `primary`."""
    if not isinstance(item, dict):
        return None
    if attribute.sub_attribute("value") is None:
        said = sorted((name, str(member)) for name, member in item.items() if name != "primary" and member is not None)
        return ("", "", *said) if said else None
    value, kind = item.get("value"), item.get("type")
    if not isinstance(value, str) or not isinstance(kind, str | None):
        return None
    form = _form(attribute, "value", value)
    return (form,) if kind is None else (form, _form(attribute, "type", kind))


def _form(attribute: Attribute, name: str, text: str) -> Hashable:
    sub = attribute.sub_attribute(name)
    form: Hashable = text if sub is None else form_of(sub)(text)
    return form


def _more(item: Json) -> Json:
    """Return the members of an item other than value and type."""
    return {
        name: member
        for name, member in item.items()
        if name not in ("value", "type") and member is not None and not (name == "primary" and member is False)
    }


TOLERANCE: Final = Tolerance(
    name="repeated-value",
    source="Entra ID adds roles again that the user already has: lightdash/lightdash issue 23037",
    concerns=lambda attribute: attribute.is_complex and attribute.multi_valued and not attribute.is_apart,
    settled=_settled,
    patched=_patched,
)
