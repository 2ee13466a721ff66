"""What a log may show of an address or a name where the operator has allowed it: its first letter and the domain."""

from __future__ import annotations

import re
from typing import Final

from domain.documents import Json

_STARS: Final = "***"
"""Always three, so that the length of the masked text is not shown."""
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE | re.ASCII)


def masked(value: str) -> str:
    """Return `a***@example.com` for an address, `a***` for any other text.

    Nothing but a letter or digit is shown of the text before the last "@", and nothing but a host name of what follows.
    """
    before, at, after = value.strip().rpartition("@")
    name, domain = (before, after) if at else (after, "")
    first = name[:1] if name[:1].isalnum() else ""
    return first + _STARS + (f"@{domain}" if _DOMAIN.fullmatch(domain) else "")


def masked_user(attributes: Json) -> str:
    """Return a user as a log may show it: by an address, the primary one first, else by userName."""
    emails = sorted(attributes.get("emails", ()), key=lambda email: not email.get("primary"))
    addresses = [email["value"] for email in emails if email.get("value")]
    return masked([*addresses, attributes["userName"]][0])
