"""The invariants of an account, checked by the product's own checker and independently from the raw items."""

from __future__ import annotations

from collections import Counter
from typing import Any

from adapters.dynamodb import Table, items
from adapters.dynamodb.keys import Collection
from operations.consistency.check import Inconsistency, check_items
from support.samples import Patience


def findings(table: Table, account: str = "default", *, repair: bool = False) -> list[Inconsistency]:
    """The checker's findings in an account."""
    steps = check_items(table.account(account, Patience()).items, repair=repair)
    return [step for step in steps if isinstance(step, Inconsistency)]


def assert_sound(table: Table, account: str = "default") -> None:
    """The account has exactly the items that its users call for, and the product's checker says so, too."""
    assert_items_agree(table, account)
    assert findings(table, account) == []


def assert_items_agree(table: Table, account: str = "default") -> None:
    """The account has exactly the items that its users call for."""
    users = list(table.account(account, Patience()).users.scan())
    expected = Counter((*entry, user.id) for user in users for entry in items.index_entries(user))
    kept = Counter(
        (collection, item["sk"]["S"], item["userId"]["S"])
        for collection in (Collection.USER_NAME, Collection.EMAIL, Collection.EXTERNAL_ID)
        for item in _all(table, account, collection)
    )
    counters = {
        item["sk"]["S"] + name: int(value["N"])
        for item in _all(table, account, Collection.RANK)
        for name, value in item.items()
        if len(name) == 1 and value["N"] != "0"
    }

    assert kept == expected
    assert counters == Counter(user.id[:3] for user in users)


def _all(table: Table, account: str, collection: Collection) -> list[items.Item]:
    found: list[items.Item] = []
    more: dict[str, Any] = {}
    while True:
        answer = table.client.query(
            TableName=table.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{account}#{collection.value}"}},
            ConsistentRead=True,
            **more,
        )
        found += answer["Items"]  # type: ignore[arg-type]  # the stubs have a wider type for values
        if "LastEvaluatedKey" not in answer:
            return found
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
