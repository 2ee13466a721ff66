"""The receiver of webhooks: who may send, what it keeps, what it answers; and what is sent to it."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from time import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.event_delivery import as_webhook, is_webhook_secret, post_to
from local.life_cycle import EventSettings
from local.serve import InvalidSetting, event_settings
from local.service import LocalService
from support.event_schemas import FOLDER
from support.examples import examples
from support.people import user
from support.repository import ROOT
from support.scim_http import ScimClient
from support.stack_template import written
from support.webhooks import NEXT, SECRET, post_webhook
from webhook_receiver import MAX_BODY, PATH, Access, Message, Refused, main, read, secrets_of, server, signature

OF_A_USER = {"account": "acme", "userId": "u1", "version": 2, "active": False}


def message(kind: str = "UserDeactivated", **detail: Any) -> bytes:
    data = OF_A_USER | detail
    return json.dumps({"type": kind, "timestamp": "2030-02-01T08:30:00.250Z", "data": data}).encode()


class Receiving:
    """A running receiver."""

    def __init__(self, path: Path) -> None:
        self.access = Access(str(path))
        self._server = server(self.access, [SECRET, NEXT], 0)
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def post(self, body: bytes, path: str = PATH, **headers: str) -> int:
        return post_webhook(self.port, path, body, headers)


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Receiving]:
    running = Receiving(tmp_path / "access.db")
    yield running
    running.stop()


def test_an_event_is_on_the_disk_when_it_is_answered(receiving: Receiving, tmp_path: Path) -> None:
    assert receiving.post(message("UserProvisioned", version=1, active=True)) == 204

    assert Access(str(tmp_path / "access.db")).may_sign_in("acme", "u1")
    assert not receiving.access.may_sign_in("other", "u1")
    assert not receiving.access.may_sign_in("acme", "u2")
    assert receiving.post(message()) == 204
    assert not receiving.access.may_sign_in("acme", "u1")


def test_an_event_that_comes_again_is_accepted_and_changes_nothing(receiving: Receiving) -> None:
    first = message("UserProvisioned", version=1, active=True)

    assert [receiving.post(first, webhook_id="e1"), receiving.post(message(version=9), webhook_id="e1")] == [204, 204]
    assert receiving.access.may_sign_in("acme", "u1")


@settings(max_examples=examples(20, thorough=300))
@given(
    versions=st.lists(st.booleans(), min_size=1, max_size=6),
    gone=st.booleans(),
    order=st.lists(st.integers(0, 6), max_size=10),
)
def test_order_and_repetition_do_not_matter(
    versions: list[bool], gone: bool, order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = [
        Message(f"e{number}", "UserUpdated", {"account": "acme", "userId": "u1", "version": number, "active": active})
        for number, active in enumerate(versions, 1)
    ]
    if gone:
        whole.append(Message("e0", "UserDeprovisioned", {"account": "acme", "userId": "u1"}))
    access = Access(str(tmp_path_factory.mktemp("access") / "access.db"))

    for at in [*order, *reversed(range(len(whole)))]:
        access.take(whole[at % len(whole)], time())

    assert access.may_sign_in("acme", "u1") is (versions[-1] and not gone)


def test_kinds_that_it_does_not_know_and_events_of_groups_are_accepted(receiving: Receiving) -> None:
    assert receiving.post(message("GroupMembersAdded", userId=None, groupId="g1")) == 204
    assert receiving.post(message("SomethingNew")) == 204
    assert not receiving.access.may_sign_in("acme", "u1")


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", f"bearer {SECRET}", SECRET, "Bearer é" + SECRET],
)
def test_without_the_secret_nothing_is_taken(receiving: Receiving, given: str) -> None:
    assert receiving.post(message("UserProvisioned", active=True), Authorization=given) == 401
    assert not receiving.access.may_sign_in("acme", "u1")


def test_either_of_two_secrets_is_accepted_while_one_replaces_the_other(receiving: Receiving) -> None:
    assert receiving.post(message(), Authorization=f"Bearer {NEXT}") == 204
    assert secrets_of(f"{SECRET}, {NEXT}") == [SECRET, NEXT]


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The expected one is from the library `standardwebhooks` 1.0."""
    signed = signature(NEXT, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')

    assert signed == "v1,/Xy7FLfFISa1TZH7WLT+0x/orG5MlcutAFOpVan3/00="


@pytest.mark.parametrize("secret", [SECRET, NEXT])
def test_a_signed_message_needs_no_secret_in_a_header(receiving: Receiving, secret: str) -> None:
    now, body = str(int(time())), message()
    signed = signature(secret, "e1", now, body)

    def sent(body: bytes = body, *, at: str = now, of: str = "e1", by: str = signed) -> int:
        return receiving.post(body, Authorization="", webhook_id=of, webhook_timestamp=at, webhook_signature=by)

    assert sent() == sent(by=f"v1,none v2,other {signed}") == 204
    assert sent(message(active=True)) == sent(of="e2") == sent(at=str(int(now) + 1)) == sent(by=signed[3:]) == 401


@pytest.mark.parametrize("off", [-301, 302, None])
def test_a_signed_message_that_is_old_or_has_no_time_is_refused(receiving: Receiving, off: int | None) -> None:
    at = "" if off is None else str(int(time()) + off)
    signed = signature(SECRET, "e1", at, message())

    # The secret in a header does not help a message whose signature is wrong.
    assert receiving.post(message(), webhook_id="e1", webhook_timestamp=at, webhook_signature=signed) == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"\xff", b'{"type": 1, "data": {}}', b'{"type": "UserUpdated"}', b"[" * 200_000,
     message(version="2"), message(active=1), message(account=None), message("UserDeprovisioned", userId=7),
     message(version=2**63), message(version=True), message(account="\ud800")],
)  # fmt: skip
def test_what_is_no_event_is_refused_and_leaves_no_trace(receiving: Receiving, body: bytes) -> None:
    assert receiving.post(body, webhook_id="e1") == 400
    assert receiving.post(message("UserProvisioned", active=True), webhook_id="e1") == 204
    assert receiving.access.may_sign_in("acme", "u1")


