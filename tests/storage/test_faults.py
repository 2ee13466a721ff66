"""Each operation under each fault: the right outcome, and an account that is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from adapters.dynamodb import Table, Usage
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.users import DynamoDBUsers
from domain.errors import ServiceUnavailable, TooManyRequests, UniquenessConflict
from domain.ports import VersionMismatch
from domain.resources.user_schema import EMAIL, EXTERNAL_ID, USER_NAME
from support import faults
from support.engines import ENGINES, make_table, new_client
from support.faults import Fault, FaultyClient
from support.invariants import assert_sound
from support.loading import load
from support.samples import Patience, Users, changed, ids, renamed

MAKE = Users()
ADA = MAKE("ada", "ada@example.com", "a@example.com", external_id="1")
BOB = MAKE("bob", "bob@example.com", external_id="1")
EVE = MAKE("eve")
NEW = MAKE("new", "new@example.com", external_id="2")
TITLED = changed(ADA, title="Lead")
RENAMED = changed(renamed(ADA, "lovelace", "l@example.com", "a@example.com"), externalId="2")
IN_ORDER = sorted([ADA, BOB, EVE], key=lambda user: user.id)

Operation = Callable[[DynamoDBUsers], object]

READS: dict[str, tuple[Operation, object]] = {
    "get": (lambda store: store.get(ADA.id), ADA),
    "get_many": (lambda store: store.get_many([EVE.id, "none", ADA.id]), [EVE, ADA]),
    "find_by_user_name": (lambda store: store.find_by_user_name("ADA"), ADA),
    "find_by_email": (lambda store: store.find_by_email("A@example.com"), ADA),
    "find_by_external_id": (
        lambda store: store.find(EXTERNAL_ID, "1"),
        [user for user in IN_ORDER if user is not EVE],
    ),
    "total": (lambda store: store.total(), 3),
    "page": (lambda store: list(store.page(2, 2).resources), IN_ORDER[1:]),
    "page_after": (lambda store: list(store.page_after(IN_ORDER[0].id, 2).resources), IN_ORDER[1:]),
    "scan": (lambda store: list(store.scan()), IN_ORDER),
    "user_names": (lambda store: ids(store.entries(USER_NAME)), [ADA.id, BOB.id, EVE.id]),
    "addresses_starting": (lambda store: ids(store.entries_starting(EMAIL, "a")), [ADA.id, ADA.id]),
}


@dataclass(frozen=True)
class Write:
    """A write, and what must be there once it happened."""

    do: Operation
    total: int
    found: dict[str, object]


WRITES = {
    "create": Write(lambda store: store.create(NEW), 4, {"new": NEW, "ada": ADA}),
    "replace": Write(lambda store: store.replace(ADA, TITLED), 3, {"ada": TITLED}),
    "rename": Write(lambda store: store.replace(ADA, RENAMED), 3, {"ada": None, "lovelace": RENAMED}),
    "delete": Write(lambda store: store.delete(ADA), 2, {"ada": None, "bob": BOB}),
}
TRANSACTIONS = ["create", "rename", "delete"]


@dataclass
class Faulty:
    """A table with three users behind a client that faults can strike."""

    table: Table
    faults: FaultyClient
    usage: Usage
    patience: Patience

    @property
    def store(self) -> DynamoDBUsers:
        """The account for one request."""
        self.table = Table(self.table.client, self.table.table_name, self.patience.spend, lambda: 0.5)
        return self.table.account("default", self.patience, self.usage).users

    def happened(self, write: Write) -> bool:
        """Return True if a write was done completely, False if not at all; assert that the account is sound."""
        self.faults.calm()
        assert_sound(self.table)
        store = self.table.account("default", Patience()).users
        found = {name: store.find_by_user_name(name) for name in write.found}
        if (store.total(), found) == (write.total, write.found):
            return True
        assert list(store.scan()) == IN_ORDER
        return False


@pytest.fixture(params=ENGINES)
def faulty(request: pytest.FixtureRequest) -> Faulty:
    if request.param == "moto":
        request.getfixturevalue("mocked")
        client = new_client()
    else:
        client = new_client(request.getfixturevalue("local_client").meta.endpoint_url)
    table = make_table(client)
    load(table, "default", [ADA, BOB, EVE])
    return Faulty(table, FaultyClient(client), Usage(), Patience())


TRANSIENT = [*faults.BREAKING, *faults.THROTTLING, faults.LOST[0]]


@pytest.mark.parametrize("fault", TRANSIENT, ids=str)
@pytest.mark.parametrize("name", READS)
def test_a_read_that_fails_once_is_repeated(faulty: Faulty, name: str, fault: Fault) -> None:
    read, expected = READS[name]
    faulty.faults.once(fault)

    assert read(faulty.store) == expected

    assert faulty.usage.retries == faulty.faults.struck == 1
    assert len(faulty.patience.slept) == 1


@pytest.mark.parametrize("fault", [*faults.BREAKING, *faults.THROTTLING], ids=str)
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_fails_once_happens_once(faulty: Faulty, name: str, fault: Fault) -> None:
    faulty.faults.once(fault)

    WRITES[name].do(faulty.store)

    assert faulty.usage.calls == 2
    assert faulty.happened(WRITES[name])


@pytest.mark.parametrize("fault", faults.CONTENDED, ids=str)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_conflicting_transaction_is_repeated(faulty: Faulty, name: str, fault: Fault) -> None:
    faulty.faults.once(fault, fault if "Mismatch" not in fault.name else faults.BREAKING[0])

    WRITES[name].do(faulty.store)

    assert faulty.usage.calls == 3
    assert faulty.happened(WRITES[name])


@pytest.mark.parametrize("forget_tokens", [False, True], ids=["", "without tokens"])
@pytest.mark.parametrize(
    ("name", "fault"),
    [(name, fault) for fault in faults.LOST for name in (TRANSACTIONS if fault.of_transactions else WRITES)],
    ids=str,
)
def test_a_write_with_a_lost_answer_is_recognised(faulty: Faulty, name: str, fault: Fault, forget_tokens: bool) -> None:
    faulty.faults.once(fault, forget_tokens=forget_tokens)

    WRITES[name].do(faulty.store)

    assert faulty.usage.calls == 2
    assert faulty.happened(WRITES[name])


@pytest.mark.parametrize("fault", faults.THROTTLING, ids=str)
@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_throttling_without_end_is_429_in_time(faulty: Faulty, name: str, fault: Fault) -> None:
    operation = READS[name][0] if name in READS else WRITES[name].do
    faulty.faults.always(fault)

    with pytest.raises(TooManyRequests) as refusal:
        operation(faulty.store)

    assert int(refusal.value.headers["Retry-After"]) > 0
    assert faulty.usage.retries > 3
    assert faulty.patience.left > 0
    if name in WRITES:
        assert not faulty.happened(WRITES[name])


@pytest.mark.parametrize("fault", [*faults.BREAKING, faults.LOST[0]], ids=str)
@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_an_unreachable_table_is_503_within_the_time_of_the_request(faulty: Faulty, name: str, fault: Fault) -> None:
    operation = READS[name][0] if name in READS else WRITES[name].do
    faulty.faults.always(fault)

    with pytest.raises(ServiceUnavailable) as refusal:
        operation(faulty.store)

    assert int(refusal.value.headers["Retry-After"]) > 0
    assert refusal.value.__cause__ is not None
    assert faulty.usage.retries > 0
    assert faulty.patience.left > 0
    if name in WRITES:
        assert faulty.happened(WRITES[name]) is fault.after


@pytest.mark.parametrize("fault", faults.REFUSING, ids=str)
@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_permanent_failure_is_503_at_once(faulty: Faulty, name: str, fault: Fault) -> None:
    operation = READS[name][0] if name in READS else WRITES[name].do
    faulty.faults.always(fault)

    with pytest.raises(ServiceUnavailable) as refusal:
        operation(faulty.store)

    assert refusal.value.reason == "table-refused"
    assert refusal.value.__cause__ is not None
    assert (faulty.usage.calls, faulty.patience.slept) == (1, [])


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_token_that_is_never_accepted_is_503(faulty: Faulty, name: str) -> None:
    faulty.faults.always(Fault("mismatch", faults.error("IdempotentParameterMismatchException")))

    with pytest.raises(ServiceUnavailable):
        WRITES[name].do(faulty.store)

    assert not faulty.happened(WRITES[name])


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.create(MAKE("other", "BOB@example.com")),
        lambda store: store.replace(ADA, renamed(ADA, "other", "BOB@example.com")),
    ],
    ids=["create", "rename"],
)
@pytest.mark.parametrize("fault", [faults.BREAKING[0], faults.CONTENDED[2]], ids=str)
def test_a_true_conflict_is_reported_after_a_lost_attempt(faulty: Faulty, write: Operation, fault: Fault) -> None:
    faulty.faults.once(fault)

    with pytest.raises(UniquenessConflict) as refusal:
        write(faulty.store)

    assert (refusal.value.attribute, refusal.value.value) == ("emails.value", "BOB@example.com")
    assert_sound(faulty.table)


@pytest.mark.parametrize("name", ["replace", "rename", "delete"])
def test_a_true_mismatch_is_reported_after_a_lost_attempt(faulty: Faulty, name: str) -> None:
    elsewhere = changed(ADA, title="Elsewhere")
    faulty.store.replace(ADA, elsewhere)
    faulty.faults.once(faults.BREAKING[0])

    with pytest.raises(VersionMismatch):
        WRITES[name].do(faulty.store)

    assert faulty.store.get(ADA.id) == elsewhere


@pytest.mark.parametrize("name", READS)
def test_an_answer_in_several_chunks_is_read_completely(faulty: Faulty, name: str) -> None:
    read, expected = READS[name]
    faults.in_pieces(faulty.table.client)

    assert read(faulty.store) == expected


@pytest.mark.parametrize("fault", [faults.THROTTLING[0], faults.CONTENDED[2]], ids=str)
def test_the_pauses_are_drawn_at_random_from_a_range_that_doubles(faulty: Faulty, fault: Fault) -> None:
    drawn = iter([1.0, 0.0, 0.5, 1.0])
    table = Table(faulty.table.client, faulty.table.table_name, faulty.patience.spend, lambda: next(drawn))
    faulty.faults.once(*[fault] * 4)

    table.account("default", faulty.patience).users.create(NEW)

    assert faulty.patience.slept == [0.05, 0.0, 0.1, 0.4]


@pytest.mark.parametrize("name", ["get_many", "find_by_external_id"])
def test_an_unprocessed_batch_is_requested_again(faulty: Faulty, name: str) -> None:
    read, expected = READS[name]
    faults.nothing_processed(faulty.table.client, 2)

    assert read(faulty.store) == expected

    assert len(faulty.patience.slept) == 2


@pytest.mark.parametrize("name", ["get_many", "find_by_external_id"])
def test_batches_that_stay_unprocessed_are_429(faulty: Faulty, name: str) -> None:
    faults.nothing_processed(faulty.table.client, 1_000)

    with pytest.raises(TooManyRequests):
        READS[name][0](faulty.store)

    assert len(faulty.patience.slept) > 3
    assert faulty.patience.left > 0


def test_no_call_is_made_when_the_time_is_over(faulty: Faulty) -> None:
    faulty.patience.spend(9.0)

    with pytest.raises(ServiceUnavailable):
        faulty.store.get(ADA.id)

    assert faulty.usage.calls == 0


@pytest.mark.parametrize("taken", ["lovelace", None])
def test_an_index_item_of_another_user_does_not_prevent_changes(faulty: Faulty, taken: str | None) -> None:
    faulty.table.client.update_item(
        TableName=faulty.table.table_name,
        Key={"pk": {"S": "default#EMAIL"}, "sk": {"S": "a@example.com"}},
        UpdateExpression="SET userId = :bob",
        ExpressionAttributeValues={":bob": {"S": BOB.id}},
    )

    if taken:
        faulty.store.replace(ADA, renamed(ADA, taken))
    else:
        faulty.store.delete(ADA)

    assert faulty.store.find_by_user_name("ada") is None
    kept = faulty.store.items.get(Collection.EMAIL, "a@example.com")
    assert kept is not None
    assert kept["userId"]["S"] == BOB.id
