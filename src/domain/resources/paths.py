"""Attribute notation (RFC 7644 section 3.10): from `urn:...:User:name.familyName` to the attributes it names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.resources.attributes import Attribute
from domain.resources.user_schema import CORE_URN, USER


@dataclass(frozen=True, slots=True)
class AttributePath:
    """The attributes from the resource's root (not included) down to the one named.

    One step (`userName`), two (`name.familyName`, `<extension URN>:department`) or three
    (`<extension URN>:manager.value`); a whole extension is one step, its container attribute.
    """

    steps: tuple[Attribute, ...]

    @property
    def attribute(self) -> Attribute:
        """The attribute that the path names: its last step."""
        return self.steps[-1]

    def __str__(self) -> str:
        first, *rest = (step.name for step in self.steps)
        if not rest:
            return first
        return first + (":" if self.steps[0].is_extension else ".") + ".".join(rest)


_EXTENSIONS: Final = tuple(
    (extension.id.lower(), container)
    for extension in USER.extensions
    if (container := USER.root.sub_attribute(extension.id)) is not None
)
_URNS: Final = (CORE_URN, *(extension.id for extension in USER.extensions))
_CORE_PREFIX: Final = CORE_URN.lower() + ":"


def resolve(text: str) -> AttributePath | None:
    """Return the path that `text` names, names and URNs in any case; None when there is no such attribute.

    >>> str(resolve("NAME.familyname"))
    'name.familyName'
    """
    return _known(text) if len(text) <= _LONGEST_KNOWN else _resolve(text)


def _resolve(text: str) -> AttributePath | None:
    folded = text.lower()
    if folded.startswith("urn:"):
        for urn, container in _EXTENSIONS:
            if folded == urn:
                return AttributePath((container,))
            if folded.startswith(urn + ":"):
                return _descend((container,), text[len(urn) + 1 :])
        if not folded.startswith(_CORE_PREFIX):
            return None
        text = text[len(_CORE_PREFIX) :]
    return _descend((), text)


def with_colon(text: str) -> str | None:
    """Return the text with a colon for the dot after the URN of a schema; None without such a dot."""
    folded = text.lower()
    for urn in _URNS:
        if folded.startswith(urn.lower() + "."):
            return f"{urn}:{text[len(urn) + 1 :]}"
    return None


def _descend(steps: tuple[Attribute, ...], names: str) -> AttributePath | None:
    attribute = steps[-1] if steps else USER.root
    parts = names.split(".")
    if len(parts) > 2 or names.lower().startswith("urn:"):
        return None
    for name in parts:
        child = attribute.sub_attribute(name)
        if child is None:
            return None
        steps += (child,)
        attribute = child
    return AttributePath(steps)


_LONGEST_KNOWN: Final = 128
"""Characters of a path that is cached: the same few recur all the time."""
_known: Final = lru_cache(maxsize=512)(_resolve)
