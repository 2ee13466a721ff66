"""Whatever is sent, the answer is SCIM: a resource, a list or an error that says what to do; never a 5xx but 501.

The requests are valid ones with parts exchanged, arbitrary JSON and arbitrary bytes: 1,200, in a thorough run 10,000.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ERROR_URN
from domain.resources.attributes import Attribute
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from support.examples import examples
from support.in_process import Client, InProcess, in_process
from support.people import MESSAGES

SLOW_IS_FINE = settings(
    max_examples=examples(150, thorough=10_000 // 8),  # in each of four tests, in both modes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "True", "false", "a@b.example", "A@B.EXAMPLE", "@", CORE_URN, "\x00", "work", "bulkId:x"]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


def values_of(attribute: Attribute) -> st.SearchStrategy[object]:
    """Mostly values of the attribute's type, sometimes anything else."""
    if attribute.is_complex:
        inner: st.SearchStrategy[object] = st.fixed_dictionaries(
            {}, optional={spelling: values_of(sub) for sub in attribute.sub_attributes for spelling in (sub.name,)}
        )
    else:
        inner = scalars
    return (
        st.one_of(st.lists(inner, max_size=3), inner, anything)
        if attribute.multi_valued
        else st.one_of(inner, anything)
    )


names = [sub.name for sub in USER.root.sub_attributes]
users = st.fixed_dictionaries(
    {},
    optional={sub.name: values_of(sub) for sub in USER.root.sub_attributes}
    | {"USERNAME": scalars, "shoeSize": anything},
)
paths = st.one_of(
    st.sampled_from(
        [
            "userName", "name.givenName", "emails", 'emails[type eq "work"]', 'emails[type eq "work"].value',
            f"{ENTERPRISE_URN}:manager", f"{ENTERPRISE_URN}:department", ENTERPRISE_URN, "manager", "id", "emails.type",
            'roles[primary eq "True"].value', "schemas", "password", "active", "x509Certificates", "groups", 'emails[',
            f"{CORE_URN}:title", "urn:x:y", "", "a.b.c", "emails[type]", 'addresses[type eq "other"].Formatted',
        ]
    ),
    st.text(max_size=30),
    st.none(),
)  # fmt: skip
operations = st.fixed_dictionaries(
    {},
    optional={
        "op": st.one_of(st.sampled_from(["add", "Replace", "remove", "Remove", "move"]), anything),
        "path": paths,
        "value": st.one_of(users, anything),
    },
)
patches = st.fixed_dictionaries(
    {"schemas": st.sampled_from([[MESSAGES + "PatchOp"], [], None, "x"])},
    optional={"Operations": st.one_of(st.lists(operations, max_size=4), anything)},
)
searches = st.fixed_dictionaries(
    {"schemas": st.sampled_from([[MESSAGES + "SearchRequest"], None, 5])},
    optional=dict.fromkeys(("filter", "sortBy", "startIndex", "count", "attributes", "cursor"), anything),
)
bulks: st.SearchStrategy[object] = st.fixed_dictionaries(
    {"schemas": st.sampled_from([[MESSAGES + "BulkRequest"], None, {}])},
    optional={
        "failOnErrors": scalars,
        "Operations": st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "method": st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET", 5, None]),
                        "path": st.sampled_from(
                            ["/Users", "/Users/x", "/Users/bulkId:x", "Users", "/Groups", "", None, 3]
                        ),
                        "bulkId": st.sampled_from(["x", "y", "", None, 7]),
                        "data": st.one_of(users, patches, anything),
                        "version": scalars,
                    },
                ),
                max_size=4,
            ),
            anything,
        ),
    },
)
filters = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["userName", "emails", "emails.value", "active", "meta.created", "eq", "co", "sw", "gt", "pr", "and", "or",
             "not", "(", ")", "[", "]", '"a"', '"2020-01-01T00:00:00Z"', "true", "null", "5", ".", 'type eq "work"']
        ),
        max_size=9,
    ).map(" ".join),
)  # fmt: skip
queries = st.one_of(
    st.text(max_size=40).map(quote),
    st.fixed_dictionaries(
        {},
        optional={
            "filter": filters,
            "sortBy": st.one_of(st.sampled_from(names), st.text(max_size=12)),
            "sortOrder": st.sampled_from(["ascending", "descending", "x", ""]),
            "startIndex": st.one_of(st.integers().map(str), st.text(max_size=5)),
            "count": st.one_of(st.integers(-3, 2000).map(str), st.text(max_size=5)),
            "cursor": st.text(max_size=30),
            "attributes": st.one_of(st.sampled_from(["userName,name.givenName", "", ",", "id"]), st.text(max_size=20)),
            "excludedAttributes": st.sampled_from(["emails", "", "name.givenName"]),
        },
    ).map(urlencode),
)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture(params=["tolerant", "strict"])
def client(request: pytest.FixtureRequest, service: InProcess) -> Client:
    return service.account(request.param, mode=request.param)


def check(client: Client, method: str, path: str, body: object = None, query: str = "") -> None:
    answer = client.call(method, path, body, query=query)

    assert answer.status < 500 or answer.status == 501, (answer.status, answer.text)
    if answer.status in (204, 304):
        assert answer.text == ""
        return
    assert answer.headers["Content-Type"].startswith("application/scim+json")
    if answer.status >= 400:
        assert answer.body["schemas"] == [ERROR_URN]
        assert answer.body["status"] == str(answer.status)
        assert answer.body["detail"]
    assert "null" not in json.dumps(_without_text(answer.body))


def _without_text(value: object) -> object:
    if isinstance(value, dict):
        return {"": [_without_text(inner) for inner in value.values()]}
    if isinstance(value, list):
        return [_without_text(inner) for inner in value]
    return "" if isinstance(value, str) else value


def known_id(client: Client) -> str:
    """A user to work on, so that PUT, PATCH and DELETE get further than 404."""
    found = client.call("GET", "/Users", query="count=1").body["Resources"]
    if found:
        return str(found[0]["id"])
    body = {"schemas": [CORE_URN], "userName": "known", "emails": [{"value": "known@example.com", "type": "work"}]}
    return str(client.call("POST", "/Users", body).body["id"])


@SLOW_IS_FINE
@given(st.one_of(users, anything, st.binary(max_size=60)), st.booleans())
def test_creating_and_replacing(client: Client, body: object, replace: bool) -> None:
    if replace:
        check(client, "PUT", f"/Users/{known_id(client)}", body)
    else:
        check(client, "POST", "/Users", body)


@SLOW_IS_FINE
@given(st.one_of(patches, patches, anything, st.binary(max_size=60)))
def test_patching(client: Client, body: object) -> None:
    check(client, "PATCH", f"/Users/{known_id(client)}", body)


@SLOW_IS_FINE
@given(queries, st.one_of(st.none(), searches))
def test_listing_and_searching(client: Client, query: str, body: object) -> None:
    if body is None:
        check(client, "GET", "/Users", query=query)
    else:
        check(client, "POST", "/Users/.search", body)


@SLOW_IS_FINE
@given(
    methods,
    st.one_of(
        st.sampled_from(
            ["/Users", "/Users/", "//Users", "/Bulk", "/.search", "/Groups", "/Groups/1/x", "/Me", "/Schemas", "/"]
        ),
        st.text(max_size=20).map(lambda text: "/" + quote(text)),
        st.text(max_size=20).map(lambda text: "/Users/" + quote(text)),
    ),
    st.one_of(bulks, st.none(), anything),
)
def test_bulk_and_any_method_on_any_path(client: Client, method: str, path: str, body: object) -> None:
    check(client, method, path, body)
