"""Quotes that are not JSON's: read as quotes or refused, and never part of a value."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidFilter
from domain.filter import Comparison
from domain.resources.user_schema import USER
from domain.tolerances import Tolerant
from support.in_process import Client, in_process
from support.made_users import Json, created, patched, read
from support.people import PATCH_OP

PAIRS = ["''", "“”", "‘’", "``", "´´", "`'", "«»", "»«", "„“", "‚‘", "‹›", "””", "’’", "“'", "‘”", "''''"]
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with in_process() as service:
        yield service.account("acme")


@pytest.fixture(scope="module")
def strict() -> Iterator[Client]:
    with in_process() as service:
        yield service.account("strict", mode="strict")


def within(pair: str, text: str) -> str:
    half = len(pair) // 2
    return pair[:half] + text + pair[half:]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_path_with_other_quotes_is_the_path_with_jsons(client: Client, pair: str) -> None:
    made = created(client, phoneNumbers=[{"type": "mobile", "value": "1"}])
    work, mobile = within(pair, "work"), within(pair, "mobile")
    address = f"{made['id']}@example.org"

    for operations in (
        [{"op": "Replace", "path": f"emails[type eq {work}].value", "value": address}],
        [{"op": "Replace", "value": {f"emails[type eq {work}].value": address}}],
        [{"op": "Add", "path": f"Emails[Type eq {work}].display", "value": "M"}],
        [{"op": "Remove", "path": f"phoneNumbers[type eq {mobile}]"}],
    ):
        answer = patched(client, made, *operations)
        assert answer.status == 200, answer.text

    after = read(client, made)
    assert after["emails"] == [{"type": "work", "value": address, "primary": True, "display": "M"}]
    assert "phoneNumbers" not in after


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    ("attribute", "sub"), [("phoneNumbers", "value"), ("addresses", "locality"), ("roles", "value"), ("ims", "value")]
)
def test_a_missing_value_is_created_without_the_quotes(client: Client, pair: str, attribute: str, sub: str) -> None:
    made = created(client)

    answer = patched(
        client, made, {"op": "add", "path": f"{attribute}[type eq {within(pair, 'work')}].{sub}", "value": "1"}
    )

    assert answer.body[attribute] == [{"type": "work", sub: "1"}]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_look_up_with_other_quotes_finds_the_user(client: Client, pair: str) -> None:
    made = created(client, externalId=f"external {len(pair)} {ord(pair[0])} {ord(pair[-1])}")
    name, address = made["userName"], made["emails"][0]["value"]

    for filter_ in (
        f"userName eq {within(pair, name)}",
        f"id eq {within(pair, made['id'])}",
        f"externalId eq {within(pair, made['externalId'])}",
        f"emails eq {within(pair, address)}",
        f"emails.value eq {within(pair, address)}",
        f"emails[type eq {within(pair, 'work')}].value eq {within(pair, address)}",
        f"(userName eq {within(pair, name)}) and active eq {within(pair, 'True')}",
        f"not (userName ne {within(pair, name)})",
        f"userName sw {within(pair, name)}",
    ):
        listed = client.call("GET", "/Users", query=f"filter={quote(filter_)}")
        searched = client.call("POST", "/Users/.search", {"schemas": [SEARCH], "filter": filter_})
        for answer in (listed, searched):
            assert answer.status == 200, (filter_, answer.text)
            assert [found["id"] for found in answer.body["Resources"]] == [made["id"]], filter_


@pytest.mark.parametrize("word", ["“work", "work”", "`work", "«work", "'work", "‘work", "'", "“", "'wo'rk", "work“"])
def test_an_unpaired_quote_is_refused(client: Client, word: str) -> None:
    made = created(client)

    for path in (f"emails[type eq {word}].value", f"phoneNumbers[type eq {word}]"):
        for op in ("add", "replace", "remove"):
            answer = patched(client, made, {"op": op, "path": path, "value": "x@example.com"})
            assert (answer.status, answer.body["scimType"]) == (400, "invalidPath")
    answer = client.call("GET", "/Users", query="filter=" + quote(f"emails[type eq {word}]"))
    assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("attribute", ["roles", "entitlements", "ims", "photos", "x509Certificates"])
def test_an_unpaired_quote_is_refused_around_any_label(client: Client, attribute: str) -> None:
    made = created(client)

    for word in ("'work", "work'", "\u2018desk", "desk\u2019"):
        path = f"{attribute}[type eq {word}]"
        for operation in (
            {"op": "add", "path": f"{path}.value", "value": "MIIB"},
            {"op": "replace", "value": {f"{path}.value": "MIIB"}},
            {"op": "remove", "path": path},
        ):
            assert patched(client, made, operation).body["scimType"] == "invalidPath"
    assert read(client, made) == made


@pytest.mark.parametrize("name", ["'tHooft", "’tHooft", "‘tHooft", "O'Brien", "O’Brien", "James'", "d'Arc-d'Or"])
def test_an_apostrophe_of_a_name_stays_in_it(client: Client, name: str) -> None:
    made = created(client, nickName=f"{name}{ord(name[0])}{len(name)}", title=name)

    for word in (made["nickName"], f'"{made["nickName"]}"', f"“{made['nickName']}”", f"`{made['nickName']}´"):
        found = client.call("GET", "/Users", query="filter=" + quote(f"nickName eq {word} and title eq {name}"))
        assert [each["id"] for each in found.body["Resources"]] == [made["id"]], word


@pytest.mark.parametrize("value", ["{}", "{ }", '{"value":"x"}', "{", "[]", '["x"]', "{x}", "[{}]"])
@pytest.mark.parametrize(
    "attribute", ["userName", "externalId", "id", "emails", "emails.value", "title", "meta.created"]
)
def test_an_object_or_array_is_no_value_to_compare_with(client: Client, attribute: str, value: str) -> None:
    for operator in ("eq", "ne", "co", "sw"):
        for filter_ in (f"{attribute} {operator} {value}", f"active eq true and {attribute} {operator} {value}"):
            answer = client.call("GET", "/Users", query="filter=" + quote(filter_))
            assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter"), filter_


@pytest.mark.parametrize("filter_", ["userName eq 'a'", "userName eq “a”", "userName eq {}", "emails[type eq 'work']"])
def test_a_strict_account_takes_json_only(strict: Client, filter_: str) -> None:
    assert strict.call("GET", "/Users", query="filter=" + quote(filter_)).body["scimType"] == "invalidFilter"
    operation = {"op": "replace", "path": "emails[type eq 'work'].value", "value": "a@example.com"}
    made = created(strict)
    body: Json = {"schemas": [PATCH_OP], "Operations": [operation]}
    assert strict.call("PATCH", f"/Users/{made['id']}", body).body["scimType"] == "invalidPath"


QUOTES = "'\"“”‘’`«»"


@given(st.text(st.sampled_from([*QUOTES, *"ab \\]["]), max_size=12))
def test_a_bare_word_never_begins_or_ends_with_a_quote_other_than_an_apostrophe(word: str) -> None:
    reader = Tolerant(USER)
    try:
        parsed = reader.filter(f"title eq {word}")
    except InvalidFilter:
        return

    if "bare-word" in reader.noted and "foreign-quotes" not in reader.noted:
        assert isinstance(parsed, Comparison)
        assert not {str(parsed.value)[0], str(parsed.value)[-1]} & set('“”`«»"')
