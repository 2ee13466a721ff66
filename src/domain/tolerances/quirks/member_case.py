"""`operations`, `Path`, `OP`: the members of a PATCH message in another case than RFC 7644 section 3.5.2 writes them.

Attribute names have no case (RFC 7643 section 2.1), but these are members of a message.
"""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.tolerances.record import Tolerance

_OF_MESSAGE: Final = {"operations": "Operations", "schemas": "schemas"}
_OF_OPERATION: Final = {"op": "op", "path": "path", "value": "value"}


def _spelled(value: Any, names: dict[str, str]) -> Any:
    """The object with the names as the RFC writes them; one that is there in the right case wins."""
    if not isinstance(value, dict) or all(names.get(name.lower(), name) == name for name in value):
        return value
    spelled: Json = {}
    for name, member in value.items():
        right = names.get(name.lower()) or str(name)
        if right == name or right not in value:
            spelled[right] = member
    return spelled


def _message(body: Json) -> Json | None:
    spelled = _spelled(body, _OF_MESSAGE)
    operations = spelled.get("Operations")
    if isinstance(operations, list):
        items = [_spelled(item, _OF_OPERATION) for item in operations]
        if any(new is not old for new, old in zip(items, operations, strict=True)):
            spelled = spelled | {"Operations": items}
    elif (single := _spelled(operations, _OF_OPERATION)) is not operations:
        spelled = spelled | {"Operations": single}
    return None if spelled is body else spelled


TOLERANCE: Final = Tolerance(
    name="patch-member-case",
    source="Entra ID requires it: learn.microsoft.com, use-scim-to-provision-users-and-groups, General",
    message=_message,
)
