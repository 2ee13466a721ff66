"""Reading one group with its members (RFC 7644 section 3.4.1)."""

from __future__ import annotations

from domain.ports import GroupStore, Related
from domain.queries.related import Completed, showable
from domain.queries.rendering import Renderer
from domain.queries.single import existing, not_found
from domain.resources.group_schema import GROUP, MEMBERS
from domain.resources.stored_resource import StoredResource


def group_as_shown(store: GroupStore, group_id: str, renderer: Renderer) -> StoredResource:
    """Return the group of that id, with its members at the same version when the renderer shows them.

    Raises NotFound for any other id, TooMany when the members are more than one answer can hold.
    """
    if not renderer.wants((MEMBERS.name,)):
        return existing(store, group_id, GROUP)
    whole = store.whole(group_id)
    if whole is None:
        raise not_found(group_id, GROUP)
    members = [Related(user_id) for user_id in whole.members]
    return showable(Completed.of(whole.group, renderer, {MEMBERS.name: members}))
