"""The local server publishes what the function Publisher publishes: to its page, a file and a URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import httpx
import pytest

from local.life_cycle import EventSettings
from local.service import LocalService
from support.people import user
from support.scim_http import ScimClient

SECONDS = 60
OFF = {"op": "replace", "path": "active", "value": False}
Received = Queue[dict[str, Any]]


@pytest.fixture
def received() -> Received:
    return Queue()


@pytest.fixture
def receiver(received: Received) -> Iterator[str]:
    """The address of an application that receives events."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://me:secret@127.0.0.1:{server.server_port}/hook?token=secret"
        server.shutdown()
        thread.join()


def test_changes_are_published_in_their_order_to_page_file_and_url(
    received: Received, receiver: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    with LocalService(events=EventSettings(file, receiver)) as service:
        client = ScimClient(service.base_url, service.key.text)
        ada = client.create(user("ada"))["id"]
        assert client.patch(ada, OFF).status == 200
        assert client.delete(ada).status == 204
        arrived = [received.get(timeout=SECONDS) for _ in range(3)]
        shown = httpx.get(service.address + "/data/events", headers={"X-Rollcall-Page": "1"}).json()
        assert httpx.get(service.address + "/data/events").status_code == 403

    kinds = ["UserProvisioned", "UserDeactivated", "UserDeprovisioned"]
    assert [event["detail-type"] for event in arrived] == kinds
    assert {(event["source"], event["detail"]["account"], event["detail"]["userId"]) for event in arrived} == {
        ("rollcall", "default", ada)
    }
    assert [json.loads(line) for line in file.read_text().splitlines()] == arrived
    assert [one["event"] for one in shown["events"]] == arrived
    assert shown["url"].endswith("/hook")
    assert "secret" not in json.dumps(shown)
    assert "ada@" not in file.read_text()


def test_the_publisher_ends_the_memberships_of_a_removed_user_as_on_aws(received: Received, receiver: str) -> None:
    with LocalService(events=EventSettings(url=receiver)) as service:
        client = ScimClient(service.base_url, service.key.text)
        service.accounts.configure("default", groups=True)
        ada = client.create(user("ada"))["id"]
        group = {"displayName": "Guides", "members": [{"value": ada}]}
        made = client.request("POST", "/Groups", body=group)
        assert made.status == 201
        service.accounts.configure("default", groups=False)
        assert client.delete(ada).status == 204
        seen = list[str]()
        while "GroupMembersRemoved" not in seen:
            seen.append(received.get(timeout=SECONDS)["detail-type"])

    assert seen.index("UserDeprovisioned") < seen.index("GroupMembersRemoved")


def test_a_transaction_that_was_refused_publishes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with LocalService(events=EventSettings(file)) as service:
        client = ScimClient(service.base_url, service.key.text)
        client.create(user("ada"))
        assert client.request("POST", "/Users", body=user("ada")).status == 409

    assert len(file.read_text().splitlines()) == 1


def test_what_was_published_does_not_stay_in_memory() -> None:
    with LocalService() as service:
        client = ScimClient(service.base_url, service.key.text)
        for number in range(5):
            client.create(user(f"user{number}"))
        shard = service.local_aws.shard

    assert shard is not None
    assert shard.items == []
