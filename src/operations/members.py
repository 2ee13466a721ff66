"""Who the members of groups are: their names, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from domain.resources.stored_user import StoredUser
from operations.account_users import Directory

_READ_TOGETHER: Final = 100
_KEPT: Final = 100_000


class Member(NamedTuple):
    """A member of a group as people know the user."""

    id: str
    user_name: str
    email: str
    active: bool

    @classmethod
    def of(cls, user: StoredUser) -> Member:
        """The member that a user is."""
        return cls(user.id, str(user.attributes["userName"]), primary_email(user), user.active)


@dataclass
class Members:
    """The members of an account's groups. Remembers up to 100,000 users, as they are in several groups."""

    directory: Directory
    _known: dict[str, Member] = field(default_factory=dict)

    def of(self, group_id: str) -> Iterator[Member]:
        """Yield the members of a group in order of id, reading users when they are needed.

        Leaves out users who were deleted a moment ago, whose membership is about to end.
        """
        ids = [related.id for related in self.directory.members.of(group_id)]
        for first in range(0, len(ids), _READ_TOGETHER):
            yield from self._members(ids[first : first + _READ_TOGETHER])

    def _members(self, ids: list[str]) -> list[Member]:
        members = {each: self._known[each] for each in ids if each in self._known}
        unknown = [each for each in ids if each not in members]
        members |= {user.id: Member.of(user) for user in self.directory.users.get_many(unknown)} if unknown else {}
        if len(self._known) < _KEPT:
            self._known |= members
        return [members[each] for each in ids if each in members]


def primary_email(user: StoredUser) -> str:
    """The primary address, else the first, else an empty text."""
    emails = [email for email in user.attributes.get("emails", ()) if email.get("value")]
    chosen = next((email for email in emails if email.get("primary")), emails[0] if emails else {})
    return str(chosen.get("value", ""))
