"""The stable reading form: what docs/use-it.md promises of the table is written today as it was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from domain.resources.stored_resource import SCHEMA_VERSION
from reading import Users
from support.application import Application, application
from support.engines import make_table
from support.reading_form import ACCOUNT, RECORDED, Item, collection_of, fill, items_of, promised, view

RECORDINGS = sorted(RECORDED.glob("*.json"))
FORMS: dict[str, Callable[[str], object]] = {
    "document": lambda text: isinstance(json.loads(text), dict),
    "version": lambda text: re.fullmatch("[1-9][0-9]*", text),
    "created": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").fullmatch,
    "lastModified": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").fullmatch,
}
"""What the value of an attribute is, where its type does not say it."""


def recorded(path: Path) -> list[Item]:
    items: list[Item] = json.loads(path.read_text(encoding="utf-8"))
    return items


@pytest.fixture(scope="module")
def today() -> Iterator[Application]:
    """The table as the identity provider's requests leave it now."""
    with application(ACCOUNT) as app:
        fill(app)
        yield app


def read(items: list[Item]) -> dict[str, Any]:
    """What the reader finds in a table of these items."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        table = make_table(client)
        for item in items:
            client.put_item(TableName=table.table_name, Item=item)
        return view(Users(table.table_name, ACCOUNT, client))


def problems(items: list[Item]) -> list[str]:
    """Every promised attribute that an item lacks or has in another form."""
    return [
        f"{item['pk']['S']} {item['sk']['S'][:40]}: {attribute.name}"
        for item in items
        for attribute in promised()[collection_of(item)]
        if not (attribute.optional and attribute.name not in item)
        if not is_as_promised(attribute.name, attribute.type, item.get(attribute.name, {}))
    ]


def is_as_promised(name: str, kind: str, value: dict[str, Any]) -> bool:
    return list(value) == [kind] and (name not in FORMS or bool(FORMS[name](value[kind])))


def test_every_stored_form_has_a_recording() -> None:
    assert [path.stem for path in RECORDINGS] == [str(form) for form in range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_has_all_that_is_promised_and_the_reader_reads_it(path: Path, today: Application) -> None:
    items = recorded(path)

    assert {collection_of(item) for item in items} == set(promised())
    assert problems(items) == []
    assert read(items) == view(today.users)


def test_what_is_written_today_has_all_that_is_promised(today: Application) -> None:
    items = items_of(today)

    assert {collection_of(item) for item in items} == set(promised())
    assert problems(items) == []


def test_the_item_says_what_the_document_says(today: Application) -> None:
    for item in items_of(today):
        if collection_of(item) in ("USER", "GROUP"):
            document = json.loads(item["document"]["S"])
            assert {"id", "meta", "members", "groups"}.isdisjoint(document)
            if collection_of(item) == "USER":
                assert item["active"]["BOOL"] is document["active"]


def test_the_reader_sees_what_the_service_answers(today: Application) -> None:
    """Of users and groups, with a large change of members half done: the service's answer completes it."""
    before = view(today.users)
    assert len(before["groups"]["Growing"]["members"]) == 8
    assert before["groups"]["Shrinking"]["members"] == ["Ada@Example.com", "user0"]
    assert before["users"]["user7"]["groups"] == ["Growing"]
    assert any("job" in item for item in items_of(today))

    served = {
        group.display_name: today.scim.call("GET", f"/Groups/{group.id}").body.get("members", [])
        for group in today.users.all_groups()
    }

    assert not any("job" in item for item in items_of(today))
    assert view(today.users) == before
    for group in today.users.all_groups():
        assert [member["value"] for member in served[group.display_name]] == today.users.members_of(group.id)
