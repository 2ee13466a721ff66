"""A request whose function is about to be ended leaves its line, and exactly one; an answer is what its line says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest

from adapters.logs import telemetry
from adapters.logs.log import Log
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from handlers.container.last_words import NEVER, LastWords
from support.in_process import Answer, Client, InProcess, in_process
from support.memory import InMemoryUsers
from support.metric_filters import totals

ID = "2819c223-7f76-453a-919d-413861904646"
NOW = "2030-01-01T00:00:00.000Z"
FOR_EVER = 60.0
PERSON = {"schemas": [CORE_URN], "userName": "ada"}
PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "title", "value": "x"}],
}
SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'title eq "x"'}
BULK = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
    "Operations": [{"method": "PATCH", "path": f"/Users/{ID}", "data": PATCH}],
}
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "CreateUser": ("POST", "/Users", PERSON),
    "GetUser": ("GET", f"/Users/{ID}", None),
    "ReplaceUser": ("PUT", f"/Users/{ID}", PERSON),
    "PatchUser": ("PATCH", f"/Users/{ID}", PATCH),
    "DeleteUser": ("DELETE", f"/Users/{ID}", None),
    "ListUsers": ("GET", "/Users", None),
    "SearchUsers": ("POST", "/Users/.search", SEARCH),
    "Bulk": ("POST", "/Bulk", BULK),
}


@dataclass
class Hand:
    """A clock that only the test moves."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Stuck:
    """A store in which every call takes longer than the request has, and then works."""

    users: InMemoryUsers
    clock: Hand
    last_words: LastWords
    go: Event = field(default_factory=Event)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.clock.at = NEVER
            with self.last_words._changed:
                self.last_words._changed.notify()
            assert self.go.wait(FOR_EVER)
            return getattr(self.users, name)(*arguments, **named)

        return call


@pytest.fixture
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture
def client(service: InProcess) -> Client:
    service.table.accounts["acme"] = InMemoryUsers()
    service.table.accounts["acme"].create(StoredUser.new(ID, PERSON | {"userName": "bob"}, NOW))
    return service.account("acme")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of requests."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in written if line.get("message") == "request"]


def stuck_request(service: InProcess, client: Client, operation: str) -> Answer:
    """The answer to a request that waits for the table until its last words are said."""
    clock = Hand()
    last_words = LastWords(clock)
    store = Stuck(service.table.accounts["acme"], clock, last_words)
    service.table.accounts["acme"] = store  # type: ignore[assignment]  # a store that waits stands in for the twin
    service.change(last_words=last_words)
    say = telemetry.emit

    def said(log: Log, record: telemetry.RequestRecord) -> None:
        say(log, record)
        store.go.set()

    method, path, body = REQUESTS[operation]
    with patch.object(telemetry, "emit", said):
        return client.call(method, path, body)


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_that_will_not_end_in_time_leaves_one_line_with_account_and_operation(
    service: InProcess, client: Client, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = stuck_request(service, client, operation)

    (line,) = lines(capsys)
    assert (line["operation"], line["account"], line["status"], line["reason"]) == (operation, "acme", 503, "killed")
    assert line["level"] == "ERROR"
    assert re.fullmatch(r"at \w+:\d+", line["cause"])
    assert totals([line]) == {"Requests": 1}
    assert answer.status == 503


def test_a_request_that_ends_in_time_leaves_its_own_line_alone(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert client.call("GET", f"/Users/{ID}").status == 200

    (line,) = lines(capsys)
    assert line["status"] == 200


@pytest.mark.parametrize("path", [f"/Users/{ID}", "/Users", "/Users?filter=userName+pr"])
def test_an_answer_that_cannot_be_sent_is_an_error_in_the_log_too(
    service: InProcess, client: Client, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = json.dumps(PERSON | {"title": "\ud800"}, ensure_ascii=False)
    service.table.accounts["acme"] = InMemoryUsers()
    service.table.accounts["acme"].create(StoredUser(ID, 1, NOW, NOW, spoilt))

    path, _, query = path.partition("?")
    answer = client.call("GET", path, query=query)

    (line,) = lines(capsys)
    assert answer.text.encode()
    assert answer.status == line["status"] == 503
    assert (line["reason"], line["account"]) == ("unexpected", "acme")
    assert "UnicodeEncodeError" in line["cause"]
    assert totals([line]) == {"Requests": 1}


# The waiting itself


def spoken_at(last_words: LastWords, clock: Hand, moment: float) -> float:
    """Have the thread's look happen at a moment; when it would look again."""
    clock.at = moment
    with last_words._changed:
        return last_words._spoken()


def test_last_words_are_logged_once_and_only_for_running_requests() -> None:
    clock = Hand()
    said: list[str] = []
    with patch.object(Thread, "start"):
        last_words = LastWords(clock)
        ended = last_words.begin(5.0, lambda: said.append("ended"))
        late = last_words.begin(6.0, lambda: said.append("late"))
        later = last_words.begin(9.0, lambda: said.append("later"))
    assert last_words.end(ended)

    assert spoken_at(last_words, clock, 5.5) == 6.0
    assert said == []
    assert spoken_at(last_words, clock, 7.0) == 9.0
    assert spoken_at(last_words, clock, 7.0) == 9.0
    assert said == ["late"]
    assert not last_words.end(late)
    assert last_words.end(later)
    assert spoken_at(last_words, clock, 10.0) == NEVER
    assert said == ["late"]


def test_requests_one_after_the_other_start_one_thread() -> None:
    with patch.object(Thread, "start") as started:
        last_words = LastWords(Hand())
        for moment in range(100):
            assert last_words.end(last_words.begin(10.0 + moment, lambda: None))

    assert started.call_count == 1


def test_the_thread_ends_when_nothing_is_under_way() -> None:
    clock = Hand()
    with patch.object(Thread, "start", autospec=True) as started:
        last_words = LastWords(clock)
        last_words.end(last_words.begin(1.0, lambda: None))
        (thread,) = (call.args[0] for call in started.call_args_list)
        clock.at = 2.0
        thread.run()
        last_words.begin(3.0, lambda: None)

    assert started.call_count == 2
