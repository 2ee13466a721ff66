"""The attribute that a wrong name was probably meant to be, for the person who reads the error."""

from __future__ import annotations

from collections.abc import Iterator

from domain.resources.attributes import Attribute

_LONGEST_NAME = 128


def nearest(name: str, container: Attribute) -> str:
    """Return ` (did you mean X?)` for the sub-attribute of `container` most like `name`, or nothing."""
    # Imported here: only a refused request needs it.
    from difflib import get_close_matches

    candidates = {_leaf(candidate).lower(): candidate for candidate in _names(container)}
    candidates |= {candidate.lower(): candidate for candidate in _names(container)}
    close = get_close_matches(name[:_LONGEST_NAME].lower(), candidates, n=1)
    return f" (did you mean {candidates[close[0]]}?)" if close else ""


def _names(container: Attribute) -> Iterator[str]:
    for attribute in container.sub_attributes:
        separator = ":" if attribute.is_extension else "."
        yield attribute.name
        if container.is_resource:
            yield from (f"{attribute.name}{separator}{name}" for name in _names(attribute))


def _leaf(name: str) -> str:
    """Return the last name of an extension's attribute, which people write without the URN; else the name itself."""
    return name.rpartition(":")[2]
