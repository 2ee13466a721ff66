"""What takes a user's access away, and whose loss the guard counts (docs/decisions/025).

Deactivation and removal take access away, and so does a change of identity: a user who has neither the former userName
nor any former address can no longer sign in. Two partial changes could do together what one may not, so a user whose
identity has partly changed carries a trace of what is left of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from domain.resources.stored_user import MADE_BY_CLIENT, StoredUser

FRESH: Final = timedelta(hours=1)
"""Age up to which a user created by a client does not count: a test user, or one created by mistake."""
MEMORY: Final = timedelta(days=7)
"""How long a former identity is remembered while it changes in parts."""


def is_fresh(user: StoredUser, now: str) -> bool:
    """Return True if a client created the user within the last hour, so that its loss does not count.

    `now` is RFC 3339 text.
    """
    return user.adoption == MADE_BY_CLIENT and _age(user.created, now) < FRESH


def is_deactivated(before: StoredUser, after: StoredUser) -> bool:
    """Return True if the change deactivates the user."""
    return before.active and not after.active


def loses_identity(before: StoredUser, after: StoredUser, now: str) -> bool:
    """Return True if neither the former userName nor any former address is left.

    An identity that changes in parts is compared with that of up to a week ago. `now` is RFC 3339 text.
    """
    return not _is_unchanged(before, after) and _held(before, now).isdisjoint(_identity(after))


def traced(before: StoredUser, after: StoredUser, now: str) -> StoredUser:
    """Return the user after the change with the trace that the next change needs."""
    if _is_unchanged(before, after):
        return after
    held, has = _held(before, now), _identity(after)
    left = held & has
    if not left or left == has:
        return replace(after, trace=None)
    since = before.trace.split(" ")[0] if before.trace is not None and _is_remembered(before, now) else now
    return replace(after, trace=" ".join([since, *sorted(left)]))


def _is_unchanged(before: StoredUser, after: StoredUser) -> bool:
    """Return True if the identity stays the same, as in nearly every change."""
    same = before.keys.user_name == after.keys.user_name and before.keys.emails.keys() == after.keys.emails.keys()
    return same and before.trace is None


def _held(user: StoredUser, now: str) -> frozenset[str]:
    """Return what identifies the user; after a partial change, what is left of the former identity."""
    if user.trace is not None and _is_remembered(user, now):
        return frozenset(user.trace.split(" ")[1:])
    return _identity(user)


def _is_remembered(user: StoredUser, now: str) -> bool:
    return user.trace is not None and _age(user.trace.split(" ")[0], now) < MEMORY


def _identity(user: StoredUser) -> frozenset[str]:
    """Return userName and addresses as short hashes, which show only whether two are the same."""
    forms = [f"userName {user.keys.user_name}", *(f"emails {address}" for address in user.keys.emails)]
    return frozenset(sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:12] for form in forms)


def _age(since: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since)
