"""`"op": "Replace"`: Entra ID capitalises the names of operations unless its compatibility flag is set."""

from __future__ import annotations

from typing import Any, Final

from domain.documents import Json
from domain.patch import Op
from domain.tolerances.record import Tolerance

_OPS: Final = frozenset(Op)


def _lowered(operation: Any) -> Any:
    op = operation.get("op") if isinstance(operation, dict) else None
    if isinstance(op, str) and op not in _OPS and op.lower() in _OPS:
        return operation | {"op": op.lower()}
    return operation


def _message(body: Json) -> Json | None:
    operations = body.get("Operations")
    if not isinstance(operations, list):
        return None
    lowered = [_lowered(operation) for operation in operations]
    if all(new is old for new, old in zip(lowered, operations, strict=True)):
        return None
    return body | {"Operations": lowered}


TOLERANCE: Final = Tolerance(
    name="capitalised-op",
    source="Entra ID without aadOptscim062020: learn.microsoft.com, "
    "application-provisioning-config-problem-scim-compatibility",
    message=_message,
)
