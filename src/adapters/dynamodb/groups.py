"""The groups of one account in DynamoDB: `domain.ports.GroupStore` on the item collections of docs/data-model.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.dynamodb import keys
from adapters.dynamodb.group_items import GROUPS
from adapters.dynamodb.group_writes import GroupWrites
from adapters.dynamodb.items import Kind
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.parallel import read_all
from adapters.dynamodb.relations import group_with_members
from adapters.dynamodb.resources import ResourceReads
from domain.ports import Candidates, WholeGroup
from domain.resources.stored_group import StoredGroup

_BOTH: Final = {"ProjectionExpression": "pk, sk"}


@dataclass(frozen=True, slots=True)
class DynamoDBGroups(GroupWrites, ResourceReads[StoredGroup]):
    """A `domain.ports.GroupStore`; besides the port's errors it raises TooManyRequests or ServiceUnavailable."""

    @property
    def kind(self) -> Kind[StoredGroup]:
        return GROUPS

    def whole(self, group_id: str) -> WholeGroup | None:
        found = group_with_members(self.items, group_id)
        return None if found is None else WholeGroup(self.kind.record_of(found.item), tuple(found.members))

    def candidates(self, current: StoredGroup | None, user_ids: Sequence[str]) -> Candidates:
        """Read memberships and users together: one call for each 50 users, or for each 100 if the group is new."""
        group_id = "" if current is None else current.id
        if current is not None and current.under_way:
            self.jobs.complete(group_id)
        possible = [each for each in dict.fromkeys(user_ids) if keys.is_pair(group_id or "0", each)]
        entries = [(Collection.USER, each) for each in possible]
        if current is not None:
            entries += [(Collection.MEMBER, keys.of_pair(group_id, each)) for each in possible]
        members, users = set(), set()
        for item in read_all(self.items, entries, **_BOTH):
            collection, sort_key = item["pk"]["S"].partition("#")[2], item["sk"]["S"]
            if collection == Collection.USER:
                users.add(sort_key)
            else:
                members.add(keys.second_of(sort_key))
        return Candidates(frozenset(members), frozenset(users))
