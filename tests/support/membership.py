"""An application that keeps the members of groups by events, as docs/events/README.md says."""

from __future__ import annotations

from domain.documents import Json
from domain.events.kinds import EventKind


class MembershipConsumer:
    """Keeps of each group and user what the event of the highest version said, in whatever order events come."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[int, bool]] = {}
        self._gone: set[str] = set()

    def read(self, kind: EventKind, detail: Json) -> None:
        """Take an event from the bus."""
        if kind is EventKind.GROUP_DEPROVISIONED:
            self._gone.add(detail["groupId"])
        for user_id in detail.get("members", ()):
            place = (detail["groupId"], user_id)
            if detail["version"] > self._said.get(place, (0, False))[0]:
                self._said[place] = (detail["version"], kind is EventKind.MEMBERS_ADDED)

    @property
    def members(self) -> dict[str, set[str]]:
        """The members of each group that has any."""
        found: dict[str, set[str]] = {}
        for (group_id, user_id), (_, joined) in self._said.items():
            if joined and group_id not in self._gone:
                found.setdefault(group_id, set()).add(user_id)
        return found
