"""Hypothesis: any life of a customer, whose events reach an application repeated, late, out of order, or never."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from support.examples import examples
from support.published_changes import Customer, Publishing

NUMBERS = st.integers(0, 99)


class Consumer:
    """An application: what it does with an event, and how it must stand in the end."""

    def handle(self, text: str) -> None:
        """Take an event."""
        raise NotImplementedError

    def require_equal(self, customer: Customer) -> None:
        """Fail unless everything is as in the table."""
        raise NotImplementedError


def run(publishing: Publishing, new_consumer: Callable[[str], Consumer], few: int = 6) -> None:
    """Let the adversary play; `new_consumer` makes the application of an account.
    `few` is the number of examples in an ordinary run.

    In the end some of the events are lost for ever, the others come in any order, and then the present state is
    published again, in any order as well, with late repetitions of whatever came before.
    """

    class Adversary(RuleBasedStateMachine):
        @initialize(seed=st.integers(0, 2**32))
        def start(self, seed: int) -> None:
            self.random = Random(seed)
            self.customer = publishing.customer()
            self.consumer = new_consumer(self.customer.name)
            self.events: list[str] = []
            self.undelivered: list[str] = []

        def user(self, number: int) -> StoredUser | None:
            users = list(self.customer.users.values())
            return users[number % len(users)] if users else None

        def group(self, number: int) -> StoredGroup | None:
            groups = list(self.customer.groups.values())
            return groups[number % len(groups)] if groups else None

        @rule(active=st.booleans())
        def create_user(self, active: bool) -> None:
            self.customer.create(active=active)

        @rule(number=NUMBERS, title=st.sampled_from(["Guide", "Scout", None]))
        def update_user(self, number: int, title: str | None) -> None:
            if user := self.user(number):
                self.customer.change(user, title=title)

        @rule(number=NUMBERS)
        def switch_user(self, number: int) -> None:
            if user := self.user(number):
                self.customer.change(user, active=not user.attributes.get("active", True))

        @rule(number=NUMBERS, by=NUMBERS)
        def rename_user(self, number: int, by: int) -> None:
            if user := self.user(number):
                name = f"renamed{by}.{user.id}@example.com"
                self.customer.change(user, userName=name, emails=[{"value": name}])

        @rule(number=NUMBERS)
        def delete_user(self, number: int) -> None:
            if user := self.user(number):
                self.customer.delete(user)

        @rule(number=NUMBERS)
        def create_group(self, number: int) -> None:
            self.customer.create_group(*list(self.customer.users.values())[: number % 6])

        @rule(number=NUMBERS, first=st.integers(0, 5), size=st.integers(0, 8))
        def set_members(self, number: int, first: int, size: int) -> None:
            if group := self.group(number):
                self.customer.set_members(group, list(self.customer.users.values())[first : first + size])

        @rule(number=NUMBERS)
        def rename_group(self, number: int) -> None:
            if group := self.group(number):
                self.customer.rename_group(group)

        @rule(number=NUMBERS)
        def delete_group(self, number: int) -> None:
            if group := self.group(number):
                self.customer.delete_group(group)

        @rule(times=st.integers(1, 8))
        def deliver(self, times: int) -> None:
            """Some events: later ones before earlier ones, and some again."""
            self.publish()
            for _ in range(times if self.events else 0):
                event = self.random.choice(self.undelivered if self.undelivered and times % 3 else self.events)
                self.consumer.handle(event)
                if event in self.undelivered:
                    self.undelivered.remove(event)

        def publish(self) -> None:
            new = publishing.publish()
            self.events += new
            self.undelivered += new

        def teardown(self) -> None:
            self.publish()
            late = [event for event in self.undelivered if self.random.random() < 0.5]
            again = publishing.replay(self.customer)
            for events in (late, again, self.events[-30:]):
                self.random.shuffle(events)
                for event in events:
                    self.consumer.handle(event)
            self.consumer.require_equal(self.customer)

    run_state_machine_as_test(
        Adversary,
        settings=settings(
            max_examples=examples(few, thorough=300),
            phases=[Phase.generate],
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
