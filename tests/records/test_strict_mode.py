"""A refusal says that the account's strict mode is why, where a tolerant account would accept the same request."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from domain import remedies
from domain.resources.group_schema import CORE_URN as GROUP_URN
from records.output import Json, Output
from records.people import create
from support.in_process import Client, InProcess
from support.people import UNKNOWN_ID, bulk, patch, person

DEACTIVATION = patch({"op": "Replace", "path": "active", "value": "False"})


@pytest.fixture
def strict(service: InProcess) -> Client:
    return service.account("strict", mode="strict", groups=True)


def without_schemas(name: str) -> Json:
    return {key: value for key, value in person(name).items() if key != "schemas"}


def attempts(user: str) -> dict[str, tuple[str, str, object, str]]:
    """Requests that a tolerant account accepts, by what they do."""
    member = {"schemas": [GROUP_URN], "displayName": "Team", "members": [{"value": UNKNOWN_ID}]}
    return {
        "create": ("POST", "/Users", without_schemas("bob"), ""),
        "replace": ("PUT", f"/Users/{user}", person("ada", active="False"), ""),
        "patch": ("PATCH", f"/Users/{user}", DEACTIVATION, ""),
        "filter": ("GET", "/Users", None, "filter=" + quote("userName eq 'ada'")),
        "search": ("POST", "/Users/.search", {"filter": "userName eq 'ada'"}, ""),
        "group": ("POST", "/Groups", member, ""),
    }


@pytest.mark.parametrize("what", attempts(""))
def test_strict_mode_is_named_where_it_alone_is_why(strict: Client, output: Output, what: str) -> None:
    user = create(strict, "ada")
    output.lines()
    method, path, body, query = attempts(user)[what]

    answer = strict.call(method, path, body, query=query)

    line = output.line()
    assert (answer.status, line["strict"]) == (400, True)
    assert remedies.tolerant() in line["remedy"]
    assert line["attribute"]
    assert line["expected"]
    assert remedies.tolerant("strict") in answer.body["detail"]


def test_nothing_is_written_to_find_that_out(strict: Client, output: Output) -> None:
    user = create(strict, "ada")
    for method, path, body, query in attempts(user).values():
        strict.call(method, path, body, query=query)

    assert strict.call("GET", "/Users").body["totalResults"] == 1
    assert strict.call("GET", "/Groups").body["totalResults"] == 0
    assert strict.call("GET", f"/Users/{user}").body["meta"]["version"] == 'W/"1"'


@pytest.mark.parametrize("body", [{"op": "replace", "path": "active", "value": "perhaps"}, {"op": "Replace"}])
def test_strict_mode_is_not_blamed_for_what_no_account_accepts(strict: Client, output: Output, body: Json) -> None:
    user = create(strict, "ada")
    output.lines()

    answer = strict.call("PATCH", f"/Users/{user}", patch(body))

    line = output.line()
    assert (answer.status, "strict" in line) == (400, False)
    assert "strict mode" not in answer.body["detail"]


def test_a_tolerant_account_is_not_called_strict(client: Client, output: Output) -> None:
    client.call("POST", "/Users", {"userName": 5})

    assert "strict" not in output.line()


def test_an_operation_of_a_bulk_request_says_it_too(strict: Client, output: Output) -> None:
    user = create(strict, "ada")
    output.lines()
    operations = [
        {"method": "PATCH", "path": f"/Users/{user}", "data": DEACTIVATION},
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": without_schemas("bob")},
        {"method": "PATCH", "path": f"/Users/{user}", "data": patch({"op": "replace", "path": "active", "value": "x"})},
    ]

    answer = strict.call("POST", "/Bulk", bulk(*operations))

    _, *failed = output.lines()
    assert [line.get("strict") for line in failed] == [True, True, None]
    assert remedies.tolerant("strict") in answer.body["Operations"][0]["response"]["detail"]
    assert strict.call("GET", "/Users").body["totalResults"] == 1
