"""Users of the service without a gateway (`in_process`), made, read and changed by requests."""

from __future__ import annotations

from itertools import count
from typing import Any

from support.in_process import Answer, Client
from support.people import PATCH_OP, user

Json = dict[str, Any]
_NUMBERS = count()


def created(client: Client, **attributes: Any) -> Json:
    """A user with a name of its own."""
    answer = client.call("POST", "/Users", user(f"mara{next(_NUMBERS)}", **attributes))
    assert answer.status == 201, answer.text
    made: Json = answer.body
    return made


def read(client: Client, made: Json) -> Json:
    """The user as it is now."""
    found: Json = client.call("GET", f"/Users/{made['id']}").body
    return found


def patched(client: Client, made: Json, *operations: Json) -> Answer:
    """The answer to a PATCH of the user."""
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return client.call("PATCH", f"/Users/{made['id']}", body)
