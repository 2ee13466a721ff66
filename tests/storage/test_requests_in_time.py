"""Effects of the clock and of other clients on a request: queries that no index answers, and conflicting changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from adapters.dynamodb import Table, Usage
from local.moto_transactions import cheap_transactions
from support import faults
from support.engines import ENGINES, make_table, new_client
from support.in_process import Client
from support.invariants import assert_sound
from support.lambda_context import LambdaContext
from support.loading import load
from support.samples import Patience, person_of
from support.served import Request, Served, served

CROWD = sorted((person_of(number) for number in range(40)), key=lambda user: user.id)
ADA = CROWD[0]
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
UNINDEXED = ['filter=title eq "Analyst"', "sortBy=name.givenName", 'filter=title co "x"&sortBy=userName']
OF_AN_INDEX = [
    'filter=userName sw "user"',
    'filter=emails.value sw "user" and title pr',
    "sortBy=userName&sortOrder=descending",
    'filter=userName sw "user"&sortBy=userName',
    'filter=emails.value sw "user"&sortBy=name.givenName',
]


@dataclass
class Running:
    """The service over a table with a crowd, and a client of that table that tests may meddle with."""

    served: Served
    table: Table
    client: Client
    dynamodb: Any

    def patch(self, path: str, value: str, *, if_match: str | None = None) -> Any:
        """The answer to a PATCH of one attribute."""
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": path, "value": value}]}
        return self.served.send(self.client, Request("PATCH", f"/Users/{ADA.id}", body=body, if_match=if_match))[0]

    def meanwhile(self, work: Callable[[], object], *, before: str) -> None:
        """Let something else happen once, just before a call of that operation is sent."""
        event = f"before-call.dynamodb.{before}"

        def once(**_: Any) -> None:
            self.dynamodb.meta.events.unregister(event, once)
            work()

        self.dynamodb.meta.events.register(event, once)


@pytest.fixture(params=ENGINES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    on_moto = request.param == "moto"
    endpoint = None if on_moto else request.getfixturevalue("local_client").meta.endpoint_url
    with served(tmp_path_factory.mktemp("time") / "log") as service, cheap_transactions():
        dynamodb = new_client(endpoint)
        table = make_table(dynamodb)
        load(table, "acme", CROWD)
        service.use(table, Patience())
        yield Running(service, table, service.service.account("acme"), dynamodb)


@pytest.mark.parametrize("query", [*UNINDEXED, *OF_AN_INDEX])
def test_a_query_that_runs_out_of_time_is_too_many_and_never_a_partial_answer(running: Running, query: str) -> None:
    patience = Patience(9.0)

    def take_time(params: dict[str, Any], **_: Any) -> None:
        if not params["ExpressionAttributeValues"][":pk"]["S"].endswith("#RANK"):
            patience.spend(0.5)

    faults.in_pieces(running.dynamodb)
    running.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", take_time)
    running.served.use(running.table, patience)

    answer, line = running.served.send(running.client, Request("GET", "/Users", quote(query, safe="=&")))

    assert (answer.status, answer.body["scimType"]) == (400, "tooMany")
    assert line["reason"] == "too-many"


@pytest.mark.parametrize("query", [*UNINDEXED, *OF_AN_INDEX])
def test_a_query_within_its_time_is_answered_completely(running: Running, query: str) -> None:
    faults.in_pieces(running.dynamodb)

    answer, _ = running.served.send(running.client, Request("GET", "/Users", quote(query, safe="=&")))

    assert answer.body["totalResults"] == (0 if "co" in query else len(CROWD))


@pytest.mark.parametrize(("milliseconds", "status"), [(10_000, 200), (700, 400)])
def test_the_time_is_what_the_function_has_left_less_what_an_answer_takes(
    running: Running, milliseconds: int, status: int
) -> None:
    running.served.use(running.table)

    answer = running.client.call(
        "GET", "/Users", query=quote(UNINDEXED[0], safe="="), context=LambdaContext(milliseconds=milliseconds)
    )

    assert answer.status == status


def test_a_scan_reads_no_more_ahead_than_its_eight_ranges(running: Running) -> None:
    faults.in_pieces(running.dynamodb)
    usage = Usage()
    scan = running.table.account("acme", Patience(), usage).users.scan()

    assert next(scan) == ADA
    scan.close()  # type: ignore[attr-defined]  # the iterator is a generator

    of_counters = len({user.id[:2] for user in CROWD})
    a_range = 2  # of about one user: the user, and that there is no other
    assert usage.calls <= 1 + of_counters + 1 + 8 * a_range


def test_two_concurrent_patches_both_take_effect(running: Running) -> None:
    running.meanwhile(lambda: running.patch("title", "Lead"), before="PutItem")

    answer = running.patch("displayName", "Ada Lovelace")

    assert answer.status == 200
    assert (answer.body["title"], answer.body["displayName"]) == ("Lead", "Ada Lovelace")
    assert answer.headers["ETag"] == 'W/"3"'
    assert_sound(running.table, "acme")


def test_a_concurrent_rename_and_patch_both_take_effect(running: Running) -> None:
    running.meanwhile(lambda: running.patch("title", "Lead"), before="TransactWriteItems")

    answer = running.patch("userName", "lovelace")

    assert (answer.body["title"], answer.body["userName"]) == ("Lead", "lovelace")
    assert_sound(running.table, "acme")


def test_with_if_match_exactly_one_of_two_patches_wins(running: Running) -> None:
    other: list[int] = []
    running.meanwhile(lambda: other.append(running.patch("title", "Lead", if_match=ADA.etag).status), before="PutItem")

    answer = running.patch("displayName", "Ada Lovelace", if_match=ADA.etag)

    assert (other, answer.status) == ([200], 412)
    kept = running.table.account("acme", Patience()).users.get(ADA.id)
    assert kept is not None
    assert (kept.version, kept.attributes["title"]) == (2, "Lead")
    assert kept.attributes["displayName"] == ADA.attributes["displayName"]


def test_a_patch_of_a_user_who_is_deleted_at_the_same_time_is_not_found(running: Running) -> None:
    delete = Request("DELETE", f"/Users/{ADA.id}")
    running.meanwhile(lambda: running.served.send(running.client, delete), before="PutItem")

    assert running.patch("title", "Lead").status == 404
    assert running.table.account("acme", Patience()).users.total() == len(CROWD) - 1
    assert_sound(running.table, "acme")
