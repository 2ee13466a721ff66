"""dateTime values (RFC 7643 section 2.3.5) as instants, so that they compare as time and not as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

Instant = tuple[datetime, str]
"""A whole second in UTC, and the digits of the fraction without trailing zeros: as exact as what was sent."""

_FORM: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d++))?(?:([Zz])|([+-]\d\d:\d\d))?", re.ASCII)


def instant(text: str) -> Instant | None:
    """Return the instant that an xsd:dateTime names, None when `text` is none; without a zone it is in UTC."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    date, time, fraction, _, offset = form.groups()
    try:
        second = datetime.fromisoformat(f"{date}T{time}{offset or '+00:00'}").astimezone(UTC)
    except (ValueError, OverflowError):
        # No day of the calendar, or one that leaves it on the way to UTC.
        return None
    return second, (fraction or "").rstrip("0")


def text_of(when: Instant) -> str:
    """Return a text that names the instant."""
    second, fraction = when
    return f"{second.replace(tzinfo=None).isoformat()}{'.' if fraction else ''}{fraction}Z"
