"""Reads that the rest is made of, all strongly consistent: single items, batches, and ranges page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from adapters.dynamodb.calls import Calls
from adapters.dynamodb.failures import Failure
from adapters.dynamodb.items import USER_PROJECTION, Item, user_of
from adapters.dynamodb.keys import Collection, is_user_key, key, partition
from domain.resources.stored_user import StoredUser

BATCH: Final = 100
"""Keys that one BatchGetItem takes."""


_MOST_OF_ONE_CALL: Final = 1_000_000
"""More items than fit into a call's 1 MB, and not more than DynamoDB takes as a limit."""


class UnprocessedKeys(Exception):
    """DynamoDB answered a batch without some of its keys, which it does when throttled or past 16 MB."""


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a collection in the order of its sort keys, or the other way round: those that come after `after`, from
    `first` to `last`, or by prefix."""

    after: str | None = None
    first: str | None = None
    last: str | None = None
    prefix: str = ""
    descending: bool = False

    def condition(self) -> tuple[str, Item]:
        """The part of a KeyConditionExpression about the sort key, and the values in it."""
        if self.first is not None and self.last is not None:
            return " AND sk BETWEEN :first AND :last", {":first": {"S": self.first}, ":last": {"S": self.last}}
        if self.first is not None:
            return " AND sk >= :first", {":first": {"S": self.first}}
        if self.after:
            return f" AND sk {'<' if self.descending else '>'} :after", {":after": {"S": self.after}}
        if self.prefix:
            return " AND begins_with(sk, :prefix)", {":prefix": {"S": self.prefix}}
        return "", {}


class ItemPage(NamedTuple):
    """What one Query gave, and whether there is more behind it."""

    items: list[Item]
    more: bool


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads the items of one account in one table."""

    table_name: str
    account: str
    calls: Calls

    def user(self, user_id: str) -> StoredUser | None:
        """The user of that id; text that cannot be a key names nobody and costs no call."""
        if not is_user_key(user_id):
            return None
        item = self.item(Collection.USER, user_id, **USER_PROJECTION)
        return None if item is None else user_of(item)

    def item(self, collection: Collection, sort_key: str, **projection: Any) -> Item | None:
        """One item."""
        response = self.calls.send(
            "get_item",
            TableName=self.table_name,
            Key=key(self.account, collection, sort_key),
            ConsistentRead=True,
            **projection,
        )
        item: Item | None = response.get("Item")
        return item

    def users(self, user_ids: Sequence[str]) -> dict[str, StoredUser]:
        """Those of the users that exist, by id."""
        wanted = list(dict.fromkeys(user_id for user_id in user_ids if is_user_key(user_id)))
        if len(wanted) == 1:
            user = self.user(wanted[0])
            return {} if user is None else {user.id: user}
        found = self.items([(Collection.USER, user_id) for user_id in wanted], **USER_PROJECTION)
        return {item["sk"]["S"]: user_of(item) for item in found}

    def items(self, entries: Sequence[tuple[Collection, str]], **projection: Any) -> Iterator[Item]:
        """Those of the items that exist, in no order; no entry may come twice."""
        for at in range(0, len(entries), BATCH):
            waiting = [key(self.account, *entry) for entry in entries[at : at + BATCH]]
            attempt = 0
            while waiting:
                request = {self.table_name: {"Keys": waiting, "ConsistentRead": True, **projection}}
                response = self.calls.send("batch_get_item", RequestItems=request)
                found = response["Responses"].get(self.table_name, [])
                yield from found
                waiting = response.get("UnprocessedKeys", {}).get(self.table_name, {}).get("Keys", [])
                if found:
                    attempt = 0
                elif waiting:
                    self.calls.pause(attempt, Failure.THROTTLED, UnprocessedKeys(f"{len(waiting)} keys"))
                    attempt += 1

    def pages(
        self, collection: Collection, part: Range, *, limit: int | None = None, **projection: Any
    ) -> Iterator[ItemPage]:
        """The items of a part of a collection, in pages as DynamoDB gives them; `limit` is of all pages together."""
        condition, values = part.condition()
        request: dict[str, Any] = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk" + condition,
            "ExpressionAttributeValues": {":pk": {"S": partition(self.account, collection)}, **values},
            "ConsistentRead": True,
            "ScanIndexForward": not part.descending,
            **projection,
        }
        while True:
            if limit is not None:
                request["Limit"] = min(limit, _MOST_OF_ONE_CALL)
            response = self.calls.send("query", **request)
            page = ItemPage(response["Items"], bool(response.get("LastEvaluatedKey")))
            yield page
            if limit is not None:
                limit -= len(page.items)
            if not page.more or limit == 0:
                return
            request["ExclusiveStartKey"] = response["LastEvaluatedKey"]
