"""A PUT without `members`, or with null for them, keeps the members; an empty array removes them.

To the letter what is left out is cleared (RFC 7644 section 3.5.1). Clients that rename a group by a PUT send back what
they know of it, and many never read the members.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.tolerances.record import Tolerance


def _replacement(body: Json, stored: Json) -> Json | None:
    members = stored.get("members")
    return body | {"members": members} if members and body.get("members") is None else None


TOLERANCE: Final = Tolerance(
    name="put-without-members",
    source="Clients that never read members rename a group by PUT without them: vouch-sh/vouch pull request 1415",
    only_for=frozenset({"Group"}),
    replacement=_replacement,
)
