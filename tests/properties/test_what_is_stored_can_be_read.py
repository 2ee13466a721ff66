"""Whatever POST, PUT and PATCH take can be read again by GET, list, search and export, whatever decoded it.

Texts hold JSON text that holds JSON text, with what JSON can say and UTF-8 cannot, halves of surrogate pairs, and with
NaN, numbers of thousands of digits, members sent twice, and nesting without end.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cli.exports import Format
from cli.users import _writer
from domain.limits import MAX_COMBINING_MARKS
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from support.examples import examples
from support.in_process import Answer, Client, InProcess, in_process
from support.memory import InMemoryUsers
from support.people import MESSAGES

PERSON = {"schemas": [CORE_URN], "userName": "known", "emails": [{"value": "known@example.com", "type": "work"}]}
ENOUGH = settings(
    max_examples=examples(60, thorough=250),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

MARK = "\u0301"
words = st.one_of(
    st.sampled_from(
        ["", "x", "User", "True", "\ud800", "a\udfff", "\ud83d\ude00", "\x00", "\u2028", "\u202e", "é", "ß"]
    ),
    st.sampled_from(["e" + MAX_COMBINING_MARKS * MARK, "e" + (MAX_COMBINING_MARKS + 1) * MARK, '"', "\\", "{", "%00"]),
    st.text(st.characters(), max_size=6),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.just(float("nan")), st.just(float("-inf")), words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["value", "VALUE", "display", "displayName", "type", "primary", "x"]), inner),
    ),
    max_leaves=6,
)
literal_texts = st.sampled_from(
    [
        r'{"value": "\ud800"}',
        r'{"value": "User", "display": "\udfff"}',
        r'{"value": "User", "\ud800": 1}',
        '{"value": "User", "value": "\\ud800"}',
        '{"value": "User", "primary": 1e400}',
        '{"value": "User", "display": ' + "9" * 4_400 + "}",
        '{"value": "User", "type": ' + 100 * "[" + 100 * "]" + "}",
    ]
)


def _texts(depth: int) -> st.SearchStrategy[str]:
    """JSON text, JSON text within JSON text, and so on; other text now and then."""
    if depth == 0:
        return words
    inner = _texts(depth - 1)
    escaped = st.dictionaries(st.sampled_from(["value", "display", "type", "Value"]), inner, min_size=1, max_size=3)
    return st.one_of(words, literal_texts, st.one_of(json_values, escaped).map(json.dumps))


texts = _texts(3)
values = st.one_of(texts, json_values)
roles = st.one_of(
    texts,
    st.lists(
        st.fixed_dictionaries({}, optional={"value": values, "display": values, "type": words, "primary": values}),
        max_size=2,
    ),
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "title": values,
        "externalId": texts,
        "name": st.fixed_dictionaries({}, optional={"givenName": texts, "familyName": values}),
        "roles": roles,
        "entitlements": roles,
        "photos": roles,
        "active": values,
        'roles[type eq "work"].value': texts,
        "name.middleName": texts,
        ENTERPRISE_URN: st.fixed_dictionaries({}, optional={"department": texts, "manager": values}),
        f"{ENTERPRISE_URN}:costCenter": texts,
        "shoeSize": values,
    },
)
people = st.builds(
    lambda name, given: PERSON | {"userName": name} | given,
    st.one_of(texts.map(lambda text: f"u{text}"), st.just("known")),
    attributes,
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"])},
    optional={
        "path": st.one_of(
            st.sampled_from(
                ["roles", "title", 'roles[type eq "work"].value', "roles.value", "externalId", ENTERPRISE_URN, "name"]
            ),
            texts.map(lambda text: f"roles[value eq {json.dumps(text)}]"),
        ),
        "value": st.one_of(roles, attributes, values),
    },
)


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@dataclass(frozen=True)
class Account:
    """An account, named for its mode."""

    mode: str
    service: InProcess
    client: Client

    def known_id(self) -> str:
        """A user, the only one of the account."""
        self.service.table.accounts[self.mode] = InMemoryUsers()
        return str(self.client.call("POST", "/Users", PERSON).body["id"])


@pytest.fixture(params=["tolerant", "strict"])
def account(request: pytest.FixtureRequest, service: InProcess) -> Account:
    return Account(request.param, service, service.account(request.param, mode=request.param))


def check(account: Account, answer: Answer) -> None:
    """Assert that the service did not fail, and that all users can be read in every way."""
    client = account.client
    assert answer.status < 500, answer.text
    users = list(account.service.table.accounts[account.mode].scan())
    answers = [client.call("GET", f"/Users/{user.id}") for user in users]
    answers += [
        client.call("GET", "/Users"),
        client.call("GET", "/Users", query=urlencode({"filter": "roles pr or not (roles pr)", "sortBy": "title"})),
        client.call("POST", "/Users/.search", {"schemas": [MESSAGES + "SearchRequest"], "cursor": ""}),
    ]
    for user in users:
        found = client.call(
            "GET", "/Users", query=urlencode({"filter": f"userName eq {json.dumps(user.attributes['userName'])}"})
        )
        assert [each["id"] for each in found.body["Resources"]] == [user.id]
        answers.append(found)
    for each in (answer, *answers):
        assert each.text.encode()
        assert each.status in (200, 201) or each is answer, each.text
    for form in Format:
        for at_a_terminal in (True, False):
            file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
            write = _writer(form, file, at_a_terminal=at_a_terminal)
            for user in users:
                write(user)
            file.flush()


@pytest.mark.parametrize("method", ["POST", "PUT"])
@ENOUGH
@given(body=people)
@example(body=PERSON | {"userName": "r2", "roles": [{"value": r'{"value":"\ud800"}'}]})
@example(body=PERSON | {"userName": "r2", "roles": r'{"value":"User","display":"\ud800"}'})
def test_created_and_replaced_users_can_be_read(account: Account, method: str, body: dict[str, Any]) -> None:
    user_id = account.known_id()

    check(account, account.client.call(method, "/Users" if method == "POST" else f"/Users/{user_id}", body))


@ENOUGH
@given(st.lists(operations, min_size=1, max_size=3))
@example([{"op": "add", "path": "roles", "value": [{"value": r'{"value":"\ud800"}'}]}])
@example([{"op": "add", "value": {'roles[type eq "work"].value': r'{"value":"\ud800"}'}}])
@example([{"op": "replace", "path": 'roles[type eq "work"].value', "value": r'{"value":"\ud800"}'}])
def test_patched_users_can_be_read(account: Account, parts: list[dict[str, Any]]) -> None:
    user_id = account.known_id()
    body = {"schemas": [MESSAGES + "PatchOp"], "Operations": parts}

    check(account, account.client.call("PATCH", f"/Users/{user_id}", body))
    bulk = {"method": "PATCH", "path": f"/Users/{user_id}", "data": body}
    check(account, account.client.call("POST", "/Bulk", {"schemas": [MESSAGES + "BulkRequest"], "Operations": [bulk]}))
