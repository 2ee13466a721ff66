"""Random sequences of changes of users and groups, by clients who know old versions, against a model of a few lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from domain.errors import UniquenessConflict
from domain.ports import MemberChange, MissingUsers, VersionMismatch
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from storage.conftest import Directory
from support.examples import examples
from support.samples import LATER, Groups, Users, with_name

NAMES = st.sampled_from(["A", "a", "B", "Ç"])

_accounts = itertools.count()


def machine(new_directory: Callable[[], Directory]) -> type[RuleBasedStateMachine]:
    """The rules, over directories as `new_directory` makes them."""

    class Clients(RuleBasedStateMachine):
        people = Bundle("people")
        versions = Bundle("versions")

        @initialize()
        def start(self) -> None:
            self.directory = new_directory()
            self.users, self.groups = Users(Random(1)), Groups(Random(2))
            self.known: dict[str, StoredUser] = {}
            self.present: dict[str, StoredGroup] = {}
            self.members: dict[str, set[str]] = {}

        def is_taken(self, group: StoredGroup) -> bool:
            others = [other for other in self.present.values() if other.id != group.id]
            return any(other.keys.name == group.keys.name for other in others)

        @rule(target=people)
        def create_user(self) -> str:
            user = self.users(f"user{next(_accounts)}")
            self.directory.users.create(user)
            self.known[user.id] = user
            return user.id

        @rule(user_id=people)
        def delete_user(self, user_id: str) -> None:
            if user_id not in self.known:
                return
            self.directory.users.delete(self.known.pop(user_id))
            held = [group_id for group_id, members in self.members.items() if user_id in members]
            assert self.directory.groups.leave_all(user_id) == len(held)
            for group_id in held:
                self.members[group_id].discard(user_id)
                self.refresh(group_id)

        @rule(target=versions, name=NAMES, joining=st.lists(people, max_size=3, unique=True))
        def create_group(self, name: str, joining: list[str]) -> Any:
            group = self.groups(name)
            possible = not self.is_taken(group) and all(each in self.known for each in joining)
            if not self.done(lambda: self.directory.groups.create(group, joining), possible):
                return multiple()
            self.members[group.id] = set(joining)
            return self.refresh(group.id)

        @rule(target=versions, of=versions, name=NAMES)
        def rename(self, of: StoredGroup, name: str) -> Any:
            changed = with_name(of, name)
            if changed is of:
                return multiple()
            possible = self.is_current(of) and not self.is_taken(changed)
            if not self.done(lambda: self.directory.groups.change(of, changed, MemberChange()), possible):
                return multiple()
            return self.refresh(of.id)

        @rule(target=versions, of=versions, joining=people, leaving=people, exactly=st.booleans())
        def change_members(self, of: StoredGroup, joining: str, leaving: str, exactly: bool) -> Any:
            if joining == leaving:
                return multiple()
            members = self.members.get(of.id, set())
            possible = of.id in self.present and (self.is_current(of) or not exactly)
            possible = possible and joining in self.known and joining not in members and leaving in members
            change = MemberChange((joining,), (leaving,))
            if not self.done(
                lambda: self.directory.groups.change(of, of.touched(LATER), change, exactly=exactly), possible
            ):
                return multiple()
            self.members[of.id] = (members | {joining}) - {leaving}
            return self.refresh(of.id)

        @rule(target=versions, of=versions, joining=people)
        def join(self, of: StoredGroup, joining: str) -> Any:
            members = self.members.get(of.id, set())
            possible = of.id in self.present and joining in self.known and joining not in members
            change = MemberChange((joining,))
            if not self.done(lambda: self.directory.groups.change(of, of.touched(LATER), change), possible):
                return multiple()
            members.add(joining)
            return self.refresh(of.id)

        @rule(of=versions)
        def delete_group(self, of: StoredGroup) -> None:
            if self.done(lambda: self.directory.groups.delete(of), self.is_current(of)):
                del self.members[of.id], self.present[of.id]

        def is_current(self, of: StoredGroup) -> bool:
            return of.id in self.present and self.present[of.id].version == of.version

        def done(self, write: Callable[[], None], possible: bool) -> bool:
            """Write; which of several reasons against it is reported is not specified."""
            try:
                write()
            except (UniquenessConflict, MissingUsers, VersionMismatch):
                assert not possible
                return False
            assert possible
            return True

        def refresh(self, group_id: str) -> StoredGroup:
            """Take the version that was written, which is always a later one."""
            found = self.directory.groups.get(group_id)
            assert found is not None
            before = self.present.get(group_id)
            assert found.version == 1 if before is None else found.version == before.version + 1
            self.present[group_id] = found
            return found

        @invariant()
        def holds_what_the_model_holds(self) -> None:
            directory = self.directory
            assert list(directory.groups.scan()) == [self.present[each] for each in sorted(self.present)]
            assert directory.groups.total() == len(self.present)
            for group_id, members in self.members.items():
                assert [each.id for each in directory.members.of(group_id)] == sorted(members)
            for user_id in self.known:
                groups = sorted(each for each, members in self.members.items() if user_id in members)
                assert directory.members.having(user_id) == groups
                assert [each.id for each in directory.groups_of_users.of(user_id)] == groups

    return Clients


def test_users_and_groups_agree_with_the_model(
    directories: Callable[[str], Directory], request: pytest.FixtureRequest
) -> None:
    on_moto = "moto" in request.node.name
    run_state_machine_as_test(
        machine(lambda: directories(f"account-{next(_accounts)}")),
        settings=settings(
            max_examples=6 if on_moto else examples(8, thorough=60),
            stateful_step_count=15 if on_moto else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