@pytest.mark.parametrize("given", ["", "x" * 257])
def test_an_event_needs_an_id(given: str) -> None:
    with pytest.raises(Refused):
        read({"webhook-id": given}, message())


def test_a_body_is_bounded(receiving: Receiving) -> None:
    assert receiving.post(b"x", PATH + "/else") == 404
    with socket.create_connection(("127.0.0.1", receiving.port), timeout=30) as connection:
        # Answered before the body comes.
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.0 413")
    with socket.create_connection(("127.0.0.1", receiving.port), timeout=30) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.0 411")


def test_what_cannot_be_stored_is_asked_for_again(receiving: Receiving, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "access.db") as database:
        database.execute("DROP TABLE seen")

    assert receiving.post(message("UserProvisioned", active=True)) == 503
    assert not receiving.access.may_sign_in("acme", "u1")


@pytest.mark.parametrize("text", ["", " , ", "short", f"{SECRET},short", "whsec_" + "*" * 40])
def test_a_secret_that_is_missing_short_or_malformed_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="WEBHOOK_SECRET"):
        secrets_of(text)


def test_the_local_server_sends_webhooks_that_it_takes(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: Queue[str] = Queue()
    take = Access.take

    def take_and_note(access: Access, message: Message, now: float) -> bool:
        fresh = take(access, message, now)
        taken.put(message.id)
        return fresh

    monkeypatch.setattr(Access, "take", take_and_note)
    url = f"http://127.0.0.1:{receiving.port}{PATH}"
    settings = event_settings({"EVENTS_URL": url, "EVENTS_SECRET": SECRET})
    assert SECRET not in repr(settings)
    with LocalService(events=settings) as service:
        made = ScimClient(service.base_url, service.key.text).create(user("ada"))["id"]
        sent_id = taken.get(timeout=60)
        [event] = service.life_cycle.events.about(made)

    assert receiving.access.may_sign_in("default", made)
    assert sent_id == json.loads(event.text)["detail"]["idempotencyId"]
    assert post_to(url, SECRET)(event) is None
    assert post_to(url, SECRET[::-1])(event) == "answered 401"
    assert_like_the_template(event.text)


def assert_like_the_template(event: str) -> None:
    """What EventBridge makes of the event by docs/events/webhook.yaml is what the local server sends."""
    [target] = written((FOLDER / "webhook.yaml").read_text())["Resources"]["Rule"]["Properties"]["Targets"]

    def found(path: str) -> Any:
        value = json.loads(event)
        for name in path.removeprefix("$.").split("."):
            value = value[name]
        return value

    paths = target["InputTransformer"]["InputPathsMap"]
    body = re.sub(r"<(\w+)>", lambda one: json.dumps(found(paths[one[1]])), target["InputTransformer"]["InputTemplate"])
    headers = {name: str(found(path)) for name, path in target["HttpParameters"]["HeaderParameters"].items()}
    sent_headers, sent_body = as_webhook(event, SECRET)

    assert json.loads(sent_body) == json.loads(body)
    assert sent_headers == {"Authorization": f"Bearer {SECRET}", **headers}


@pytest.mark.parametrize(
    "env",
    [
        {"EVENTS_SECRET": SECRET},
        {"EVENTS_SECRET": "short", "EVENTS_URL": "http://127.0.0.1/"},
        {"EVENTS_SECRET": SECRET + "\r\nx: y", "EVENTS_URL": "http://127.0.0.1/"},
        {"EVENTS_SECRET": SECRET, "EVENTS_URL": "http://me:word@127.0.0.1/"},
    ],
)
def test_a_secret_for_the_local_server_is_checked_and_not_repeated(env: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting) as refused:
        event_settings(env)

    assert env["EVENTS_SECRET"] not in str(refused.value)
    assert event_settings({"EVENTS_SECRET": ""}) == EventSettings()


@pytest.mark.parametrize(
    "text", [SECRET, NEXT, "a" * 31, "a" * 256, "a" * 257, "a b" * 20, "\u00e9" * 40, "a" * 40 + "\n"]
)
def test_a_secret_that_the_local_server_takes_is_one_that_the_template_takes(text: str) -> None:
    parameter = written((FOLDER / "webhook.yaml").read_text())["Parameters"]["Secret"]
    valid = parameter["MinLength"] <= len(text) <= parameter["MaxLength"]

    assert is_webhook_secret(text) is (valid and re.fullmatch(parameter["AllowedPattern"], text) is not None)


@pytest.mark.parametrize("env", [{"PORT": "x"}, {"PORT": "65536"}, {"WEBHOOK_SECRET": ""}])
def test_a_malformed_setting_of_the_receiver_is_named(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ({"WEBHOOK_SECRET": SECRET} | env).items():
        monkeypatch.setenv(name, value)

    assert main() == 2
    assert [name for name in env if name in capsys.readouterr().err] == list(env)


def test_the_commands_of_the_readme_fit_each_other() -> None:
    page = (ROOT / "examples" / "python" / "README.md").read_text(encoding="utf-8").partition("\n## Webhooks\n")[2]
    given = dict(re.findall(r"^(?:.* )?([A-Z_]+)=(\S+)", page.replace(" EVENTS_", "\nEVENTS_"), re.MULTILINE))
    settings = event_settings(given)

    assert secrets_of(given["WEBHOOK_SECRET"]) == [settings.secret]
    assert settings.url == f"http://127.0.0.1:9000{PATH}"
