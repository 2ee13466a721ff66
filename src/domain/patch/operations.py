"""The PatchOp message (RFC 7644 section 3.5.2) and its operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidPath, InvalidSyntax, InvalidValue, TooMany
from domain.limits import MAX_OPERATIONS
from domain.messages import PATCH_OP_URN, require_message


class Op(StrEnum):
    """What an operation does."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent: `path` is unparsed text or None, `value` any JSON value.

    `value` is personal data and stays out of `repr`.
    """

    op: Op
    path: str | None = None
    value: Any = field(default=None, repr=False)
    is_listed: bool = False
    """True for a removal of just the values listed, which the RFC does not have: a tolerance says so."""


_OPS: Final = {op.value: op for op in Op}


def parse_operations(body: Json) -> tuple[Operation, ...]:
    """Parse the operations of a PATCH request's body, in order.

    Raises InvalidSyntax for a body that is not a PatchOp message, InvalidPath for a path that is not text, InvalidValue
    for an add or a replace without a value, TooMany for more operations than a request may have.
    """
    require_message(body, PATCH_OP_URN)
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax.must_be("an array of one or more operations", attribute="Operations")
    require_bounded(len(operations))
    return tuple(_operation(item, f"Operations[{index}]") for index, item in enumerate(operations))


def require_bounded(operations: int) -> None:
    """Raise TooMany for more operations than a request may have, counting all that one expands to."""
    if operations > MAX_OPERATIONS:
        raise TooMany(
            f"Operations has more than {MAX_OPERATIONS} operations; each value and member that is changed separately "
            "counts as one. Send them in several requests.",
            attribute="Operations",
            expected=f"at most {MAX_OPERATIONS} operations",
            remedy="Send the operations in several requests.",
        )


def _operation(item: Any, place: str) -> Operation:
    if not isinstance(item, dict):
        raise InvalidSyntax.must_be("an object", attribute="Operations", place=place)
    name = item.get("op")
    op = _OPS.get(name) if isinstance(name, str) else None
    if op is None:
        raise InvalidSyntax.must_be('"add", "remove" or "replace"', attribute="Operations.op", place=f"{place}.op")
    path = item.get("path")
    if path is not None and not isinstance(path, str):
        raise InvalidPath.must_be("a string", attribute="Operations.path", place=f"{place}.path")
    if op is not Op.REMOVE and "value" not in item:
        raise InvalidValue(
            f"{place} has no value. Send the value to {op}, or null to unassign the attribute.",
            attribute="Operations.value",
            expected="a value, or null to unassign the attribute",
        )
    return Operation(op, path, item.get("value"))
