"""examples/typescript: how events reach an application, as webhooks, from a queue, and from the local server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from domain.events.kinds import EventKind
from local.embedded_aws import REGION
from local.event_delivery import as_webhook
from support import node
from support.event_schemas import FOLDER
from support.typescript import Examples, Thrown, driver
from support.webhooks import NEXT, SECRET, post_webhook

node.require()

PATH = "/hooks/rollcall"


def message(kind: str = "UserProvisioned", **detail: Any) -> bytes:
    data = {"account": "acme", "version": 1, "active": True} | detail
    return json.dumps({"type": kind, "timestamp": "2030-02-01T08:30:00.250Z", "data": data}).encode()


@dataclass(frozen=True)
class Receiving:
    """The receiver, and the user of this test."""

    examples: Examples
    port: int
    user: str

    def post(self, body: bytes, path: str = PATH, **headers: str) -> int:
        return post_webhook(self.port, path, body, headers)

    def send(self, kind: str, webhook_id: str = "", **detail: Any) -> int:
        """Post an event of the user."""
        return self.post(message(kind, userId=self.user, **detail), webhook_id=webhook_id or uuid4().hex)

    @property
    def may_sign_in(self) -> bool:
        return bool(self.examples("maySignIn", self.user))


@pytest.fixture(scope="module")
def sqs() -> Iterator[str]:
    """The address of SQS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def examples(typescript: Path, sqs: str) -> Iterator[Examples]:
    with driver(typescript, "none", sqs) as process:
        yield process.of("acme")


@pytest.fixture(scope="module")
def port(examples: Examples) -> int:
    opened: int = examples("receiveWebhooks", f"{SECRET}, {NEXT}")
    return opened


@pytest.fixture
def receiving(examples: Examples, port: int) -> Receiving:
    return Receiving(examples, port, uuid4().hex)


def test_order_and_repetition_do_not_matter(receiving: Receiving) -> None:
    assert receiving.send("UserProvisioned", "e1-" + receiving.user) == 204
    assert receiving.may_sign_in
    assert receiving.send("UserDeactivated", "e1-" + receiving.user, version=9, active=False) == 204
    assert receiving.may_sign_in  # the same id: it was accepted before
    assert receiving.send("UserReactivated", version=3) == receiving.send("UserDeactivated", version=2, active=False)
    assert receiving.may_sign_in
    assert receiving.send("UserDeprovisioned", version=None, active=None) == 204
    assert receiving.send("UserUpdated", version=99) == 204
    assert not receiving.may_sign_in


def test_kinds_that_it_does_not_know_and_events_of_groups_are_accepted(receiving: Receiving) -> None:
    assert receiving.post(message("GroupMembersAdded", groupId="g1", active=None)) == 204
    assert receiving.post(message("SomethingNew")) == 204


@pytest.mark.parametrize(
    "given", ["", "Bearer", f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", f"bearer {SECRET}", SECRET]
)
def test_without_the_secret_nothing_is_taken(receiving: Receiving, given: str) -> None:
    assert receiving.post(message(userId=receiving.user), Authorization=given) == 401
    assert not receiving.may_sign_in


def test_either_of_two_secrets_is_accepted_while_one_replaces_the_other(receiving: Receiving) -> None:
    assert receiving.post(message(userId=receiving.user), Authorization=f"Bearer {NEXT}") == 204
    assert receiving.may_sign_in


def test_a_signature_is_that_of_standard_webhooks(examples: Examples) -> None:
    """The expected one is from the library `standardwebhooks` 1.0."""
    signed = examples("signature", NEXT, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}')

    assert signed == "v1,/Xy7FLfFISa1TZH7WLT+0x/orG5MlcutAFOpVan3/00="


@pytest.mark.parametrize("secret", [SECRET, NEXT])
def test_a_signed_message_needs_no_secret_in_a_header(receiving: Receiving, secret: str) -> None:
    now, body, of = str(int(time())), message(userId=receiving.user), receiving.user

    def sent(body: bytes = body, *, at: str = now, of: str = of, by: str | None = None) -> int:
        signed = receiving.examples("signature", secret, receiving.user, now, message(userId=receiving.user).decode())
        by = signed if by is None else by.replace("SIGNED", signed)
        return receiving.post(body, Authorization="", webhook_id=of, webhook_timestamp=at, webhook_signature=by)

    assert sent() == sent(by="v1,none v2,other SIGNED") == 204
    assert sent(message(active=False)) == sent(of="e2") == sent(at=str(int(now) + 1)) == sent(by="v1,none") == 401


@pytest.mark.parametrize("off", [-301, 302, None])
def test_a_signed_message_that_is_old_or_has_no_time_is_refused(receiving: Receiving, off: int | None) -> None:
    at = "" if off is None else str(int(time()) + off)
    signed = receiving.examples("signature", SECRET, "e1", at, message().decode())

    # The secret in a header does not help a message whose signature is wrong.
    assert receiving.post(message(), webhook_id="e1", webhook_timestamp=at, webhook_signature=signed) == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b'{"type": 1, "data": {}}', b'{"type": "UserUpdated"}',
     b"[" * 200_000, message(version="2"), message(active=1), message(account=None),
     message("UserDeprovisioned", userId=7), message(userId="u1", version=2**63), message(userId="u1", version=1.5)],
)  # fmt: skip
def test_what_is_no_event_is_refused_and_leaves_no_trace(receiving: Receiving, body: bytes) -> None:
    event = uuid4().hex
    assert receiving.post(body, webhook_id=event) == 400
    assert receiving.send("UserProvisioned", event) == 204
    assert receiving.may_sign_in


