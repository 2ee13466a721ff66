"""What there is to publish again: users, groups and what is left of removed ones, as the publisher takes them.

Memory does not grow with the account, nor with a group. The table may be in use: what changes meanwhile has events of
its own, of a higher version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from adapters.clock import text_of
from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.relations import settled_group
from adapters.events.replay import MOST_MEMBERS_OF_AN_ENTRY, events_of_entry
from domain.documents import Json
from domain.events.lifecycle import MOST_MEMBERS
from operations.removals import is_gone
from operations.replay.places import Place, PlaceKind


@dataclass(frozen=True, slots=True)
class Found:
    """A user or group, there or removed, and what the publisher gets of it: nothing for one that did not change.

    `kinds` are the numbers of its events by kind. A group of many members is found several times, with a part of them
    each time; `last` says that nothing of it follows. `readable` is False if its item is damaged.
    """

    place: Place
    entry: Json | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    last: bool = True
    readable: bool = True

    @property
    def events(self) -> int:
        """The number of events."""
        return self.kinds.total()


@dataclass(frozen=True, slots=True)
class PresentState:
    """The users and groups of one account that changed or were removed since a moment, or all of them."""

    items: AccountItems
    since: datetime | None = None

    def after(self, place: Place | None = None) -> Iterator[Found]:
        """Yield what comes after a place, or everything: users in order of id, then groups, then removed ones.

        Raises TooManyRequests or ServiceUnavailable when the table does not answer.
        """
        for kind in PlaceKind:
            if place is not None and place.kind > kind:
                continue
            start = place.id if place is not None and place.kind is kind else None
            for page in self.items.query(Collection(kind.collection), Range(after=start)):
                for item in page.items:
                    yield from self.of(kind, item)

    def of(self, kind: PlaceKind, item: Item) -> Iterator[Found]:
        """Yield what there is of one item; nothing if the user or group was removed meanwhile, or came back."""
        place = Place(kind, item["sk"]["S"])
        try:
            if kind is PlaceKind.REMOVED:
                since = "" if self.since is None else text_of(self.since.timestamp())
                entries = iter([{"Item": item}] if is_gone(self.items, item, since) else [])
            elif self.since is not None and datetime.fromisoformat(item["lastModified"]["S"]) < self.since:
                yield Found(place)
                return
            else:
                entries = iter([{"Item": item}]) if kind is PlaceKind.USERS else _group_entries(self.items, item)
            following = next(entries, None)
            while following is not None:
                entry, following = following, next(entries, None)
                kinds = Counter(event.kind.value for event in events_of_entry(entry))
                yield Found(place, entry, kinds, last=following is None)
        except (LookupError, AttributeError, TypeError, ValueError, RecursionError, OverflowError):
            yield Found(place, readable=False)


def _group_entries(items: AccountItems, item: Item) -> Iterator[Json]:
    """The group with its members; a large change of them that is under way is finished before."""
    group_id = item["sk"]["S"]
    if "job" in item:
        settled_group(items, group_id)
        settled = items.get(Collection.GROUP, group_id)
        if settled is None:
            return
        item = settled
    pages = items.query(Collection.MEMBER, Range(prefix=keys.of_pair(group_id)), ProjectionExpression="sk")
    members = (keys.second_of(one["sk"]["S"]) for page in pages for one in page.items)
    first_part = 0
    while True:
        some = list(islice(members, MOST_MEMBERS_OF_AN_ENTRY))
        if some or not first_part:
            yield {"Item": item, "Members": some, "FirstPart": first_part}
        if len(some) < MOST_MEMBERS_OF_AN_ENTRY:
            return
        first_part += MOST_MEMBERS_OF_AN_ENTRY // MOST_MEMBERS
