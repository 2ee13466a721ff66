"""The items of one account: every call that reads or writes them. Reads are strongly consistent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.dynamodb import keys
from adapters.dynamodb.calls import Calls
from adapters.dynamodb.failures import Failure

if TYPE_CHECKING:
    from adapters.dynamodb.items import Item
    from adapters.dynamodb.keys import Collection, Entry
    from domain.ports import Deadline

BATCH: Final = 100
"""Keys that one BatchGetItem takes."""
MAX_ACTIONS: Final = 100
"""Of one transaction (TransactWriteItems)."""
_MOST_OF_ONE_CALL: Final = 1_000_000
"""More items than fit into a call's 1 MB, and a number that DynamoDB accepts as a limit."""

Action = dict[str, dict[str, Any]]
"""One of a transaction's TransactItems: `{"Put": {...}}`."""


class UnprocessedKeys(Exception):
    """DynamoDB answered a batch without some of its keys, which it does when throttled or past 16 MB."""


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a collection, in ascending or descending order of its sort keys.

    It contains the keys after `after`, or those from `first` to `last`, or those that start with `prefix`.
    """

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


@dataclass(frozen=True, slots=True)
class Update:
    """An update expression with its values, condition, and attribute names."""

    expression: str
    values: Item
    condition: str | None = None
    names: Mapping[str, str] | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters of UpdateItem."""
        parameters = {
            "UpdateExpression": self.expression,
            "ExpressionAttributeValues": self.values,
            "ConditionExpression": self.condition,
            "ExpressionAttributeNames": self.names,
        }
        return {name: value for name, value in parameters.items() if value}


class ItemPage(NamedTuple):
    """The items that one Query returned, and whether there are more."""

    items: list[Item]
    more: bool


@dataclass(frozen=True, slots=True)
class AccountItems:
    """Reads and writes the items of one account in one table.

    `projection` is any of GetItem's ProjectionExpression and ExpressionAttributeNames. A write whose condition fails
    raises `ConditionFailed`; every call may raise TooManyRequests or ServiceUnavailable (`Calls.send`).
    """

    table_name: str
    account: str
    calls: Calls
    max_actions: int = MAX_ACTIONS
    """Actions of one transaction on memberships; a larger change takes several."""

    def until(self, deadline: Deadline) -> AccountItems:
        """Return the same items with another deadline."""
        return replace(self, calls=self.calls.until(deadline))

    def target(self, entry: Entry) -> dict[str, Any]:
        """Table and key of an item, as every call and action about a single item needs them."""
        return {"TableName": self.table_name, "Key": keys.key(self.account, *entry)}

    def get(self, collection: Collection, sort_key: str, **projection: Any) -> Item | None:
        """One item, or None."""
        target = self.target((collection, sort_key))
        item: Item | None = self.calls.send("get_item", **target, ConsistentRead=True, **projection).get("Item")
        return item

    def batch(self, entries: Sequence[Entry], **projection: Any) -> Iterator[Item]:
        """The items that exist, in no particular order; no entry may occur twice."""
        for at in range(0, len(entries), BATCH):
            waiting = [keys.key(self.account, *entry) for entry in entries[at : at + BATCH]]
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

    def at_once(self, entries: Sequence[Entry]) -> list[Item | None]:
        """The items as they are at one moment (TransactGetItems), None for those that do not exist."""
        gets = [{"Get": self.target(entry)} for entry in entries]
        response = self.calls.send("transact_get_items", TransactItems=gets)
        return [each.get("Item") or None for each in response["Responses"]]

    def query(
        self, collection: Collection, part: Range, *, limit: int | None = None, **projection: Any
    ) -> Iterator[ItemPage]:
        """The items of a part of a collection, page by page as DynamoDB returns them; `limit` bounds all pages."""
        condition, values = part.condition()
        request: dict[str, Any] = {
            "TableName": self.table_name,
            "KeyConditionExpression": "pk = :pk" + condition,
            "ExpressionAttributeValues": {":pk": {"S": keys.partition(self.account, collection)}, **values},
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

    def put(self, item: Item, **condition: Any) -> None:
        """Write one whole item, under a condition if there is one."""
        self.calls.send("put_item", TableName=self.table_name, Item=item, **condition)

    def put_action(self, item: Item, condition: Mapping[str, Any]) -> Action:
        """Return the action that does so in a transaction."""
        return {"Put": {"TableName": self.table_name, "Item": item, **condition}}

    def update(self, entry: Entry, update: Update) -> Item:
        """Update one item and return all its attributes; `ConditionFailed.item(0)` is one that failed the condition."""
        response = self.calls.send(
            "update_item",
            **self.target(entry),
            **update.parameters(),
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        item: Item = response.get("Attributes", {})
        return item

    def transact(self, actions: list[Action], **token: str) -> None:
        """Do all actions or none (TransactWriteItems); `token` is a ClientRequestToken, if any."""
        self.calls.send("transact_write_items", TransactItems=actions, **token)
