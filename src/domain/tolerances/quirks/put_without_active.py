"""A PUT without `active`, or with null, `[]` or `{}` for it, leaves a deactivated user deactivated.

Left out, `active` would be cleared, and a user without it may sign in (RFC 7643 section 4.1.1; RFC 7644 section 3.5.1
lets the service choose). A message that does not say so must not let a user in again.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.tolerances.record import Tolerance


def _replacement(body: Json, stored: Json) -> Json | None:
    is_assigned = body.get("active") not in (None, [], {})
    return None if is_assigned or stored.get("active") is not False else body | {"active": False}


TOLERANCE: Final = Tolerance(
    name="put-without-active",
    source="JumpCloud and Okta send back the resource that they read, without the attributes that it did not have: "
    "profile 2.4 and 4.4",
    only_for=frozenset({"User"}),
    replacement=_replacement,
)
