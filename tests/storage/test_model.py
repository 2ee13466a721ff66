"""Random sequences of all operations by clients who know old versions, against a model of a few lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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

from adapters.dynamodb import Table
from adapters.dynamodb.keys import sort_key
from domain.errors import UniquenessConflict
from domain.ports import UserStore, VersionMismatch
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EMAIL, EXTERNAL_ID, USER_NAME
from support.examples import examples
from support.invariants import assert_items_agree, assert_sound
from support.memory import InMemoryUsers
from support.samples import LATER, NOW, Patience, attributes, ids, new_id

NAMES = st.sampled_from(["ada", "Ada", "ADA ", "bob", "zoë", "ZOË", "x" * 1000, "tab\tbed"])
ADDRESSES = st.lists(st.sampled_from(["a@x", "A@X", "b@x", "c@x", "y" * 950]), max_size=3)
EXTERNAL_IDS = st.sampled_from([None, "1", "1#2", "z" * 950])

_accounts = itertools.count()


class Model:
    """Model of an account: users by id."""

    def __init__(self) -> None:
        self.users: dict[str, StoredUser] = {}

    def refusal(self, user: StoredUser) -> tuple[str, str] | None:
        """The attribute and value for which the user may not be written."""
        others = [other for other in self.users.values() if other.id != user.id]
        if any(other.keys.user_name == user.keys.user_name for other in others):
            return "userName", user.attributes["userName"]
        for address, as_sent in user.keys.emails.items():
            if any(address in other.keys.emails for other in others):
                return "emails.value", as_sent
        return None

    def in_order(self) -> list[StoredUser]:
        return sorted(self.users.values(), key=lambda user: user.id)


@dataclass(frozen=True)
class Account:
    """An empty account; `agrees` looks after every step whether its items agree, `check` has the checker say so."""

    store: UserStore
    agrees: Callable[[], None] = lambda: None
    check: Callable[[], None] = lambda: None


def machine(new_account: Callable[[], Account]) -> type[RuleBasedStateMachine]:
    """The rules, over accounts as `new_account` makes them."""

    class Clients(RuleBasedStateMachine):
        versions = Bundle("versions")

        @initialize()
        def start(self) -> None:
            self.account = new_account()
            self.store = self.account.store
            self.model = Model()

        def attempt(self, write: Callable[[], None], expected: object) -> bool:
            outcome: object = None
            try:
                write()
            except UniquenessConflict as conflict:
                outcome = conflict.attribute, conflict.value
            except VersionMismatch:
                outcome = VersionMismatch
            assert outcome == expected
            return outcome is None

        @rule(target=versions, name=NAMES, addresses=ADDRESSES, external_id=EXTERNAL_IDS, seed=st.integers(0))
        def create(self, name: str, addresses: list[str], external_id: str | None, seed: int) -> Any:
            user_id = new_id(Random(f"{seed} {len(self.model.users)}"))
            user = StoredUser.new(user_id, attributes(name, *addresses, external_id=external_id), NOW)
            if user.id in self.model.users or not self.attempt(
                lambda: self.store.create(user), self.model.refusal(user)
            ):
                return multiple()
            self.model.users[user.id] = user
            return user

        @rule(target=versions, of=versions, name=NAMES, addresses=ADDRESSES, external_id=EXTERNAL_IDS)
        def replace(self, of: StoredUser, name: str, addresses: list[str], external_id: str | None) -> Any:
            return self.write(of, attributes(name, *addresses, external_id=external_id))

        @rule(target=versions, of=versions, title=st.sampled_from(["Lead", "Analyst"]))
        def retitle(self, of: StoredUser, title: str) -> Any:
            return self.write(of, of.attributes | {"title": title})

        def write(self, of: StoredUser, said: dict[str, Any]) -> Any:
            present = self.model.users.get(of.id)
            user = of.changed_to(said, LATER)
            if user is of:
                return multiple()
            known = present is not None and present.version == of.version
            if not known and self.model.refusal(user):
                # Both hold; which of the two is reported is not specified.
                with pytest.raises((VersionMismatch, UniquenessConflict)):
                    self.store.replace(of, user)
                return multiple()
            expected = self.model.refusal(user) if known else VersionMismatch
            if not self.attempt(lambda: self.store.replace(of, user), expected):
                return multiple()
            self.model.users[user.id] = user
            return user

        @rule(of=versions)
        def delete(self, of: StoredUser) -> None:
            present = self.model.users.get(of.id)
            known = present is not None and present.version == of.version
            if self.attempt(lambda: self.store.delete(of), None if known else VersionMismatch):
                del self.model.users[of.id]

        @rule(name=NAMES)
        def find_by_user_name(self, name: str) -> None:
            folded = StoredUser.new("", {"userName": name}, NOW).keys.user_name
            expected = [user for user in self.model.users.values() if user.keys.user_name == folded]
            assert self.store.find_by_user_name(name) == next(iter(expected), None)

        @rule(address=st.sampled_from(["a@X", "B@x", "c@x", "d@x", "Y" * 950]))
        def find_by_email(self, address: str) -> None:
            expected = [user for user in self.model.users.values() if address.lower() in user.keys.emails]
            assert self.store.find_by_email(address) == next(iter(expected), None)

        @rule(external_id=st.sampled_from(["1", "1#2", "z" * 950, "2"]))
        def find_by_external_id(self, external_id: str) -> None:
            expected = [user for user in self.model.in_order() if user.keys.external_id == external_id]
            assert self.store.find(EXTERNAL_ID, external_id) == expected

        @rule(start=st.integers(1, 6), count=st.integers(0, 4))
        def page(self, start: int, count: int) -> None:
            page = self.store.page(start, count)
            expected = self.model.in_order()
            assert (page.total, list(page.resources)) == (len(expected), expected[start - 1 : start - 1 + count])

        @rule(of=versions, count=st.integers(1, 4))
        def page_after(self, of: StoredUser, count: int) -> None:
            piece = self.store.page_after(of.id, count)
            expected = [user for user in self.model.in_order() if user.id > of.id]
            assert list(piece.resources) == expected[:count]
            assert piece.next_after == (expected[count - 1].id if len(expected) > count else None)

        @rule(of=versions)
        def get(self, of: StoredUser) -> None:
            assert self.store.get(of.id) == self.model.users.get(of.id)

        @rule(descending=st.booleans())
        def user_names(self, descending: bool) -> None:
            by_name = sorted(self.model.users.values(), key=lambda user: user.keys.user_name, reverse=descending)
            assert ids(self.store.entries(USER_NAME, descending=descending)) == [user.id for user in by_name]

        @rule(of=versions, descending=st.booleans(), at_most=st.sampled_from([None, 1]))
        def user_names_after(self, of: StoredUser, descending: bool, at_most: int | None) -> None:
            name = of.keys.user_name
            named = sorted((user.keys.user_name, user.id) for user in self.model.users.values())[:: 1 - 2 * descending]
            expected = [user_id for held, user_id in named if (held < name if descending else held > name)]
            found = self.store.entries(USER_NAME, descending=descending, after=sort_key(name), at_most=at_most)
            assert ids(found) == expected[:at_most]

        @rule(prefix=st.sampled_from(["a", "A", "X" * 950, "zo"]))
        def user_names_starting(self, prefix: str) -> None:
            named = {user.keys.user_name: user.id for user in self.model.users.values()}
            expected = [named[name] for name in sorted(named) if name.startswith(prefix.lower())]
            assert ids(self.store.entries_starting(USER_NAME, prefix)) == expected

        @rule(prefix=st.sampled_from(["a", "B@", "y" * 940, "d"]))
        def addresses_starting(self, prefix: str) -> None:
            holders = {address: user.id for user in self.model.users.values() for address in user.keys.emails}
            expected = [holders[address] for address in sorted(holders) if address.startswith(prefix.lower())]
            assert ids(self.store.entries_starting(EMAIL, prefix)) == expected

        @rule(some=st.lists(versions, max_size=4), unknown=st.sampled_from(["", "nobody"]))
        def get_many(self, some: list[StoredUser], unknown: str) -> None:
            ids = [*dict.fromkeys(user.id for user in some), unknown]
            expected = [self.model.users[user_id] for user_id in ids if user_id in self.model.users]
            assert self.store.get_many(ids) == expected

        @invariant()
        def holds_what_the_model_holds(self) -> None:
            assert list(self.store.scan()) == self.model.in_order()
            assert self.store.total() == len(self.model.users)
            self.account.agrees()

        def teardown(self) -> None:
            self.account.check()

    return Clients


def explore(new_account: Callable[[], Account], count: int, steps: int) -> None:
    """Run the rules in many random orders."""
    chosen = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine(new_account), settings=chosen)


def test_the_in_memory_store_agrees_with_the_model() -> None:
    explore(lambda: Account(InMemoryUsers()), examples(30, thorough=100), steps=40)


def test_the_table_agrees_with_the_model(table: Table, request: pytest.FixtureRequest) -> None:
    def new_account() -> Account:
        account = f"account-{next(_accounts)}"
        return Account(
            table.account(account, Patience()).users,
            partial(assert_items_agree, table, account),
            partial(assert_sound, table, account),
        )

    on_moto = "moto" in request.node.name
    explore(new_account, 8 if on_moto else examples(12, thorough=25), steps=15 if on_moto else 30)
