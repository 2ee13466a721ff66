"""A path to an attribute or an extension that this service does not have: the operation is left out.

Only well-formed paths: `emails[type eq "work"` stays an error, as nobody can tell what it was to change.
"""

from __future__ import annotations

import re
from typing import Final

from domain.patch import Operation
from domain.paths import AttributePath, resolve
from domain.tolerances.record import Tolerance
from domain.user_schema import USER

_NAME: Final = r"[A-Za-z$][\w$-]*+"
_ATTRIBUTE: Final = re.compile(rf"(?:urn:(?:[\w.%-]++:)++)?{_NAME}(?:\.{_NAME})?", re.ASCII | re.IGNORECASE)
_SUB_ATTRIBUTE: Final = re.compile(rf"\.{_NAME}", re.ASCII)


def _reading(operation: Operation) -> list[Operation] | None:
    return [] if operation.path is not None and _is_unknown(operation.path) else None


def _is_unknown(text: str) -> bool:
    name, bracket, rest = text.partition("[")
    if _ATTRIBUTE.fullmatch(name) is None:
        return False
    path = resolve(name) or _unqualified(name)
    if path is None:
        return True
    sub_attribute = rest.rpartition("]")[2]
    return (
        bool(bracket)
        and _SUB_ATTRIBUTE.fullmatch(sub_attribute) is not None
        and path.attribute.sub_attribute(sub_attribute[1:]) is None
    )


def _unqualified(name: str) -> AttributePath | None:
    return next((path for extension in USER.extensions if (path := resolve(f"{extension.id}:{name}"))), None)


TOLERANCE: Final = Tolerance(
    name="unknown-path",
    source="Entra ID, attributes of custom extensions: learn.microsoft.com, customize-application-attributes",
    reading=_reading,
)
