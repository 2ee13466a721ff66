"""The invariants of an account, checked by the product's own checker and independently from the raw items."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final

from adapters.dynamodb import Table, group_items, items, keys
from adapters.dynamodb.keys import Collection
from operations.consistency.check import Inconsistency, check_items
from support.samples import Patience

_INDEXES: Final = {
    items.USER_OWNER: (Collection.USER_NAME, Collection.EMAIL, Collection.EXTERNAL_ID),
    group_items.GROUP_OWNER: (Collection.GROUP_NAME, Collection.GROUP_EXTERNAL_ID),
}
"""The index collections, by the attribute that names whose value it is."""

_Raw = dict[str, list[items.Item]]
"""Items as they are stored, by collection, of which a later release may have more."""


def findings(table: Table, account: str = "default", *, repair: bool = False) -> list[Inconsistency]:
    """The checker's findings in an account."""
    steps = check_items(table.account(account, Patience()).items, repair=repair)
    return [step for step in steps if isinstance(step, Inconsistency)]


def assert_sound(table: Table, account: str = "default") -> None:
    """The account has exactly the items that its users and groups call for, and the product's checker says so, too."""
    assert_items_agree(table, account)
    assert findings(table, account) == []


def assert_items_agree(table: Table, account: str = "default") -> None:
    """The account has exactly the items that its users and groups call for."""
    stores = table.account(account, Patience())
    users, groups = list(stores.users.scan()), list(stores.groups.scan())
    expected = Counter((*entry, user.id) for user in users for entry in items.index_entries(user))
    expected += Counter((*entry, group.id) for group in groups for entry in group_items.group_entries(group))
    raw = _raw(table, account)
    kept = Counter(
        (collection, item["sk"]["S"], item[owner]["S"])
        for owner, collections in _INDEXES.items()
        for collection in collections
        for item in raw[collection]
    )

    assert kept == expected
    assert _counters(raw[Collection.RANK]) == Counter(user.id[:3] for user in users)
    assert _counters(raw[Collection.GROUP_RANK]) == Counter(group.id[:3] for group in groups)
    _assert_memberships_agree(raw, {user.id for user in users}, {group.id for group in groups})


def _assert_memberships_agree(raw: _Raw, users: set[str], groups: set[str]) -> None:
    members = [tuple(item["sk"]["S"].split("#")) for item in raw[Collection.MEMBER]]
    groups_of = [tuple(item["sk"]["S"].split("#")) for item in raw[Collection.GROUP_OF]]

    assert sorted(members) == sorted((group, user) for user, group in groups_of)
    assert {group for group, _ in members} <= groups
    assert {user for _, user in members} <= users
    assert raw[Collection.GROUP_JOB] == []
    assert [item for item in raw[Collection.GROUP] if "job" in item] == []


def _counters(ranks: list[items.Item]) -> dict[str, int]:
    return {
        item["sk"]["S"] + name: int(value["N"])
        for item in ranks
        for name, value in item.items()
        if len(name) == 1 and value["N"] != "0"
    }


def _raw(table: Table, account: str) -> _Raw:
    """The items of the account by collection, but its users: in one call, where queries would be twelve."""
    found: _Raw = defaultdict(list)
    more: dict[str, Any] = {}
    while True:
        answer = table.client.scan(
            TableName=table.table_name,
            FilterExpression="begins_with(pk, :account) AND pk <> :users",
            ExpressionAttributeValues={
                ":account": {"S": f"{account}#"},
                ":users": {"S": keys.partition(account, Collection.USER)},
            },
            ConsistentRead=True,
            **more,
        )
        for item in answer["Items"]:
            found[item["pk"]["S"].partition("#")[2]].append(item)  # type: ignore[arg-type]  # the stubs have a wider type for values
        if "LastEvaluatedKey" not in answer:
            return found
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
