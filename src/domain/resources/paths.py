"""Attribute notation (RFC 7644 section 3.10): from `urn:...:User:name.familyName` to the attributes it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.resources.attributes import Attribute, ResourceType


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


def resolve(text: str, resource_type: ResourceType) -> AttributePath | None:
    """Return the path that `text` names, names and URNs in any case; None when there is no such attribute.

    >>> from domain.resources.user_schema import USER
    >>> str(resolve("NAME.familyname", USER))
    'name.familyName'
    """
    return _known(text, resource_type) if len(text) <= _LONGEST_KNOWN else _resolve(text, resource_type)


def _resolve(text: str, resource_type: ResourceType) -> AttributePath | None:
    folded, root = text.lower(), resource_type.root
    if folded.startswith("urn:"):
        for extension in resource_type.extensions:
            urn = extension.id.lower()
            if folded == urn or folded.startswith(urn + ":"):
                container = root.sub_attribute(urn)
                if container is None or folded == urn:
                    return None if container is None else AttributePath((container,))
                return _descend(container, (container,), text[len(urn) + 1 :])
        prefix = resource_type.schema.id.lower() + ":"
        if not folded.startswith(prefix):
            return None
        text = text[len(prefix) :]
    return _descend(root, (), text)


def is_under(text: str, urns: Iterable[str]) -> bool:
    """Return True if a text is one of the URNs, which are in lower case, or a name under one of them.

    A colon follows the URN, or a dot, which some clients write instead.

    >>> [is_under(text, ["urn:x:a"]) for text in ("urn:x:A", "urn:x:a:tag", "urn:x:a.tag", "urn:x:ab:tag")]
    [True, True, True, False]
    """
    folded = text.lower()
    return any(folded == urn or folded.startswith((f"{urn}:", f"{urn}.")) for urn in urns)


def with_colon(text: str, resource_type: ResourceType) -> str | None:
    """Return the text with a colon for the dot after the URN of a schema; None without such a dot."""
    folded = text.lower()
    for folded_urn, urn in resource_type.urns.items():
        if folded.startswith(folded_urn + "."):
            return f"{urn}:{text[len(urn) + 1 :]}"
    return None


def of_an_extension(name: str, resource_type: ResourceType) -> AttributePath | None:
    """Return the path of an extension's attribute that is named without the extension's URN; None without one."""
    for extension in resource_type.extensions:
        path = resolve(f"{extension.id}:{name}", resource_type)
        if path is not None:
            return path
    return None


def _descend(attribute: Attribute, steps: tuple[Attribute, ...], names: str) -> AttributePath | None:
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
