"""LogPersonalData: log lines name the masked user if the operator wants it, and no user otherwise."""

from __future__ import annotations

import re
from dataclasses import replace
from unittest.mock import patch as replaced
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ServiceUnavailable
from domain.filter import parse
from domain.resources.attributes import Index
from domain.resources.mask import masked
from records import marked
from records.marked import MARK
from records.output import Json, Output
from records.people import create
from support.in_process import Client, InProcess
from support.memory import InMemoryUsers
from support.people import UNKNOWN_ID, bulk, patch, person, search

ADA = "a***@example.com"


@pytest.fixture
def showing(service: InProcess) -> Client:
    """A client of a service whose parameter LogPersonalData is 'true'."""
    service.change(environment=replace(service.bound.environment, log_personal_data=True))
    return service.account("acme")


def everything(client: Client) -> None:
    """The life of a user, and what goes wrong in it."""
    user = create(client, "ada")
    other = create(client, "bob")
    client.call("GET", f"/Users/{user}")
    client.call("GET", f"/Users/{user}", headers={"If-None-Match": "*"})
    client.call("PUT", f"/Users/{user}", person("ada", title="Countess"))
    client.call("PATCH", f"/Users/{user}", patch({"op": "replace", "path": "active", "value": False}))
    client.call("POST", "/Users", person("carol", emails=[{"value": "ADA@example.com"}]))
    client.call("PUT", f"/Users/{other}", person("ada"))
    client.call("GET", "/Users", query="filter=" + quote('emails.value eq "ada@example.com" and active eq true'))
    client.call("POST", "/Users/.search", search(filter='userName eq "ada"'))
    client.call("POST", "/Bulk", bulk({"method": "POST", "path": "/Users", "bulkId": "1", "data": person("bob")}))
    client.call("DELETE", f"/Users/{user}")


def test_a_line_names_the_masked_user_if_the_operator_switched_it_on(showing: Client, output: Output) -> None:
    everything(showing)

    lines = output.lines()
    assert [(line["operation"], line["status"], line.get("user")) for line in lines] == [
        ("CreateUser", 201, ADA),
        ("CreateUser", 201, "b***@example.com"),
        ("GetUser", 200, ADA),
        ("GetUser", 304, ADA),
        ("ReplaceUser", 200, ADA),
        ("PatchUser", 200, ADA),
        ("CreateUser", 409, "A***@example.com"),
        ("ReplaceUser", 409, "a***"),
        ("ListUsers", 200, ADA),
        ("SearchUsers", 200, "a***"),
        ("Bulk", 200, None),
        ("CreateUser", 409, "b***"),
        ("DeleteUser", 204, ADA),
    ]


def test_no_line_names_a_user_by_default(client: Client, output: Output) -> None:
    everything(client)

    lines = output.lines()
    assert len(lines) == 13
    assert not any("user" in line for line in lines)
    assert "***" not in str(lines)


def test_a_search_that_fails_names_the_user_it_looked_up(
    showing: Client, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: InMemoryUsers, index: Index, value: str) -> None:
        raise ServiceUnavailable("DynamoDB does not answer.")

    monkeypatch.setattr(InMemoryUsers, "find", fail)

    showing.call("GET", "/Users", query="filter=" + quote('userName eq "ada@example.com"'))

    lines = output.lines()
    assert [(line["status"], line["user"]) for line in lines] == [(503, ADA)]


def test_a_search_with_a_wrong_order_names_the_user_it_looked_up(showing: Client, output: Output) -> None:
    filter_ = quote('userName eq "ada@example.com"')

    showing.call("GET", "/Users", query=f"filter={filter_}&sortBy=nothing")

    lines = output.lines()
    assert [(line["status"], line["user"]) for line in lines] == [(400, ADA)]


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("logs", ["true", "false"])
def test_a_filter_is_parsed_once_whatever_is_logged(
    service: InProcess, monkeypatch: pytest.MonkeyPatch, mode: str, logs: str
) -> None:
    monkeypatch.setenv("LOG_PERSONAL_DATA", logs)
    client = service.account("acme", mode=mode)
    filter_ = 'userName eq "ada@example.com" and active eq true'

    with replaced("domain.filter.parse", wraps=parse) as parses:
        assert client.call("GET", "/Users", query="filter=" + quote(filter_)).status == 200
        assert client.call("POST", "/.search", search(filter=filter_)).status == 200

    assert parses.call_count == 2


@pytest.mark.parametrize(
    "filter_", [f'id eq "{UNKNOWN_ID}"', 'title co "ada@example.com"', 'not (userName eq "ada@example.com")']
)
def test_a_search_without_a_look_up_names_no_user(showing: Client, output: Output, filter_: str) -> None:
    showing.call("GET", "/Users", query="filter=" + quote(filter_))

    assert "user" not in output.line()


def test_a_whole_address_is_never_logged(showing: Client, output: Output) -> None:
    address = f"{MARK}.somebody@example.com"
    members: Json = {"emails": [{"value": address}], "userName": address, "externalId": f"{MARK}-1"}
    user = showing.call("POST", "/Users", marked.person("somebody") | members).body["id"]
    for filter_ in (f'userName eq "{address}"', f'externalId eq "{MARK}-1"', f'emails eq "{address}"'):
        showing.call("GET", "/Users", query="filter=" + quote(filter_))
    showing.call("POST", "/Users", marked.person("other") | members)
    showing.call("PUT", f"/Users/{user}", marked.person("renamed") | members)
    showing.call("GET", "/Users", query="filter=" + quote(f"userName eq {MARK}"))
    showing.call("GET", "/Users", query="filter=" + quote(f'userName eq "{MARK}'))
    showing.call("DELETE", f"/Users/{user}")

    written = output.text()
    assert '"user":"c***@example.com"' in written
    assert MARK not in written


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ada.lovelace@example.com", "a***@example.com"),
        ("Ada@EXAMPLE.com", "A***@EXAMPLE.com"),
        ("a@example.com", "a***@example.com"),
        ("ada", "a***"),
        ("Ada Lovelace", "A***"),
        ("ada@home@example.com", "a***@example.com"),
        ("ada@localhost", "a***"),
        ("ada@Lovelace Street 1.x", "a***"),
        ("@example.com", "***@example.com"),
        ("", "***"),
        ("\x00\n", "***"),
        ("élise@example.com", "é***@example.com"),
    ],
)
def test_masking_keeps_a_letter_and_the_domain(value: str, shown: str) -> None:
    assert masked(value) == shown


@given(st.text(min_size=2, max_size=60), st.sampled_from(["", "@example.com", "@x", "@", "@a@b.example"]))
def test_masking_shows_at_most_one_letter_before_the_domain(name: str, rest: str) -> None:
    assert re.fullmatch(r"\w?\*\*\*(@[A-Za-z0-9.-]+)?", masked(name + rest))
