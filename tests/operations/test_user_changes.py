"""What an operator does to a user gives the events that a SCIM request gives, and leaves the same user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.events.stream import change_of
from domain.events.event_detail import detail
from domain.events.lifecycle import events_of
from domain.resources.stored_user import StoredUser
from operations.user_changes import Request, UserChanges
from support import table_stream
from support.event_schemas import validate
from support.in_process import Client, InProcess, TwinTable, in_process
from support.people import patch, replacing, user

DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
SEVERAL = patch(
    {"op": "replace", "path": "name.familyName", "value": "Li"},
    {"op": "replace", "path": DEPARTMENT, "value": "R&D"},
    {"op": "remove", "path": "title"},
)
BODIES = {
    "deactivate": replacing("active", False),
    "rename": replacing("userName", "ann.lee"),
    "set": SEVERAL,
    "set the address": replacing('emails[type eq "work"].value', "ann@corp.example"),
    "delete": None,
}


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


def made(client: Client) -> str:
    body = user("ann", title="Analyst", name={"familyName": "Lee"})
    return str(client.call("POST", "/Users", body).body["id"])


def stored(table: TwinTable, account: str, user_id: str) -> StoredUser | None:
    return table.account(account, MonotonicDeadline.after(60)).users.get(user_id)


def published(account: str, before: StoredUser | None, after: StoredUser | None) -> list[tuple[str, Any]]:
    """The events that the publisher makes of the stream's record of a write, without ids and times."""
    change = change_of(table_stream.record(1, before, after, account))
    assert change is not None
    events = [(each.kind, detail(each, "https://scim.example.com", personal_data=True)) for each in events_of(change)]
    for kind, event in events:
        validate(kind, event)
        for name in ("account", "userId", "occurredAt", "securityEvent", "idempotencyId"):
            del event[name]
    return [(kind.value, event) for kind, event in events]


@pytest.mark.parametrize("what", BODIES)
def test_the_events_are_those_of_the_request(service: InProcess, what: str) -> None:
    body = BODIES[what]
    over_scim, by_hand = f"scim-{what.replace(' ', '-')}", f"hand-{what.replace(' ', '-')}"
    client = service.account(over_scim, deprovisioning_limit=None)
    ids = made(client), made(service.account(by_hand))
    before = stored(service.table, over_scim, ids[0]), stored(service.table, by_hand, ids[1])
    assert before[1] is not None

    client.call("DELETE" if body is None else "PATCH", f"/Users/{ids[0]}", body)
    request: Request = lambda users: users.delete(ids[1]) if body is None else users.patch(ids[1], body)  # noqa: E731
    deadline = MonotonicDeadline.after(60)
    change = UserChanges(by_hand, service.table.account(by_hand, deadline), deadline).make(before[1], request)

    after = stored(service.table, over_scim, ids[0]), stored(service.table, by_hand, ids[1])
    events = published(by_hand, before[1], after[1])
    assert events == published(over_scim, before[0], after[0])
    kind = {"deactivate": "UserDeactivated", "delete": "UserDeprovisioned"}.get(what, "UserUpdated")
    assert [name for name, _ in events] == [kind]
    assert (change.before, change.after) == (before[1], after[1])
    if after[0] is not None and after[1] is not None:
        assert after[0].document == after[1].document


def test_an_activation_by_hand_is_a_reactivation(service: InProcess) -> None:
    user_id = made(service.account("activation"))
    service.account("activation").call("PATCH", f"/Users/{user_id}", replacing("active", False))
    before = stored(service.table, "activation", user_id)
    assert before is not None

    deadline = MonotonicDeadline.after(60)
    changes = UserChanges("activation", service.table.account("activation", deadline), deadline)
    changes.make(before, lambda users: users.patch(user_id, replacing("active", True)))

    events = published("activation", before, stored(service.table, "activation", user_id))
    assert [name for name, _ in events] == ["UserReactivated"]
