"""A large change of a group's members is seen as done or as not begun, whenever an application reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reading import Users
from support.application import Application
from support.reading_form import large_change_stalls
from support.samples import Patience
from support.served import PatientTable


@dataclass
class Between:
    """A client that does something before and after each of its calls of that name, or of any."""

    client: Any
    act: Callable[[int], None]
    of: str = ""
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.client, name)
        if not callable(operation) or (self.of and name != self.of):
            return operation

        def call(*given: Any, **parameters: Any) -> Any:
            self.act(self.calls)
            answer = operation(*given, **parameters)
            self.calls += 1
            return answer

        return call


def crowd(app: Application) -> tuple[str, list[str], list[str]]:
    """A group of three, who they are, and who else there is."""
    everybody = sorted(app.create(f"user{number}") for number in range(10))
    return app.create_group("Crowd", *everybody[:3]), everybody[:3], everybody[3:]


def exchange(app: Application, group_id: str, joining: list[str]) -> None:
    app.patch(
        f"/Groups/{group_id}",
        {"op": "replace", "path": "members", "value": [{"value": each} for each in joining]},
    )


def test_a_reader_never_sees_half_of_a_change(app: Application) -> None:
    here = app.of("halves")
    group_id, before, after = crowd(here)
    seen: list[bool] = []

    def look(_: int) -> None:
        members = here.users.members_of(group_id)
        assert members in (before, after)
        seen.append(members == after)
        for each in (before[0], after[0], after[-1]):
            is_member = [group.id for group in here.users.groups_of(each)] == [group_id]
            assert is_member is (each in members)

    client: Any = Between(here.table.client, look, "transact_write_items")
    here.service.use(PatientTable(replace(here.table, client=client, max_actions=12), Patience()))
    exchange(here, group_id, after)
    here.service.use(PatientTable(here.table, Patience()))
    look(0)

    assert seen == sorted(seen)
    assert seen.count(True) > 2


@pytest.mark.parametrize("call", [1, 2])
def test_a_change_that_ends_while_a_reader_reads_is_seen_whole(app: Application, call: int) -> None:
    """And with it the next one, which begins before the reader has read on."""
    here = app.of(f"ending-{call}")
    group_id, before, after = crowd(here)

    def complete() -> None:
        assert here.scim.call("GET", f"/Groups/{group_id}").status == 200

    def begin(members: list[str]) -> None:
        complete()
        with large_change_stalls(here):
            exchange(here, group_id, members)

    def reader_during(members: list[str], then: Callable[[], None]) -> Users:
        begin(members)
        client: Any = Between(here.users.client, lambda number: then() if number == call else None)
        return Users(here.users.table_name, here.users.account, client)

    assert [group.id for group in reader_during(after, complete).groups_of(after[-1])] == [group_id]
    assert reader_during(before, complete).groups_of(after[-1]) == []
    assert reader_during(after, lambda: begin(before)).members_of(group_id) in (before, after)
