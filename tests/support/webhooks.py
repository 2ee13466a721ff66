"""Posting webhooks to a receiver on this machine."""

from __future__ import annotations

from http.client import HTTPConnection
from uuid import uuid4

SECRET = "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw=="
"""A second secret, for a change of secrets, in the form of Standard Webhooks."""


def post_webhook(port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    """Post a body with the headers of a webhook and return the status.

    `headers` replace those of the same names, written with `_` for `-`; an empty one is left out.
    """
    given = {"Authorization": f"Bearer {SECRET}", "webhook-id": uuid4().hex, "webhook-timestamp": "1896165001"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, {name: value for name, value in given.items() if value})
        return connection.getresponse().status
    finally:
        connection.close()
