"""The values that are stored apart from their resources, where an account has groups; not imported where it has none.

What reads them is imported when a request needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from handlers.endpoint import ScimRequest

if TYPE_CHECKING:
    from domain.ports import Related, Relations
    from domain.resources.stored_resource import StoredResource


@dataclass(slots=True)
class _Unopened:
    """A `domain.ports.Relations` that is opened, and its modules imported, with the first call of a request."""

    open: Callable[[], Relations]
    _opening: Lock = field(default_factory=Lock)
    _opened: Relations | None = None

    def of(self, resource_id: str, /) -> list[Related]:
        return self._relations().of(resource_id)

    def among(self, resource_id: str, ids: Sequence[str], /) -> list[Related]:
        return self._relations().among(resource_id, ids)

    def having(self, related_id: str, /) -> list[str]:
        return self._relations().having(related_id)

    def _relations(self) -> Relations:
        with self._opening:
            if self._opened is None:
                self._opened = self.open()
            return self._opened


def relations_of_users(request: ScimRequest) -> Mapping[str, Relations]:
    """Return the groups of users, for the attribute `groups`."""
    return {"groups": _Unopened(lambda: request.account.groups_of_users)}


def relations_of_groups(request: ScimRequest) -> Mapping[str, Relations]:
    """Return the members of groups, for the attribute `members`."""
    return {"members": _Unopened(lambda: request.account.members)}


def with_groups(request: ScimRequest, user: StoredResource) -> StoredResource:
    """Return the user as the answer shows it: with its groups where the request asks for them."""
    relations = relations_of_users(request)
    if not request.renderer.wants(relations):
        return user
    from domain.queries.related import completed, showable

    return showable(completed(user, request.renderer, relations))


def groups_to_show(request: ScimRequest) -> Callable[[StoredResource], StoredResource]:
    """Read the groups of the path's user where the answer shows them; return what adds them to the user."""
    relations = relations_of_users(request)
    names = request.renderer.wants(relations)
    if not names:
        return lambda user: user
    from domain.queries.related import Completed, showable

    groups = {name: relations[name].of(request.resource_id) for name in names}
    return lambda user: showable(Completed.of(user, request.renderer, groups))
