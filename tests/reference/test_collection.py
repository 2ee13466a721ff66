"""The Postman collection: every operation of the document, in the format, with bodies that the document allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reference import collection_steps, openapi
from reference.collection import FORMAT, Undescribed, collection, variables_in
from reference.collection_steps import Step

DOCUMENT = openapi.document()
COLLECTION = collection()
FILLED_IN = {"run": "1", "userId": "2819c223-7f76-453a-919d-413861904646"}


def requests() -> Iterator[dict[str, Any]]:
    for folder in COLLECTION["item"]:
        yield from folder["item"]


def operation_of(item: dict[str, Any]) -> dict[str, Any]:
    """The operation of the document that a request is of, found by its method and path."""
    request = item["request"]
    path = request["url"]["path"]
    literal = "/" + "/".join(path)
    by_id = "/" + "/".join([*path[:-1], "{id}"])
    methods = DOCUMENT["paths"].get(literal) or DOCUMENT["paths"][by_id]
    found: dict[str, Any] = methods[request["method"].lower()]
    return found


def script(item: dict[str, Any], listen: str) -> str:
    return "\n".join(line for event in item["event"] if event["listen"] == listen for line in event["script"]["exec"])


def test_every_operation_of_the_document_is_in_the_collection() -> None:
    described = {each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()}

    assert {operation_of(item)["operationId"] for item in requests()} == described


def test_every_request_has_a_test_of_a_status_that_the_document_lists() -> None:
    for item in requests():
        [status] = re.findall(r": (\d{3})\", \(\) => pm\.response\.to\.have\.status", script(item, "test"))
        assert status in operation_of(item)["responses"], item["name"]


def test_every_variable_is_one_of_the_collection_or_set_by_an_earlier_request_of_its_folder() -> None:
    given = {each["key"] for each in COLLECTION["variable"]}
    for folder in COLLECTION["item"]:
        known = set(given)
        for item in folder["item"]:
            known |= set(re.findall(r'Variables\.set\("(\w+)"', script(item, "prerequest")))
            assert variables_in(item["request"]) <= known, item["name"]
            known |= set(re.findall(r'Variables\.set\("(\w+)"', script(item, "test")))
            asked = set(re.findall(r'Variables\.get\("(\w+)"', script(item, "test"))) - {"groups"}
            assert asked <= known, item["name"]


def test_every_body_is_one_that_the_document_allows() -> None:
    checked = 0
    for item in requests():
        if "body" not in item["request"]:
            continue
        text = re.sub(
            r"{{(\w+)}}", lambda found: FILLED_IN.get(found[1], FILLED_IN["userId"]), item["request"]["body"]["raw"]
        )
        [schema, _] = operation_of(item)["requestBody"]["content"].values()
        Draft202012Validator({**schema["schema"], "components": DOCUMENT["components"]}).validate(json.loads(text))
        checked += 1
    assert checked > 10


def test_who_is_made_is_inactive_and_unique_to_a_run() -> None:
    """A delete of an active user is a loss of access, of which an account has a few each day."""
    for item in requests():
        raw = item["request"].get("body", {}).get("raw", "")
        if '"userName"' in raw:
            assert '"active": false' in raw, item["name"]
            assert re.search(r'"userName": "[\w.]*{{run}}', raw), item["name"]


def test_the_key_is_a_secret_without_a_value_and_in_no_request() -> None:
    [key] = [each for each in COLLECTION["variable"] if each["key"] == "connectorKey"]
    assert (key["type"], key["value"]) == ("secret", "")
    assert COLLECTION["auth"]["bearer"][0]["value"] == "{{connectorKey}}"
    assert "rck_" not in json.dumps(COLLECTION)


def test_it_has_the_members_that_the_format_requires() -> None:
    """Those of the schema of format 2.1, which is no package."""
    assert COLLECTION["info"]["schema"] == FORMAT
    assert {"name", "schema"} <= COLLECTION["info"].keys()
    for item in requests():
        assert {"name", "request", "response", "event"} <= item.keys()
        url = item["request"]["url"]
        assert url["raw"].split("?")[0] == "/".join([*url["host"], *url["path"]])
        assert all({"key", "value"} == entry.keys() for entry in [*item["request"]["header"], *url.get("query", [])])
        assert all(event["listen"] in ("prerequest", "test") for event in item["event"])


@pytest.mark.parametrize("step", [Step("a", "readUser", 200), Step("a", "getUser", 418)])
def test_a_step_that_the_document_does_not_have_is_an_error(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(collection_steps.FOLDERS, "Users", (step,))

    with pytest.raises(Undescribed, match=f"{step.operation} that answers {step.status}"):
        collection()
