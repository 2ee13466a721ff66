"""Each request of a client under each fault: a right SCIM answer, and an account that is sound.

`test_faults.py` holds the same of the store by itself; here the whole handler answers, from key check to log line.
Every fault strikes on DynamoDB Local; on moto, where the store meets all of them, one of each kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from adapters.dynamodb import Table
from adapters.dynamodb.users import DynamoDBUsers
from domain.accounts.deprovisioning import DEFAULT_LIMIT
from local.moto_transactions import cheap_transactions
from support import faults
from support.engines import ENGINES, make_table, new_client
from support.faults import Fault, FaultyClient
from support.in_process import Answer, Client
from support.invariants import assert_sound
from support.loading import load
from support.samples import Patience, person, person_of
from support.served import Request, Served, served

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

CROWD = sorted((person_of(number) for number in range(3)), key=lambda user: user.id)
ADA = person_of(1)
NEW = person(7)
_renamed = person(1) | {"userName": "lovelace", "emails": [{"value": "lovelace@example.com", "type": "work"}]}


def listing(**parameters: object) -> Request:
    return Request("GET", "/Users", "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items()))


def patching(path: str, value: object) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": path, "value": value}]}


READS = {
    "get": Request("GET", f"/Users/{ADA.id}"),
    "page by index": listing(startIndex=2, count=2),
    "page by cursor": listing(cursor="", count=2),
    "total": listing(count=0),
    "look-up by userName": listing(filter='userName eq "USER1"'),
    "look-up by address": listing(filter='emails.value eq "user1@example.com"'),
    "look-up by externalId": listing(filter='externalId eq "ext-1"'),
    "prefix": listing(filter='userName sw "user"'),
    "unindexed filter": listing(filter='title eq "Analyst"'),
    "sorted by userName": listing(sortBy="userName"),
    "sorted by another": listing(sortBy="name.givenName", sortOrder="descending"),
    "search": Request("POST", "/.search", body={"schemas": [SEARCH], "filter": 'emails.value sw "user1@"'}),
}


@dataclass(frozen=True)
class Write:
    """A write; once it happened the account holds `names`, and the user of one of them has the title."""

    request: Request
    status: int
    names: tuple[str, ...]
    title: tuple[str, str] = ("user2", "Analyst")


WRITES = {
    "create": Write(Request("POST", "/Users", body=NEW), 201, ("user0", "user1", "user2", "user7")),
    "replace": Write(
        Request("PUT", f"/Users/{ADA.id}", body=person(1) | {"title": "Lead"}, if_match=ADA.etag),
        200,
        ("user0", "user1", "user2"),
        ("user1", "Lead"),
    ),
    "replace of userName": Write(
        Request("PUT", f"/Users/{ADA.id}", body=_renamed), 200, ("lovelace", "user0", "user2")
    ),
    "patch": Write(
        Request("PATCH", f"/Users/{ADA.id}", body=patching("title", "Lead"), if_match=ADA.etag),
        200,
        ("user0", "user1", "user2"),
        ("user1", "Lead"),
    ),
    "patch of userName": Write(
        Request("PATCH", f"/Users/{ADA.id}", body=patching("userName", "lovelace")),
        200,
        ("lovelace", "user0", "user2"),
    ),
    "delete": Write(Request("DELETE", f"/Users/{ADA.id}", if_match=ADA.etag), 204, ("user0", "user2")),
    "bulk": Write(
        Request(
            "POST",
            "/Bulk",
            body={
                "schemas": [BULK],
                "Operations": [
                    {"method": "POST", "path": "/Users", "bulkId": "1", "data": NEW},
                    {"method": "PATCH", "path": f"/Users/{ADA.id}", "data": patching("title", "Lead")},
                    {"method": "DELETE", "path": f"/Users/{person_of(0).id}"},
                ],
            },
        ),
        200,
        ("user1", "user2", "user7"),
        ("user1", "Lead"),
    ),
}
ONE_PUT = ("replace", "patch")
REQUESTS = READS | {name: write.request for name, write in WRITES.items()}
ONE_OF_A_KIND = (
    "time-out",
    "InternalServerError",
    "ThrottlingException",
    "TransactionConflict",
    "IdempotentParameterMismatchException",
    "ExpiredTokenException",
)


@dataclass
class Faulty:
    """The service over a table with three users, behind a client that faults can strike."""

    served: Served
    faults: FaultyClient
    table: Table
    client: Client
    endpoint: str | None
    patience: Patience = field(default_factory=Patience)

    def some(self, group: list[Fault]) -> list[Fault]:
        """The faults to try on this engine."""
        return [fault for fault in group if self.endpoint is not None or fault.name in ONE_OF_A_KIND]

    def restarted(self) -> Faulty:
        """An account in its initial state, in its own table, without a fault."""
        self.faults.calm()
        self.table = make_table(self.faults.client)
        load(self.table, "acme", CROWD)
        self.give_time()
        return self

    def give_time(self) -> None:
        """As much as a request has at its start."""
        self.patience = Patience()
        table = Table(self.faults.client, self.table.table_name, self.patience.spend, lambda: 0.5)
        self.served.use(table, self.patience)

    def send(self, request: Request) -> tuple[Answer, dict[str, Any]]:
        return self.served.send(self.client, request)

    @property
    def store(self) -> DynamoDBUsers:
        return self.table.account("acme", Patience()).users

    def names(self) -> tuple[str, ...]:
        """Return the userNames of the users, after checking that the account is consistent."""
        self.faults.calm()
        assert_sound(self.table, "acme")
        users = list(self.store.scan())
        assert self.store.total() == len(users)
        return tuple(sorted(user.attributes["userName"] for user in users))

    def happened(self, write: Write) -> bool:
        """Return True if a write was done completely."""
        name, title = write.title
        user = self.store.find_by_user_name(name)
        is_titled = user is not None and user.attributes["title"] == title
        return (self.names(), is_titled) == (write.names, True)

    def is_as_before(self) -> bool:
        return self.names() == ("user0", "user1", "user2") and list(self.store.scan()) == CROWD


@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    on_moto = request.param == "moto"
    endpoint = None if on_moto else request.getfixturevalue("local_client").meta.endpoint_url
    with served(tmp_path_factory.mktemp("faults") / "log") as running, cheap_transactions():
        client = FaultyClient(new_client(endpoint))
        yield Faulty(running, client, make_table(client.client), running.service.account("acme"), endpoint)


@pytest.fixture
def faulty(service: Faulty) -> Faulty:
    return service.restarted()


def body_of(answer: Answer) -> Any:
    """The body without the cursor, which holds the time."""
    return {name: value for name, value in answer.body.items() if name != "nextCursor"}


def assert_refused(answer: Answer, line: dict[str, Any], status: int, fault: Fault) -> None:
    """A complete SCIM error with Retry-After, whose log line has the reason."""
    assert answer.status == status, (str(fault), answer.text)
    assert answer.body["schemas"] == [ERROR]
    assert answer.body["status"] == str(status)
    assert answer.body["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert line["reason"] != "unexpected"
    assert line["cause"]


@pytest.mark.parametrize("name", READS)
def test_a_read_during_a_transient_fault_has_the_same_answer(faulty: Faulty, name: str) -> None:
    expected, _ = faulty.send(READS[name])
    assert expected.status == 200

    for fault in faulty.some([*faults.BREAKING, *faults.THROTTLING, faults.LOST[0]]):
        faulty.faults.once(fault)
        answer, line = faulty.send(READS[name])

        assert body_of(answer) == body_of(expected), str(fault)
        assert line["dynamodb_retries"] == 1


def write_under(faulty: Faulty, write: Write, struck: list[Fault], **how: Any) -> None:
    """The write is done once and answered as without any fault, under each of the faults."""
    for fault in faulty.some(struck):
        before = faulty.restarted().faults.struck
        faulty.faults.once(fault, **how)
        answer, line = faulty.send(write.request)

        assert answer.status == write.status, (str(fault), answer.text)
        if write.request.path == "/Bulk":
            assert [each["status"] for each in answer.body["Operations"]] == ["201", "200", "204"], str(fault)
        assert faulty.faults.struck == before + 1
        assert line["dynamodb_calls"] > 1
        assert faulty.happened(write), str(fault)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_during_a_transient_fault_is_done_once(faulty: Faulty, name: str) -> None:
    write_under(faulty, WRITES[name], [*faults.BREAKING, *faults.THROTTLING], only=faults.USER_WRITES)


@pytest.mark.parametrize("name", [name for name in WRITES if name not in ONE_PUT])
def test_a_conflicting_transaction_is_done_once(faulty: Faulty, name: str) -> None:
    write_under(faulty, WRITES[name], faults.CONTENDED[:5], only=faults.USER_WRITES)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_with_a_lost_answer_is_not_a_conflict_and_counts_once(faulty: Faulty, name: str) -> None:
    lost = [fault for fault in faults.LOST if not (fault.of_transactions and name in ONE_PUT)]

    write_under(faulty, WRITES[name], lost, only=faults.USER_WRITES)
    if faulty.endpoint is not None:
        write_under(faulty, WRITES[name], lost, only=faults.USER_WRITES, forget_tokens=True)


def test_a_fault_of_the_deprovisioning_guard_neither_prevents_a_delete_nor_counts_it_twice(faulty: Faulty) -> None:
    struck = faulty.some([*faults.BREAKING, *faults.THROTTLING, *faults.LOST[:3]])

    for fault in struck:
        write_under(faulty, WRITES["delete"], [fault], only=faults.GUARD_WRITES)
        assert faulty.table.account("acme", Patience()).guard(DEFAULT_LIMIT).state().used == 1, str(fault)


@pytest.mark.parametrize("name", REQUESTS)
def test_throttling_without_end_is_429_and_changes_nothing(faulty: Faulty, name: str) -> None:
    for fault in faulty.some(faults.THROTTLING):
        faulty.give_time()
        faulty.faults.always(fault)
        answer, line = faulty.send(REQUESTS[name])

        if name == "bulk":
            assert {each["status"] for each in answer.body["Operations"]} == {"429"}
        else:
            assert_refused(answer, line, 429, fault)
    assert faulty.is_as_before()


@pytest.mark.parametrize("name", REQUESTS)
def test_an_unusable_table_is_503_and_nothing_is_changed(faulty: Faulty, name: str) -> None:
    for fault in faulty.some([*faults.BREAKING, *faults.REFUSING]):
        faulty.give_time()
        faulty.faults.always(fault)
        answer, line = faulty.send(REQUESTS[name])

        if name == "bulk":
            assert {each["status"] for each in answer.body["Operations"]} == {"503"}
        else:
            assert_refused(answer, line, 503, fault)
    assert faulty.is_as_before()


@pytest.mark.parametrize("name", [name for name in WRITES if name != "bulk"])
def test_a_write_without_an_answer_is_503_and_done_completely_or_not_at_all(faulty: Faulty, name: str) -> None:
    faulty.faults.always(faults.LOST[0], only=faults.USER_WRITES)

    answer, line = faulty.send(WRITES[name].request)

    assert_refused(answer, line, 503, faults.LOST[0])
    assert faulty.happened(WRITES[name])


@pytest.mark.parametrize("fault", [faults.BREAKING[0], faults.CONTENDED[2]], ids=str)
def test_a_true_conflict_is_still_409_after_a_lost_attempt(faulty: Faulty, fault: Fault) -> None:
    faulty.faults.once(fault, only=faults.USER_WRITES)

    answer, _ = faulty.send(Request("POST", "/Users", body=NEW | {"userName": "USER2"}))

    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert faulty.is_as_before()


def test_an_answer_in_several_chunks_is_read_completely(service: Faulty) -> None:
    in_pieces = new_client(service.endpoint)
    whole = service.restarted()
    expected = {name: body_of(whole.send(request)[0]) for name, request in READS.items()}
    faults.in_pieces(in_pieces)
    whole.served.use(Table(in_pieces, whole.table.table_name), Patience())

    assert {name: body_of(whole.send(request)[0]) for name, request in READS.items()} == expected


def test_while_secrets_manager_is_down_the_cached_key_serves_and_an_unknown_one_is_503(faulty: Faulty) -> None:
    globex = faulty.served.service.account("globex")
    assert faulty.send(READS["get"])[0].status == 200
    down = FaultyClient(faulty.served.service.clients.secretsmanager, "secrets-manager")

    for fault in [*faults.BREAKING, *faults.THROTTLING, *faults.REFUSING]:
        down.always(fault)
        known, _ = faulty.send(READS["get"])
        unknown, line = faulty.served.send(globex, READS["get"])

        assert known.status == 200, str(fault)
        assert unknown.status == 503, str(fault)
        assert unknown.body["schemas"] == [ERROR]
        assert int(unknown.headers["Retry-After"]) > 0
        assert line["reason"] == "secrets-manager-unavailable"
        assert json.dumps(line).count("rck_") == 0
    down.calm()
