"""What the operator's command hands to the publisher: items of the table whose present state is published again.

    {"Replay": [{"Item": {...}}, {"Item": {...}, "Members": ["2819c223-..."], "FirstPart": 0}]}

`Item` is a whole item of the table in DynamoDB's JSON: a user's, a group's, or what one that is gone left
(docs/decisions/061). `Members` are ids of
users; a group with more of them than one call names comes in several entries, and `FirstPart` counts the events before.
A batch of the table's stream has `Records` and never `Replay`, so that neither can be taken for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from adapters.dynamodb import items
from adapters.dynamodb.keys import Collection
from adapters.events.stream import REPLAY, RESOURCES, resource_of
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.events.lifecycle import MOST_MEMBERS, LifecycleEvent, ResourceChange, write_name
from domain.events.present import present_state, present_state_events

MOST_ENTRIES: Final = 500
"""Entries of one call; the function has 25 seconds."""
MOST_MEMBERS_OF_AN_ENTRY: Final = 10 * MOST_MEMBERS
_MEMBERS: Final = frozenset({"Item", "Members", "FirstPart"})


class MalformedReplay(Exception):
    """What the publisher was given is no replay. The message describes its form and quotes nothing of it."""


class Replayed(NamedTuple):
    """The events of one entry in their order, and the entry's position."""

    position: int
    events: tuple[LifecycleEvent, ...]


def replay_of(event: Mapping[str, Any]) -> list[Replayed]:
    """Read all entries before anything is published; raises `MalformedReplay`."""
    entries = event.get(REPLAY)
    if len(event) > 1 or not isinstance(entries, list) or not 0 < len(entries) <= MOST_ENTRIES:
        raise MalformedReplay(f"A replay is an object that only has {REPLAY}: a list of 1 to {MOST_ENTRIES} entries.")
    return list(_read(entries))


def _read(entries: list[Any]) -> Iterator[Replayed]:
    for position, entry in enumerate(entries):
        try:
            yield Replayed(position, events_of_entry(entry))
        except KeyError as error:
            raise MalformedReplay(f"The entry {position} of the replay has no {error.args[0]}.") from None
        # These errors may quote the item, so their text is dropped.
        except (AttributeError, TypeError, ValueError, RecursionError, OverflowError):
            raise MalformedReplay(f"The entry {position} of the replay is not a user or group of the table.") from None


def events_of_entry(entry: Mapping[str, Any]) -> tuple[LifecycleEvent, ...]:
    """Return the events of one entry; raises KeyError, AttributeError, TypeError or ValueError.

    None for what a release check writes, which concerns no consumer.
    """
    if entry.keys() - _MEMBERS:
        raise ValueError("an unknown member")
    item, members, first_part = entry["Item"], entry.get("Members", []), entry.get("FirstPart", 0)
    account, _, collection = item["pk"]["S"].partition("#")
    if collection == Collection.GONE and account and entry.keys() == {"Item"}:
        return () if account == RELEASE_CHECK_ACCOUNT else present_state_events(_removed(account, items.gone_of(item)))
    if collection not in RESOURCES:
        raise ValueError("another item of the table")
    kinds_now, of_image = RESOURCES[collection]
    kinds = kinds_now()
    resource = resource_of(item, of_image)
    if not account or resource.version < 1 or type(first_part) is not int or first_part < 0:
        raise ValueError("an impossible value")
    _require_ids(members, allowed=kinds.membership is not None)
    if account == RELEASE_CHECK_ACCOUNT:
        return ()
    write_id = item[items.WRITE_ATTRIBUTE]["S"] if items.WRITE_ATTRIBUTE in item else None
    return present_state_events(present_state(kinds, account, resource, write_id, members), first_part)


def _removed(account: str, gone: items.Gone) -> ResourceChange:
    """The removal of a user or group, of whose attributes nothing is left."""
    kinds, of_image = RESOURCES[gone.collection.value]
    at = {"S": gone.at}
    last = {"sk": {"S": gone.id}, "version": {"N": str(gone.version)}, "document": {"S": "{}"}}
    removed = of_image({**last, "created": at, "lastModified": at})
    return ResourceChange(
        kinds(),
        id=write_name(gone.write_id, gone.id),
        account=account,
        before=removed,
        after=None,
        recorded_at=datetime.fromisoformat(gone.at),
        replayed=True,
    )


def _require_ids(members: Any, *, allowed: bool) -> None:
    if not isinstance(members, list) or len(members) > MOST_MEMBERS_OF_AN_ENTRY or (members and not allowed):
        raise ValueError("not the members of a group")
    if not all(isinstance(each, str) and each for each in members) or len(set(members)) < len(members):
        raise ValueError("an id that is not text, or appears twice")
