"""Lengths of time on the command line."""

from __future__ import annotations

import re
from datetime import timedelta
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
            f"{option} {text!r} is no length of time: write for example 7d, 12h, 30m{', or 0' * may_be_zero}."
        )
    return period
