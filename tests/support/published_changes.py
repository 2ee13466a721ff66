"""A table whose changes are published as on AWS: by its stream and the publisher's code, in EventBridge's envelope."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.ports import MemberChange
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from handlers.jobs.publisher import Publisher
from local.embedded_aws import REGION, LocalAws
from local.event_publishing import TableStream
from local.events import LocalBus, PublishedEvents
from operations.replay.reading import PresentState
from operations.table_creation import make_table
from support.samples import LATER, Patience, Users, changed, new_id

TABLE_NAME = "users"
_LAST = ("UserDeprovisioned", "GroupDeprovisioned")
_numbers = count()


@dataclass
class Publishing:
    """The table, and every event that was published of it, oldest first."""

    table: Table
    stream: TableStream
    publisher: Publisher
    events: list[str] = field(default_factory=list)

    def customer(self) -> Customer:
        """A new account of the table, of which nothing was published yet."""
        self.publish()
        number = next(_numbers)
        name = f"customer-{number}"
        return Customer(name, self.table.account(name, Patience()), seed=number)

    def publish(self) -> list[str]:
        """Publish what changed, and what the publisher changes itself; return the new events."""
        known = len(self.events)
        while records := self.stream.read():
            answer = self.publisher.publish(records, "request", MonotonicDeadline.after(60))
            assert answer == {"batchItemFailures": []}
        return self.events[known:]

    def replay(self, customer: Customer) -> list[str]:
        """Publish the current state of an account again; return these events, with those of what is gone."""
        known = len(self.events)
        found = [one.entry for one in PresentState(customer.account.items).after() if one.entry is not None]
        if found:
            assert self.publisher.replay({"Replay": found}, "request")["unpublished"] == []
        before = map(json.loads, self.events[:known])
        gone = [
            json.dumps(event | {"detail": event["detail"] | {"replay": True}})
            for event in before
            if event["detail-type"] in _LAST and event["detail"]["account"] == customer.name
        ]
        return self.events[known:] + gone


@contextmanager
def publishing(max_actions: int = 100) -> Iterator[Publishing]:
    """An empty table on moto, until the end of the block. `max_actions` bounds a transaction on memberships."""
    aws = LocalAws()
    aws.start()
    try:
        clients = aws.clients()
        make_table(clients.dynamodb, TABLE_NAME)
        table = Table(clients.dynamodb, TABLE_NAME, max_actions=max_actions)
        events: list[str] = []
        bus: Any = LocalBus(PublishedEvents(), Path(os.devnull), REGION, lambda event: events.append(event.text))
        publisher = Publisher(
            EventBus(bus, "bus"),
            lambda account, deadline: table.account(account, deadline).groups,
            "https://scim.example.com/scim/v2",
            personal_data=False,
            log=Log.to_output(),
        )
        yield Publishing(table, aws.stream(TABLE_NAME, lambda: None), publisher, events)
    finally:
        aws.stop()


class Customer:
    """An identity provider of one account: `users` and `groups` are those that it knows to be there.

    A group's version may be a later one by now, as users who are removed leave their groups.
    """

    def __init__(self, name: str, account: DynamoDBAccount, seed: int) -> None:
        self.name = name
        self.account = account
        self.users: dict[str, StoredUser] = {}
        self.groups: dict[str, StoredGroup] = {}
        self._random = Random(seed)
        self._made = Users(self._random)
        self._count = 0

    def contents(self) -> tuple[Any, Any]:
        """Return what the table has of the account, by the service's own stores: its users and groups, by id."""
        users = list(self.account.users.scan())
        groups = [self.whole(group) for group in self.account.groups.scan()]
        return (
            {
                user.id: (
                    user.version,
                    user.attributes.get("active", True),
                    user.attributes["userName"],
                    user.attributes,
                )
                for user in users
            },
            {
                group.id: (group.version, group.attributes["displayName"], group.attributes, sorted(members))
                for group, members in groups
            },
        )

    def create(self, **attributes: Any) -> StoredUser:
        """Create a user with a name and an address that no other one ever had."""
        name = f"user{self._next()}@example.com"
        user = self._made(name, name, **attributes)
        self.account.users.create(user)
        self.users[user.id] = user
        return user

    def change(self, user: StoredUser, **attributes: Any) -> StoredUser:
        """Replace attributes of a user; None removes one."""
        after = self.users[user.id] = changed(user, **attributes)
        if after is not user:
            self.account.users.replace(user, after)
        return after

    def delete(self, user: StoredUser) -> None:
        """Remove a user, as the request that does it."""
        self.account.users.delete(self.users.pop(user.id))
        self.account.groups.leave_all(user.id)

    def create_group(self, *members: StoredUser) -> StoredGroup:
        """Create a group with a name that no other one ever had."""
        group = StoredGroup.new(new_id(self._random), {"displayName": f"Group {self._next()}"}, LATER)
        self.account.groups.create(group, [user.id for user in members])
        self.groups[group.id] = group
        return group

    def rename_group(self, group: StoredGroup) -> None:
        """Give a group such a name."""
        current, _ = self.whole(group)
        after = current.changed_to({"displayName": f"Group {self._next()}"}, LATER)
        self.account.groups.change(current, after, MemberChange())

    def set_members(self, group: StoredGroup, members: Sequence[StoredUser]) -> None:
        """Give a group exactly these members."""
        current, present = self.whole(group)
        wanted = {user.id for user in members}
        change = MemberChange(tuple(sorted(wanted - present)), tuple(sorted(present - wanted)))
        if change:
            self.account.groups.change(current, current.touched(LATER), change)

    def delete_group(self, group: StoredGroup) -> None:
        """Remove a group."""
        current, _ = self.whole(self.groups.pop(group.id))
        self.account.groups.delete(current)

    def whole(self, group: StoredGroup) -> tuple[StoredGroup, set[str]]:
        """A group as it is now, and the ids of its members."""
        whole = self.account.groups.whole(group.id)
        assert whole is not None
        return whole.group, set(whole.members)

    def _next(self) -> int:
        self._count += 1
        return self._count
