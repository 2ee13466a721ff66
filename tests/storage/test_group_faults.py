"""Each write of groups with each of its calls under each fault: done once, whole or not at all, and reported rightly.

On DynamoDB Local every fault strikes the first call of each operation, and one of each kind the further calls of it
(`THOROUGH=1`: every fault every call); on moto one of each kind strikes every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.dynamodb import DynamoDBAccount, Table
from domain.errors import Retryable, ServiceUnavailable, TooManyRequests
from domain.ports import MemberChange
from domain.resources.stored_group import StoredGroup
from support import faults
from support.engines import ENGINES, OneAtATime, make_table, new_client
from support.examples import THOROUGH
from support.faults import Fault, FaultyClient
from support.invariants import assert_items_agree
from support.loading import load
from support.samples import LATER, Groups, Patience, Users, with_name

ACTIONS = 10
"""Of a transaction here: a few users are a large change."""
MAKE_USER = Users()
PEOPLE = [MAKE_USER(name) for name in ("ada", "bob", "cyd", "dee", "eve", "flo")]
IDS = tuple(sorted(user.id for user in PEOPLE))
MAKE = Groups()
ENGINEERS, SALES, NEW = MAKE("Engineers", external_id="1"), MAKE("Sales"), MAKE("New", external_id="2")
BUILDERS = with_name(ENGINEERS, "Builders", externalId="3")
ONE_OF_A_KIND = ("time-out", "ThrottlingException", "TransactionConflict", "IdempotentParameterMismatchException")

Write = Callable[[DynamoDBAccount], object]
State = dict[str, tuple[StoredGroup, tuple[str, ...]]]


def changing(changed: StoredGroup, members: MemberChange) -> Write:
    return lambda account: account.groups.change(ENGINEERS, changed, members)


def leave_all(account: DynamoDBAccount) -> None:
    user = next(user for user in PEOPLE if user.id == IDS[0])
    if account.users.get(user.id) is not None:
        account.users.delete(user)
    account.groups.leave_all(user.id)


WRITES: dict[str, Write] = {
    "create": lambda account: account.groups.create(NEW, IDS[:2]),
    "large create": lambda account: account.groups.create(NEW, IDS),
    "join and leave": changing(ENGINEERS.touched(LATER), MemberChange(IDS[2:3], IDS[:1])),
    "rename": changing(BUILDERS, MemberChange()),
    "rename and join": changing(BUILDERS, MemberChange(IDS[2:3])),
    "large change": changing(ENGINEERS.touched(LATER), MemberChange(IDS[2:], IDS[:1])),
    "delete": lambda account: account.groups.delete(ENGINEERS),
    "leave_all": leave_all,
}
IN_STEPS = ("leave_all",)
"""Writes of which each step is whole by itself, and which are called again until they are done."""


@dataclass
class Scene:
    """A table with two groups behind a client that faults can strike; it counts the operations."""

    table: Table
    faults: FaultyClient
    operations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.faults.client.meta.events.register("before-call.dynamodb", self._note)

    def _note(self, model: Any, **_: object) -> None:
        self.operations.append(model.name)

    def started_again(self) -> Scene:
        """Begin with a table in its first state, and without a fault."""
        self.faults.calm()
        self.table = make_table(self.table.client, max_actions=ACTIONS)
        load(self.table, "default", PEOPLE)
        account = self.table.account("default", Patience())
        account.groups.create(ENGINEERS, IDS[:2])
        account.groups.create(SALES, IDS[:1])
        self.operations.clear()
        return self

    def do(self, write: Write) -> None:
        patience = Patience()
        write(replace(self.table, sleep=patience.spend, chance=lambda: 0.5).account("default", patience))

    def refusal(self, write: Write) -> Retryable | None:
        """Return the error of a write, if it has one."""
        try:
            self.do(write)
        except Retryable as error:
            return error
        return None

    def state(self) -> State:
        """Return groups and members, after what a publisher would do; assert that the items agree."""
        self.faults.calm()
        account = self.table.account("default", Patience())
        account.groups.clear(ENGINEERS.id)
        wholes = [account.groups.whole(group.id) for group in account.groups.scan()]
        assert_items_agree(self.table)
        return {
            whole.id: (replace(whole.group, last_modified=LATER), whole.members)
            for whole in wholes
            if whole is not None
        }


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> tuple[Scene, bool]:
    on_moto = request.param == "moto"
    if on_moto:
        request.getfixturevalue("mocked")
    client = new_client(None if on_moto else request.getfixturevalue("local_client").meta.endpoint_url)
    struck = FaultyClient(client)
    return Scene(make_table(OneAtATime(client), max_actions=ACTIONS), struck), on_moto


def places(engine: tuple[Scene, bool], write: Write, struck: list[Fault]) -> Iterator[tuple[Scene, int, Fault, State]]:
    """Each call of a write with each fault that it can meet, in a new scene; and the state once the write is done."""
    scene, on_moto = engine
    scene.started_again().do(write)
    operations, done = list(scene.operations), scene.state()
    for at, operation in enumerate(operations):
        for fault in struck:
            is_possible = operation == "TransactWriteItems" or not (fault.of_transactions or fault in faults.CONTENDED)
            every_fault = not on_moto and (THOROUGH or operation not in operations[:at])
            if is_possible and (every_fault or fault.name in ONE_OF_A_KIND):
                yield scene.started_again(), at, fault, done


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_call_fails_once_is_done_once(engine: tuple[Scene, bool], name: str) -> None:
    for scene, at, fault, done in places(
        engine, WRITES[name], [*faults.BREAKING, *faults.THROTTLING, *faults.CONTENDED]
    ):
        scene.faults.once(fault, spared=at)

        scene.do(WRITES[name])

        assert scene.state() == done, (at, str(fault))


@pytest.mark.parametrize("forget_tokens", [False, True], ids=["", "without tokens"])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_with_a_lost_answer_is_done_once(engine: tuple[Scene, bool], name: str, forget_tokens: bool) -> None:
    for scene, at, fault, done in places(engine, WRITES[name], faults.LOST):
        scene.faults.once(fault, spared=at, forget_tokens=forget_tokens)

        scene.do(WRITES[name])

        assert scene.state() == done, (at, str(fault))


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_calls_fail_without_end_is_whole_and_reported_in_time(
    engine: tuple[Scene, bool], name: str
) -> None:
    before = engine[0].started_again().state()
    endless = [*faults.BREAKING, *faults.THROTTLING, faults.LOST[0]]
    for scene, at, fault, done in places(engine, WRITES[name], endless):
        scene.faults.always(fault, spared=at)
        refusal = scene.refusal(WRITES[name])
        if refusal is not None:
            assert int(refusal.headers["Retry-After"]) > 0
            assert isinstance(refusal, TooManyRequests if fault in faults.THROTTLING else ServiceUnavailable)
        is_done = refusal is None
        if name in IN_STEPS:
            assert not is_done
            scene.faults.calm()
            scene.do(WRITES[name])
            is_done = True

        found = scene.state()

        assert found in ([done] if is_done else [before, done]), (at, str(fault))
        assert is_done or (found == done) is (fault.after or at > 0), (at, str(fault))


@pytest.mark.parametrize("name", [name for name in WRITES if name != "leave_all"])
def test_a_write_that_dynamodb_refuses_for_good_changes_nothing(engine: tuple[Scene, bool], name: str) -> None:
    scene, on_moto = engine
    before = scene.started_again().state()
    for fault in faults.REFUSING[: 1 if on_moto else None]:
        scene.started_again().faults.always(fault)

        refusal = scene.refusal(WRITES[name])

        assert isinstance(refusal, ServiceUnavailable)
        assert refusal.reason == "table-refused"
        assert scene.state() == before


@pytest.mark.parametrize("fault", [faults.REFUSING[3], faults.REFUSING[4]], ids=str)
@pytest.mark.parametrize("name", ["create", "join and leave", "large create", "large change"])
def test_users_who_are_too_large_for_a_transaction_join_in_smaller_parts(
    engine: tuple[Scene, bool], name: str, fault: Fault
) -> None:
    """DynamoDB refuses a transaction whose items, among them the users that it checks, have more than 4 MB."""
    for scene, at, _, done in places(engine, WRITES[name], [faults.BREAKING[0]]):
        if scene.operations:
            continue
        scene.faults.once(fault, only=("TransactWriteItems",), spared=at)

        scene.do(WRITES[name])

        assert scene.state() == done, at
