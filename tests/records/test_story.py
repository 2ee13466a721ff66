"""Two hundred requests of several accounts, with known failures, add up in log lines and metrics.

By account from the log lines, in all from the metrics, compared with a count kept by the test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final
from urllib.parse import quote

import pytest

from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import Limit
from records.output import Json, Output
from support.in_process import Client, InProcess
from support.metric_filters import samples
from support.people import UNKNOWN_ID, bulk, patch, person

REQUESTS: Final = 200
ACCOUNTS: Final = ("acme", "globex", "initech", "hooli")

Book = dict[str | None, Counter[str]]
"""Counts by account; None is for requests of no known account."""


@dataclass
class Account:
    """A client, and the users that it knows."""

    name: str
    client: Client
    present: list[str] = field(default_factory=list)
    active: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    made: int = 0


@dataclass
class Story:
    """Sends requests and counts them: each move states its counters, independent of the output."""

    service: InProcess
    accounts: list[Account]
    random: Random
    book: Book = field(default_factory=lambda: {name: Counter() for name in (*ACCOUNTS, None)})

    def play(self) -> None:
        """One request."""
        account = self.random.choice(self.accounts)
        moves = MOVES if account.present else [Story.create]
        counted, known_by = self.random.choice(moves)(self, account)
        previous = {"initech": ["previous key"], "hooli": ["previous key", "previous key, ending"]}
        whose = account.name if known_by else None
        self.book[whose].update(["requests", *counted, *(previous.get(account.name, []) if known_by == "key" else [])])

    def call(self, account: Account, status: int, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = account.client.call(method, path, body, **more)
        assert answer.status == status, answer.text
        return answer

    def someone(self, account: Account) -> str:
        return self.random.choice(account.present)

    def create(self, account: Account) -> Move:
        account.made += 1
        name = f"user{account.made}"
        account.ids[name] = self.call(account, 201, "POST", "/Users", person(name)).body["id"]
        account.present.append(name)
        account.active.add(name)
        return ["succeeded", "CreateUser"], "key"

    def create_again(self, account: Account) -> Move:
        """Refused while the user is active; a deactivated one comes back, but not in an account in strict mode."""
        name = self.someone(account)
        if name in account.active or account.name == "globex":
            self.call(account, 409, "POST", "/Users", person(name))
            return ["client errors", "conflicts"], "key"
        account.active.add(name)
        self.call(account, 201, "POST", "/Users", person(name))
        return ["succeeded", "CreateUser", "taken back"], "key"

    def look_up(self, account: Account) -> Move:
        self.call(account, 200, "GET", "/Users", query="filter=" + quote(f'userName eq "{self.someone(account)}"'))
        return ["succeeded", "ListUsers"], "key"

    def read(self, account: Account) -> Move:
        self.call(account, 200, "GET", f"/Users/{account.ids[self.someone(account)]}")
        return ["succeeded", "GetUser"], "key"

    def read_nobody(self, account: Account) -> Move:
        self.call(account, 404, "GET", f"/Users/{UNKNOWN_ID}")
        return ["client errors"], "key"

    def replace(self, account: Account) -> Move:
        name = self.someone(account)
        account.active.add(name)
        self.call(account, 200, "PUT", f"/Users/{account.ids[name]}", person(name, title=f"T{self.random.random()}"))
        return ["succeeded", "ReplaceUser"], "key"

    def replace_stale(self, account: Account) -> Move:
        name = self.someone(account)
        headers = {"If-Match": 'W/"999"'}
        self.call(account, 412, "PUT", f"/Users/{account.ids[name]}", person(name, title="x"), headers=headers)
        return ["client errors"], "key"

    def deactivate(self, account: Account) -> Move:
        """As Entra ID does it, with two quirks that an account in strict mode does not forgive."""
        name = self.someone(account)
        body = patch({"op": "Replace", "path": "active", "value": "False"})
        if account.name == "globex":
            self.call(account, 400, "PATCH", f"/Users/{account.ids[name]}", body)
            return ["client errors"], "key"
        was_active = name in account.active
        account.active.discard(name)
        self.call(account, 200, "PATCH", f"/Users/{account.ids[name]}", body)
        return ["succeeded", "PatchUser", "tolerances", "tolerances", *["deactivations"] * was_active], "key"

    def delete(self, account: Account) -> Move:
        name = self.someone(account)
        account.present.remove(name)
        self.call(account, 204, "DELETE", f"/Users/{account.ids[name]}")
        return ["succeeded", "DeleteUser", "removals"], "key"

    def nonsense(self, account: Account) -> Move:
        self.call(account, 400, "POST", "/Users", b"{")
        return ["client errors"], "key"

    def filter_nonsense(self, account: Account) -> Move:
        self.call(account, 400, "GET", "/Users", query="filter=eq+eq+eq")
        return ["client errors"], "key"

    def groups(self, account: Account) -> Move:
        self.call(account, 404, "GET", "/Groups")
        return ["client errors"], "key"

    def me(self, account: Account) -> Move:
        self.call(account, 501, "GET", "/Me")
        return ["client errors"], "key"

    def bulk(self, account: Account) -> Move:
        """One operation succeeds, two fail; the request as a whole succeeds."""
        account.made += 1
        name = f"user{account.made}"
        conflicting = person("another", emails=[{"value": f"{self.someone(account)}@example.com"}])
        answer = self.call(account, 200, "POST", "/Bulk", bulk(
            {"method": "POST", "path": "/Users", "bulkId": "1", "data": person(name)},
            {"method": "POST", "path": "/Users", "bulkId": "2", "data": conflicting},
            {"method": "DELETE", "path": f"/Users/{UNKNOWN_ID}"},
        ))  # fmt: skip
        account.ids[name] = answer.body["Operations"][0]["location"].rpartition("/")[2]
        account.present.append(name)
        account.active.add(name)
        return ["succeeded", "Bulk", "conflicts", "failed operations", "failed operations"], "key"

    def old_key(self, account: Account) -> Move:
        """A key of this account that is not accepted any more."""
        wrong = ConnectorKey.generate(account.name, self.random.randbytes)
        self.call(account, 401, "GET", "/Users", headers={"Authorization": f"Bearer {wrong.text}"})
        return ["client errors", "rejected keys", "rejected keys, wrong"], "name"

    def half_a_key(self, account: Account) -> Move:
        headers = {"Authorization": f"Bearer {account.client.key[:20]}"}
        self.call(account, 401, "GET", "/Users", headers=headers)
        return ["client errors", "rejected keys"], None

    def outage(self, account: Account) -> Move:
        with self.service.over(None):
            self.call(account, 503, "GET", "/Users")
        return ["server errors"], "key"


Move = tuple[list[str], str | None]
"""Other counters of a request, and how its account is known: by its key, by its name or not at all."""

MOVES: Final[list[Callable[[Story, Account], Move]]] = [
    value
    for name, value in vars(Story).items()
    if callable(value) and name not in ("play", "call", "someone") and name[0] != "_"
]


@pytest.fixture(params=[1, 2])
def story(request: pytest.FixtureRequest, service: InProcess) -> Story:
    accounts = [Account(name, service.account(name, deprovisioning_limit=Limit(1000))) for name in ACCOUNTS]
    service.accounts.configure("globex", mode="strict")
    service.accounts.rotate_key("initech", timedelta(days=5))
    service.accounts.rotate_key("hooli", timedelta(hours=9))
    return Story(service, accounts, Random(request.param))


def found_in_lines(lines: list[Json]) -> Book:
    """The counts in the log lines, by account."""
    book: Book = {name: Counter() for name in (*ACCOUNTS, None)}
    for line in lines:
        if line["message"] == "take-back":
            book[line["account"]]["taken back"] += 1
            continue
        of_account, status = book[line.get("account")], line["status"]
        if line["message"] == "bulk-operation":
            of_account["failed operations"] += 1
            of_account["conflicts"] += line.get("scim_type") == "uniqueness"
            continue
        assert line["message"] == "request"
        counts = {
            "requests": 1,
            "succeeded": status < 400,
            "client errors": 400 <= status < 500 or status == 501,
            "server errors": status >= 500 and status != 501,
            "conflicts": line.get("scim_type") == "uniqueness",
            "rejected keys": status == 401,
            "rejected keys, wrong": status == 401 and "account" in line,
            "previous key": line.get("key_used") == "previous",
            "previous key, ending": line.get("previous_key_hours_left", 48) < 48,
            "tolerances": len(line.get("tolerances", ())),
            "deactivations": line.get("users_deactivated", 0),
            "removals": line.get("users_removed", 0),
            line["operation"]: status < 400,
        }
        of_account.update({name: int(count) for name, count in counts.items()})
    return {account: +counter for account, counter in book.items()}


def found_in_metrics(lines: list[Json]) -> Counter[str]:
    """The counts in the metrics that CloudWatch makes of the lines, of all accounts together."""
    named = {
        "Requests": "requests", "Succeeded": "succeeded", "ClientErrors": "client errors",
        "UniquenessConflicts": "conflicts", "AuthRejected": "rejected keys", "WrongKeys": "rejected keys, wrong",
        "PreviousKeyUsed": "previous key", "PreviousKeyEnding": "previous key, ending",
        "ToleranceApplied": "tolerances", "UsersDeactivated": "deactivations",
    }  # fmt: skip
    found: Counter[str] = Counter()
    for line in lines:
        for one in samples(line):
            if one.metric != "Latency":
                found[one.dimensions.get("operation") or named[one.metric]] += int(one.value)
    found["server errors"] = found["requests"] - found["succeeded"] - found["client errors"]
    return found


def test_log_lines_and_metrics_add_up_to_what_happened(story: Story, output: Output) -> None:
    for _ in range(REQUESTS):
        story.play()

    lines = output.lines()
    played = {account: +counter for account, counter in story.book.items()}
    in_all = sum(played.values(), Counter())
    of_log_alone = ("taken back", "removals", "failed operations")
    assert found_in_lines(lines) == played
    assert found_in_metrics(lines) == Counter({name: n for name, n in in_all.items() if name not in of_log_alone})
    assert in_all["requests"] == REQUESTS
    assert all(in_all[name] for name in ("conflicts", "rejected keys", "previous key, ending", "deactivations"))


def test_the_latency_of_every_request_is_measured(story: Story, output: Output) -> None:
    for _ in range(REQUESTS):
        story.play()

    lines = output.lines()
    measured = [one.value for line in lines for one in samples(line) if one.metric == "Latency"]
    assert measured == [line["duration_ms"] for line in lines if line["message"] == "request"]
    assert len(measured) == REQUESTS
