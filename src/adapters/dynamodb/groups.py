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
from adapters.dynamodb.relations import member_ids, settled_group
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
        """Read the members between two reads of the group that find the same version."""
        item = settled_group(self.items, group_id)
        while item is not None:
            members = member_ids(self.items, group_id)
            again = settled_group(self.items, group_id)
            if again is not None and again["version"] == item["version"]:
                return WholeGroup(self.kind.record_of(again), tuple(members))
            item = again
        return None

    def candidates(self, current: StoredGroup, user_ids: Sequence[str]) -> Candidates:
        """Read memberships and users together: one call for each 50 users."""
        if current.under_way:
            self.jobs.complete(current.id)
        possible = [each for each in dict.fromkeys(user_ids) if keys.is_pair(current.id, each)]
        entries = [
            entry
            for each in possible
            for entry in ((Collection.MEMBER, keys.of_pair(current.id, each)), (Collection.USER, each))
        ]
        members, users = set(), set()
        for item in self.items.batch(entries, **_BOTH):
            collection, sort_key = item["pk"]["S"].partition("#")[2], item["sk"]["S"]
            if collection == Collection.USER:
                users.add(sort_key)
            else:
                members.add(keys.second_of(sort_key))
        return Candidates(frozenset(members), frozenset(users))
