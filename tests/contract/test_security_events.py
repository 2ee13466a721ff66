"""Security events of requests: a replacement and a change give different events (RFC 9967)."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.events.stream import change_of
from domain.events.event_detail import detail
from domain.events.lifecycle import events_of
from local.service import TABLE_NAME, LocalService
from support.people import user
from support.scim_http import ScimClient
from support.table_stream import stream_record

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
TITLE = {"op": "replace", "path": "title", "value": "Chief"}


@pytest.fixture
def account(client: ScimClient) -> str:
    return client.key.split("_")[1]


def item(service: LocalService, account: str, user_id: str) -> dict[str, Any]:
    """The user's item as the table has it, and so its stream."""
    key: Any = {"pk": {"S": f"{account}#USER"}, "sk": {"S": user_id}}
    found: dict[str, Any] = service.clients.dynamodb.get_item(TableName=TABLE_NAME, Key=key, ConsistentRead=True)[
        "Item"
    ]
    return found


def events_between(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The event URIs of a write, with the attributes that each names."""
    keys = {name: after[name] for name in ("pk", "sk")}
    change = change_of(stream_record(1, "MODIFY", keys, {"OldImage": before, "NewImage": after}))
    assert change is not None
    events = [detail(event, "https://scim.example.com", personal_data=False) for event in events_of(change)]
    return [
        (uri.partition(":prov:")[2], said.get("attributes", []))
        for event in events
        for uri, said in event["securityEvent"]["events"].items()
    ]


def test_a_put_is_published_as_a_put_and_a_patch_as_a_patch(
    service: LocalService, client: ScimClient, account: str
) -> None:
    ada = client.create(user("ada", title="Guide", nickName="Ada"))
    created = item(service, account, ada["id"])

    assert client.put(ada["id"], user("ada", title="Head")).status == 200
    put = item(service, account, ada["id"])
    assert client.patch(ada["id"], TITLE).status == 200
    patched = item(service, account, ada["id"])
    in_bulk = {"method": "PUT", "path": f"/Users/{ada['id']}", "data": user("ada", active=False)}
    assert client.request("POST", "/Bulk", body={"schemas": [BULK_REQUEST], "Operations": [in_bulk]}).status == 200
    off = item(service, account, ada["id"])

    assert events_between(created, put) == [("put:notice", ["nickName", "title"])]
    assert events_between(put, patched) == [("patch:notice", ["title"])]
    assert events_between(patched, off) == [("deactivate", []), ("put:notice", ["title"])]
