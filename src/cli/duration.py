"""Lengths of time on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from cli.root import UsageError

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str, option: str, *, may_be_zero: bool = False) -> timedelta:
    """Parse a length of time such as 7d, 12h, 30m or 45s; raises `UsageError` naming the option.

    >>> parse_duration("12h", "--since")
    datetime.timedelta(seconds=43200)
    >>> parse_duration("0", "--grace", may_be_zero=True)
    datetime.timedelta(0)
    """
    match = re.fullmatch(r"([0-9]{1,5})([smhd])|0", text.strip().lower())
    period = timedelta(**{_UNITS[match[2]]: int(match[1])} if match and match[2] else {})
    if match is None or not (period or may_be_zero):
        raise UsageError(
            f"{option} {text!r} is not a duration: write, for example, 7d, 12h, 30m{', or 0' * may_be_zero}."
        )
    return period


def parse_moment(text: str, option: str, now: datetime) -> datetime:
    """Parse a moment of the past: a time or a day (RFC 3339, in UTC without a zone), or how long ago it was.

    Raises `UsageError` naming the option.

    >>> now = datetime(2030, 2, 1, 8, 30, tzinfo=UTC)
    >>> parse_moment("2d", "--since", now).isoformat(), parse_moment("2030-01-31", "--since", now).isoformat()
    ('2030-01-30T08:30:00+00:00', '2030-01-31T00:00:00+00:00')
    """
    if re.match("[0-9]{4}-", text.strip()):
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise UsageError(
                f"{option} {text!r} is not a time: write, for example, 2030-01-31, 2030-01-31T08:30:00Z, or 7d."
            ) from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    else:
        moment = now - parse_duration(text, option)
    if moment > now:
        raise UsageError(f"{option} {text!r} is in the future.")
    return moment