def test_a_message_needs_an_id_the_path_and_a_bounded_body(receiving: Receiving) -> None:
    assert receiving.post(message(), webhook_id="") == receiving.post(message(), webhook_id="x" * 257) == 400
    assert receiving.post(message(), PATH + "/else") == 404
    assert receiving.post(b"x" * 300_001) == 413


@pytest.mark.parametrize("text", ["", " , ", "short", f"{SECRET},short", "whsec_" + "*" * 40])
def test_a_secret_that_is_missing_short_or_malformed_is_named(examples: Examples, text: str) -> None:
    with pytest.raises(Thrown, match="WEBHOOK_SECRET"):
        examples("secretsOf", text)


def test_it_takes_what_the_local_server_sends_of_every_kind(receiving: Receiving) -> None:
    """As docs/reference/events.md shows it, with the headers and the body of docs/webhooks.md."""
    page = (FOLDER.parent / "reference" / "events.md").read_text(encoding="utf-8")
    documented = re.findall(r"^## (\w+)\n.*?```json\n(\{\n.*?\n\})\n```", page, re.DOTALL | re.MULTILINE)
    assert len(documented) == len(EventKind)

    for kind, detail in documented:
        headers, body = as_webhook(json.dumps({"detail-type": kind, "detail": json.loads(detail)}), SECRET)
        assert receiving.post(body.encode(), **headers) == 204


def on_the_bus(user_id: str) -> str:
    detail = {"account": "acme", "userId": user_id, "version": 1}
    return json.dumps({"source": "rollcall", "detail-type": "UserUpdated", "detail": detail})


def test_a_message_leaves_the_queue_when_it_was_handled_and_not_before(examples: Examples, sqs: str) -> None:
    client: Any = boto3.client(
        "sqs", endpoint_url=sqs, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local"
    )
    url = client.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    for body in (on_the_bus("u1"), on_the_bus("bad"), "{", on_the_bus("u2")):
        client.send_message(QueueUrl=url, MessageBody=body)

    assert examples("work", url) == 2
    assert examples("handled") == ["u1", "u2"]
    left = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in left) == sorted([on_the_bus("bad"), "{"])

    client.purge_queue(QueueUrl=url)
    for user in ("u3", "outage", "u4"):
        client.send_message(QueueUrl=url, MessageBody=on_the_bus(user))
    with pytest.raises(Thrown, match="throttled"):
        examples("work", url)
    assert examples("handled") == ["u3"]
    left = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in left] == [on_the_bus("outage"), on_the_bus("u4")]


def test_what_the_local_server_posts_is_handled(examples: Examples) -> None:
    port = examples("receiveEvents")

    def post(body: str, kind: str = "application/json") -> int:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", "/", body.encode(), {"Content-Type": kind})
            return connection.getresponse().status
        finally:
            connection.close()

    assert [post(on_the_bus("u1")), post(on_the_bus("bad")), post("{}"), post("x" * 1_048_577)] == [204, 503, 400, 413]
    # What a page of another site may send without a question.
    assert post(on_the_bus("u2"), "text/plain") == 415
    assert examples("handled") == ["u1"]


def test_what_cannot_be_stored_is_asked_for_again(typescript: Path) -> None:
    with driver(typescript, "none", "http://127.0.0.1:1") as process:
        broken = Receiving(process.of("acme"), process("receiveWebhooks", SECRET), "u1")
        process("breakAccess")

        assert broken.send("UserProvisioned") == 503
        assert not broken.may_sign_in
