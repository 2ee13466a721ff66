"""The members of groups and the groups of users: `domain.ports.Relations` on the items of memberships.

A large change of members that was decided counts as done: it is completed before members are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, NamedTuple

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.group_items import GROUPS
from adapters.dynamodb.group_jobs import GroupJobs
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Collection, Entry
from domain.errors import TooMany
from domain.limits import MAX_MEMBERS_OF_AN_ANSWER
from domain.ports import Related

_KEY: Final = {"ProjectionExpression": "sk"}


@dataclass(frozen=True, slots=True)
class DynamoDBMembers:
    """The members of groups, as ids of users."""

    items: AccountItems

    def of(self, resource_id: str, /) -> list[Related]:
        found = group_with_members(self.items, resource_id)
        return [] if found is None else [Related(user_id) for user_id in found.members]

    def among(self, resource_id: str, ids: Sequence[str], /) -> list[Related]:
        if not self._is_settled(resource_id):
            return []
        pairs = _pairs(Collection.MEMBER, ((resource_id, each) for each in ids))
        return [Related(user_id) for user_id in sorted(_second_ids(self.items.batch(pairs, **_KEY)))]

    def having(self, related_id: str, /) -> list[str]:
        GroupJobs(self.items).complete_all()
        return list(_of(self.items, Collection.GROUP_OF, related_id))

    def _is_settled(self, group_id: str) -> bool:
        """Complete a change of the group's members that is under way; return False if there is no such group."""
        return settled_group(self.items, group_id) is not None


@dataclass(slots=True)
class DynamoDBGroupsOfUsers:
    """The groups of users, with their names, for one request: changes under way are looked for once."""

    items: AccountItems
    _looking: Lock = field(default_factory=Lock)
    _is_settled: bool = False

    def of(self, resource_id: str, /) -> list[Related]:
        self._settle()
        return self._named(_of(self.items, Collection.GROUP_OF, resource_id))

    def among(self, resource_id: str, ids: Sequence[str], /) -> list[Related]:
        self._settle()
        pairs = _pairs(Collection.GROUP_OF, ((resource_id, each) for each in ids))
        return self._named(_second_ids(self.items.batch(pairs, **_KEY)))

    def having(self, related_id: str, /) -> list[str]:
        # Of all members: a query shows a page of them.
        if settled_group(self.items, related_id) is None:
            return []
        return list(_of(self.items, Collection.MEMBER, related_id))

    def _settle(self) -> None:
        """Complete the changes that were decided before the first read; users of a page may be read in parallel."""
        with self._looking:
            if not self._is_settled:
                GroupJobs(self.items).complete_all()
                self._is_settled = True

    def _named(self, group_ids: Iterator[str]) -> list[Related]:
        entries = [(Collection.GROUP, each) for each in sorted(group_ids)]
        groups = [GROUPS.record_of(item) for item in self.items.batch(entries, **GROUPS.projection)]
        return sorted(Related(group.id, group.display_name) for group in groups)


def settled_group(items: AccountItems, group_id: str) -> Item | None:
    """Read a group, and complete a change of its members that is under way; None if there is no such group."""
    if not keys.is_id(group_id):
        return None
    item = items.get(Collection.GROUP, group_id, **GROUPS.projection)
    if item is not None and "job" in item:
        GroupJobs(items).complete(group_id)
        return settled_group(items, group_id)
    return item


class ItemWithMembers(NamedTuple):
    """The item of a group, and the ids of its members at the same version, in order."""

    item: Item
    members: list[str]


def group_with_members(items: AccountItems, group_id: str) -> ItemWithMembers | None:
    """Read the members between two reads of the group that find the same version; None if there is no such group."""
    item = settled_group(items, group_id)
    while item is not None:
        members = _member_ids(items, group_id)
        again = settled_group(items, group_id)
        if again is not None and again["version"] == item["version"]:
            return ItemWithMembers(again, members)
        item = again
    return None


def _member_ids(items: AccountItems, group_id: str) -> list[str]:
    """Return the ids of a group's members, in order; raises TooMany when no answer can hold them."""
    ids = list(_of(items, Collection.MEMBER, group_id, limit=MAX_MEMBERS_OF_AN_ANSWER + 1))
    if len(ids) > MAX_MEMBERS_OF_AN_ANSWER:
        raise TooMany(
            f"The group has more than {MAX_MEMBERS_OF_AN_ANSWER} members, the maximum for one response. Read the "
            "group without members (excludedAttributes=members), or filter the members by id.",
            attribute="members",
            expected=f"at most {MAX_MEMBERS_OF_AN_ANSWER} members in one response",
            remedy="Read the group with excludedAttributes=members, and add or remove members by their ids.",
        )
    return ids


def _of(items: AccountItems, collection: Collection, first_id: str, *, limit: int | None = None) -> Iterator[str]:
    """Yield the second ids of all pairs with that first id, in order."""
    if not keys.is_pair(first_id, "0"):
        return iter(())
    pages = items.query(collection, Range(prefix=keys.of_pair(first_id)), limit=limit, **_KEY)
    return _second_ids(item for page in pages for item in page.items)


def _pairs(collection: Collection, pairs: Iterator[tuple[str, str]]) -> list[Entry]:
    return [(collection, keys.of_pair(*pair)) for pair in dict.fromkeys(pairs) if keys.is_pair(*pair)]


def _second_ids(found: Iterator[dict[str, Any]]) -> Iterator[str]:
    return (keys.second_of(item["sk"]["S"]) for item in found)
