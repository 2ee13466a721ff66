"""Cursors of RFC 9865: opaque, sealed, bound to account and query, and short-lived.

A cursor is base64url without padding of `payload || HMAC-SHA-256(payload, account, query)[:16]`, so it cannot be
forged, and one account's cursor means nothing to another.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from domain.documents import encode
from domain.errors import ExpiredCursor, InvalidCursor
from domain.limits import CURSOR_LIFETIME

Position = str | list[Any]
"""The last key of an order that was returned, as JSON: an id, a place in an index, or a sort key and an id."""

_SEAL_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class CursorSeal:
    """Seals and opens the cursors of one account; `key` is a secret of the account, `now` gives Unix time."""

    key: bytes
    account: str
    now: Callable[[], float]

    def seal(self, position: Position, query: str) -> str:
        """Return the cursor of the page after `position`."""
        expires = int(self.now()) + CURSOR_LIFETIME
        payload = encode([expires, position]).encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(payload + self._signature(payload, query)).rstrip(b"=").decode()

    def open(self, cursor: str, query: str) -> Position:
        """Return the position in a cursor; InvalidCursor for another account or query, ExpiredCursor if too old."""
        try:
            sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (Base64Error, ValueError):
            sealed = b""
        payload, signature = sealed[:-_SEAL_BYTES], sealed[-_SEAL_BYTES:]
        if not payload or not hmac.compare_digest(signature, self._signature(payload, query)):
            raise InvalidCursor(
                "cursor was not issued for this account and query. Start again with an empty cursor, and keep "
                "filter, sortBy and sortOrder the same on every page."
            )
        expires, position = json.loads(payload)
        if self.now() > expires:
            raise ExpiredCursor(f"cursor is older than {CURSOR_LIFETIME} seconds. Start again with an empty cursor.")
        if not isinstance(position, str | list):
            raise InvalidCursor.of_another_release()
        return position

    def _signature(self, payload: bytes, query: str) -> bytes:
        message = b"\0".join((payload, self.account.encode(), query.encode()))
        return hmac.digest(self.key, message, sha256)[:_SEAL_BYTES]
