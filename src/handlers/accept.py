"""The media type that an `Accept` asks for (RFC 9110 section 12.5.1): SCIM's own unless the client prefers JSON."""

from __future__ import annotations

from typing import Final

_SCIM: Final = ("application/scim+json", "application/*", "*/*")
_JSON: Final = ("application/json", "application/*", "*/*")
_MOST_RANGES: Final = 50


def prefers_json(accept: str) -> bool:
    """Return True if `application/json` is acceptable and preferred to `application/scim+json`.

    >>> prefers_json("application/json"), prefers_json("application/json, */*"), prefers_json("text/html")
    (True, False, False)
    """
    qualities: dict[str, float] = {}
    for media_range in accept.lower().split(",", _MOST_RANGES)[:_MOST_RANGES]:
        name, *parameters = (part.strip() for part in media_range.split(";"))
        qualities.setdefault(name, _quality(parameters))
    return _of(_JSON, qualities) > _of(_SCIM, qualities)


def _quality(parameters: list[str]) -> float:
    """The `q` of a media range, 1 when it has none, 0 when it is not a number between 0 and 1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def _of(ranges: tuple[str, ...], qualities: dict[str, float]) -> float:
    """The quality of a type by the most specific range given."""
    return next((qualities[each] for each in ranges if each in qualities), 0.0)
