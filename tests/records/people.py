"""Users of the service that runs in this process."""

from __future__ import annotations

from typing import Any

from support.in_process import Client
from support.people import person


def create(client: Client, name: str, **members: Any) -> str:
    """Create a user and return its id."""
    return str(client.call("POST", "/Users", person(name, **members)).body["id"])
