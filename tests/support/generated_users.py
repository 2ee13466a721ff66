"""Users that have something in every attribute of the attribute tree, made of a seed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

from domain.resources.attributes import Attribute, Type
from domain.resources.characters import refused_character
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, USER

NOW = "2030-01-31T12:00:00.000Z"
# Scripts, marks, quotes, line breaks, separators, what a spreadsheet would run, and what JSON must escape.
_TEXTS = [
    "Ann", "Ås", "Müller, Dr.", 'the "2nd"', "O'Brien", "李小龍", "Ελένη", "👩‍🚀", "a;b,c\td", "two\nlines", "=1+1",
    "'=1+1", "back\\slash", " spaces ", "\u2028", "x" * 300, "+41 555 0100", "null", "0", "#hash",
]  # fmt: skip
_NAMES = [text for text in _TEXTS if refused_character(text) is None]


def generated_users(count: int, seed: int = 1) -> Iterator[StoredUser]:
    """So many users with ids, names and addresses of their own; a tenth of them have every attribute at once."""
    random = Random(seed)
    for number in range(count):
        attributes: dict[str, Any] = {"schemas": [CORE_URN]}
        for attribute in USER.root.sub_attributes:
            if attribute.is_kept and attribute.name != "schemas" and (number % 10 == 0 or random.random() < 0.5):
                attributes[attribute.name] = _value(attribute, random)
        attributes["userName"] = f"{random.choice(_NAMES)} {number}"
        for position, email in enumerate(attributes.get("emails", ())):
            email["value"] = f"User.{number}+{position}@Corp.example"
        attributes["schemas"] += [name for name in attributes if name.startswith("urn:")]
        yield StoredUser.new(str(UUID(int=random.getrandbits(128), version=4)), attributes, NOW)


def attribute_names(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all attributes that a resource has."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path + name
            yield from attribute_names(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from attribute_names(inner, path)


def kept_names(attribute: Attribute = USER.root, path: str = "") -> Iterator[str]:
    """The paths of all attributes of the tree that are kept."""
    for sub in attribute.sub_attributes:
        if sub.is_kept:
            yield path + sub.name
            yield from kept_names(sub, f"{path}{sub.name}.")


def _value(attribute: Attribute, random: Random) -> Any:
    if not attribute.multi_valued:
        return _single(attribute, random)
    values = [_single(attribute, random) for _ in range(random.randint(1, 3))]
    for value in values[1:]:
        value.pop("primary", None)
    return values


def _single(attribute: Attribute, random: Random) -> Any:
    match attribute.type:
        case Type.COMPLEX:
            return {sub.name: _value(sub, random) for sub in attribute.sub_attributes if sub.is_kept}
        case Type.BOOLEAN:
            return random.random() < 0.5
        case Type.BINARY:
            return b64encode(random.randbytes(random.randint(1, 40))).decode()
        case Type.REFERENCE:
            return f"https://corp.example/{random.getrandbits(40):x}"
        case _:
            return random.choice(attribute.canonical_values or _TEXTS)
