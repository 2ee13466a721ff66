"""What takes a user's access away, and whose loss the guard counts (docs/decisions/025).

Apart from `active` and removal it is the identity by which people sign in: a user who has neither the former userName
nor any former address is as good as gone. Two changes may do by halves what one may not, so a user whose identity has
changed in part carries a trace of what is left of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from domain.resources.stored_user import MADE_BY_CLIENT, StoredUser

FRESH: Final = timedelta(hours=1)
"""Users whom a client made since then are test users, or a mistake of the moment."""
MEMORY: Final = timedelta(days=7)
"""How long a former identity is remembered while it goes by parts."""


def is_fresh(user: StoredUser, now: str) -> bool:
    """Whether a client made the user within the last hour, so that no loss of it counts; `now` is RFC 3339 text."""
    return user.adoption == MADE_BY_CLIENT and _age(user.created, now) < FRESH


def is_deactivated(before: StoredUser, after: StoredUser) -> bool:
    """Whether the change takes the right to sign in."""
    return before.active and not after.active


def loses_identity(before: StoredUser, after: StoredUser, now: str) -> bool:
    """Whether neither the former userName nor any former address is left, of a week back where it went by parts."""
    return not _is_unchanged(before, after) and _held(before, now).isdisjoint(_identity(after))


def traced(before: StoredUser, after: StoredUser, now: str) -> StoredUser:
    """The user after the change with the trace that the next change needs."""
    if _is_unchanged(before, after):
        return after
    held, has = _held(before, now), _identity(after)
    left = held & has
    if not left or left == has:
        return replace(after, trace=None)
    since = before.trace.split(" ")[0] if before.trace is not None and _is_remembered(before, now) else now
    return replace(after, trace=" ".join([since, *sorted(left)]))


def _is_unchanged(before: StoredUser, after: StoredUser) -> bool:
    """Whether nothing of the identity goes or comes, as with nearly every change."""
    same = before.keys.user_name == after.keys.user_name and before.keys.emails.keys() == after.keys.emails.keys()
    return same and before.trace is None


def _held(user: StoredUser, now: str) -> frozenset[str]:
    """What identifies the user: all, or of what was there before the first change by parts what is left."""
    if user.trace is not None and _is_remembered(user, now):
        return frozenset(user.trace.split(" ")[1:])
    return _identity(user)


def _is_remembered(user: StoredUser, now: str) -> bool:
    return user.trace is not None and _age(user.trace.split(" ")[0], now) < MEMORY


def _identity(user: StoredUser) -> frozenset[str]:
    """userName and addresses, each as a short hash that says no more than which is the same."""
    forms = [f"userName {user.keys.user_name}", *(f"emails {address}" for address in user.keys.emails)]
    return frozenset(sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:12] for form in forms)


def _age(since: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since)
