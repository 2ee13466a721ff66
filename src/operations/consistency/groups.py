"""Check and repair of an account's groups: large changes under way, memberships from both sides, index items, counters.

A finding is read again in one transaction before it is reported, and repaired on the conditions that it follows from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action, Range
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.group_items import GROUP_OWNER, GROUPS, group_entries
from adapters.dynamodb.group_jobs import GroupJobs
from adapters.dynamodb.items import Item, index_item
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.memberships import Memberships
from adapters.dynamodb.parallel import read_all
from operations.consistency.counters import check_counters
from operations.consistency.findings import Inconsistency, Problem, Progress

_KEY: Final[dict[str, Any]] = {"ProjectionExpression": "sk"}
_PAIRS_AT_ONCE: Final = 25
"""Memberships whose four items one BatchGetItem reads."""


def check_groups(items: AccountItems, *, repair: bool) -> Iterator[Progress | Inconsistency]:
    """Find what does not agree about the groups of an account, as `check_items` does about its users."""
    yield from _jobs(items, repair=repair)
    counted: Counter[str] = Counter()
    for page in items.query(Collection.GROUP, Range(), **GROUPS.projection):
        counted.update(item["sk"]["S"][:3] for item in page.items)
        yield from _groups(items, page.items, repair=repair)
        if counted:
            yield Progress("groups", counted.total(), counted.total())
    for collection in (Collection.GROUP_NAME, Collection.GROUP_EXTERNAL_ID):
        for page in items.query(collection, Range(), ProjectionExpression=f"sk, {GROUP_OWNER}"):
            owners = {(collection, item["sk"]["S"]): item[GROUP_OWNER]["S"] for item in page.items}
            groups = [(Collection.GROUP, each) for each in dict.fromkeys(owners.values()) if keys.is_id(each)]
            found = {item["sk"]["S"]: item for item in read_all(items, groups, **GROUPS.projection)}
            for entry, group_id in owners.items():
                if not _may_have(found.get(group_id), entry):
                    yield from _orphan(items, entry, group_id, repair=repair)
    for collection in (Collection.MEMBER, Collection.GROUP_OF):
        yield from _memberships(items, collection, repair=repair)
    yield from check_counters(
        items, counted, repair=repair, ranks_of=Collection.GROUP_RANK, counted_in=Collection.GROUP
    )


def _groups(items: AccountItems, page: list[Item], *, repair: bool) -> Iterator[Inconsistency]:
    """Find groups that cannot be read, whose large change is lost, or that lack an index item."""
    wanted: dict[Entry, tuple[str, str]] = {}
    for item in page:
        group_id = item["sk"]["S"]
        entries = _entries_of(item)
        if entries is None:
            yield Inconsistency(Problem.UNREADABLE, Collection.GROUP, group_id)
            continue
        wanted |= {entry: (value, group_id) for entry, value in entries.items()}
        if "job" in item and GroupJobs(items).is_lost(group_id):
            repaired = repair and GroupJobs(items).give_up(group_id)
            yield Inconsistency(Problem.JOB, Collection.GROUP, group_id, (), repaired)
    there = {
        (Collection(item["pk"]["S"].partition("#")[2]), item["sk"]["S"])
        for item in read_all(items, list(wanted), ProjectionExpression="pk, sk")
    }
    for entry, (value, group_id) in wanted.items():
        if entry not in there:
            yield from _index(items, entry, value, group_id, repair=repair)


def _entries_of(item: Item) -> dict[Entry, str] | None:
    """Return the index items that a group must have; None if it was damaged by hand."""
    try:
        return group_entries(GROUPS.record_of(item))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _may_have(item: Item | None, entry: Entry) -> bool:
    """Return True if the group in an item has the value, or cannot be read."""
    if item is None:
        return False
    entries = _entries_of(item)
    return entries is None or entry in entries


def _jobs(items: AccountItems, *, repair: bool) -> Iterator[Inconsistency]:
    for page in items.query(Collection.GROUP_JOB, Range(), **_KEY):
        for item in page.items:
            sort_key = item["sk"]["S"]
            group_id, job, _ = sort_key.split("#")
            if items.get(Collection.GROUP_JOB, sort_key, **_KEY) is None:
                continue  # done by the process that is at it, or with an item before this one
            if repair:
                group = items.get(Collection.GROUP, group_id, ProjectionExpression="sk, job")
                if group is not None and group.get("job", {}).get("S") == job:
                    if not GroupJobs(items).give_up(group_id):
                        GroupJobs(items).complete(group_id)
                else:
                    items.transact([{"Delete": items.target((Collection.GROUP_JOB, sort_key))}])
            yield Inconsistency(Problem.JOB, Collection.GROUP_JOB, sort_key, (), repair)


def _index(items: AccountItems, entry: Entry, value: str, group_id: str, *, repair: bool) -> Iterator[Inconsistency]:
    """Find a value of a group whose index item is missing."""
    if items.get(*entry, **_KEY) is not None:
        return
    index, found = items.at_once([entry, (Collection.GROUP, group_id)])
    if index is not None or found is None or entry not in (_entries_of(found) or {}):
        return
    actions: list[Action] = [
        items.put_action(
            index_item(items.account, entry, value, GROUP_OWNER, group_id),
            {"ConditionExpression": "attribute_not_exists(pk)"},
        ),
        _check(items, (Collection.GROUP, group_id), "version = :version", {":version": found["version"]}),
    ]
    yield Inconsistency(Problem.MISSING, *entry, (group_id,), repair and _done(items, actions))


def _orphan(items: AccountItems, entry: Entry, group_id: str, *, repair: bool) -> Iterator[Inconsistency]:
    """Find an index item whose group is gone, or has another value."""
    index, found = items.at_once([entry, (Collection.GROUP, group_id)])
    if index is None or index[GROUP_OWNER]["S"] != group_id:
        return
    if found is not None and _may_have(found, entry):
        return
    unchanged = (
        _check(items, (Collection.GROUP, group_id), "attribute_not_exists(pk)", {})
        if found is None
        else _check(items, (Collection.GROUP, group_id), "version = :version", {":version": found["version"]})
    )
    actions: list[Action] = [{"Delete": items.target(entry)}, unchanged]
    yield Inconsistency(Problem.ORPHAN, *entry, (group_id,), repair and _done(items, actions))


def _memberships(items: AccountItems, collection: Collection, *, repair: bool) -> Iterator[Inconsistency]:
    """Find memberships that lack an item, their user or their group."""
    for page in items.query(collection, Range(), **_KEY):
        found = iter(item["sk"]["S"] for item in page.items)
        while some := list(islice(found, _PAIRS_AT_ONCE)):
            wanted = {sort_key: _entries(collection, sort_key) for sort_key in some}
            every = dict.fromkeys(entry for entries in wanted.values() for entry in entries)
            there = {
                (Collection(item["pk"]["S"].partition("#")[2]), item["sk"]["S"])
                for item in items.batch(list(every), ProjectionExpression="pk, sk")
            }
            for sort_key, entries in wanted.items():
                if not there.issuperset(entries):
                    yield from _membership(items, (collection, sort_key), entries, repair=repair)


def _entries(collection: Collection, sort_key: str) -> list[Entry]:
    """The items that a membership needs: both sides, the group, the user."""
    first, second = sort_key.split("#", 1)
    group_id, user_id = (first, second) if collection is Collection.MEMBER else (second, first)
    return [
        (Collection.MEMBER, keys.of_pair(group_id, user_id)),
        (Collection.GROUP_OF, keys.of_pair(user_id, group_id)),
        (Collection.GROUP, group_id),
        (Collection.USER, user_id),
    ]


def _membership(items: AccountItems, entry: Entry, entries: list[Entry], *, repair: bool) -> Iterator[Inconsistency]:
    """Report a membership that is incomplete. The side of the group decides which repair is right.

    A user who is gone leaves the group by a new version of it, as after a delete.
    """
    member, group_of, group, user = found = items.at_once(entries)
    if all(found) or not (member or group_of):
        return
    checks = [
        _check(items, each, "attribute_exists(pk)" if item else "attribute_not_exists(pk)", {})
        for each, item in zip(entries[2:], found[2:], strict=True)
    ]
    actions: list[Action]
    if member and group and user:
        actions = [items.put_action(items.target(entries[1])["Key"], {}), *checks]
        actions.append(_check(items, entries[0], "attribute_exists(pk)", {}))
    else:
        actions = [*({"Delete": items.target(each)} for each in entries[:2]), *checks]
        if group_of and group and user:
            actions = [actions[1], *checks, _check(items, entries[0], "attribute_not_exists(pk)", {})]
    repaired = False
    if repair and group and not user:
        Memberships(items, time.time).leave_all(entries[3][1])
        repaired = _done(items, actions)
    elif repair:
        repaired = _done(items, actions)
    yield Inconsistency(Problem.MEMBERSHIP, *entry, (entries[3][1],), repaired)


def _check(items: AccountItems, entry: Entry, condition: str, values: dict[str, dict[str, str]]) -> Action:
    given = {"ExpressionAttributeValues": values} if values else {}
    return {"ConditionCheck": {**items.target(entry), "ConditionExpression": condition, **given}}


def _done(items: AccountItems, actions: list[Action]) -> bool:
    """Return True if the repair was done; a write in between may have made it unnecessary."""
    try:
        items.transact(actions)
    except ConditionFailed:
        return False
    return True
