"""Receive Rollcall's webhooks (docs/webhooks.md) and keep who may sign in, in an SQLite file.

    WEBHOOK_SECRET=... python webhook_receiver.py

PORT (9000) and DATABASE (access.db) are further settings. WEBHOOK_SECRET may have two secrets, separated by a comma,
while one takes the place of the other. It listens on this machine alone: a proxy in front ends TLS and bounds
connections.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

PATH: Final = "/hooks/rollcall"
MAX_BODY: Final = 300_000
"""Bytes; an event has at most 256 KB."""
MAX_AGE: Final = 300
"""Seconds that the clock of a signer may be off, or a signed message may be old."""
KEPT: Final = 60 * 86_400
"""Seconds that the ids of messages are remembered."""


class Refused(Exception):
    """The message is not accepted: status of the answer, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Message:
    """An event: its id, its kind such as `UserDeactivated`, its `detail`."""

    id: str
    kind: str
    data: dict[str, Any]


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature of a message in the form of Standard Webhooks; a secret `whsec_...` is base64 behind that."""
    key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def check_sender(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> None:
    """Return if the sender knows one of the secrets; raise `Refused` (401) otherwise.

    Without a signature the time says nothing: anyone who has the secret can write any, and EventBridge repeats a
    message for a day with the time of the change.
    """
    given = headers.get("webhook-signature")
    if given is None:
        expected = [f"Bearer {secret}" for secret in secrets]
        found = [headers.get("authorization", "")]
    else:
        timestamp = headers.get("webhook-timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and abs(int(timestamp[:12]) - now) <= MAX_AGE):
            raise Refused(401, "the timestamp is missing, or too far from now")
        expected = [signature(secret, headers.get("webhook-id", ""), timestamp, body) for secret in secrets]
        found = given.split(" ")[:8]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in found):
        raise Refused(401, "the secret or the signature is wrong")


def read(headers: Mapping[str, str], body: bytes) -> Message:
    """The event in a message; raises `Refused` (400)."""
    try:
        content = json.loads(body)
        message_id, kind, data = headers["webhook-id"], content["type"], content["data"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(400, "the message has not the form of an event") from error
    if not (0 < len(message_id) <= 256 and isinstance(kind, str) and isinstance(data, dict)):
        raise Refused(400, "the message has not the form of an event")
    return Message(message_id, kind, data)


class Access:
    """Who may sign in, by the events so far; `path` is an SQLite file."""

    def __init__(self, path: str) -> None:
        self._path = path
        with self._transaction() as database:
            database.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL)")
            database.execute("CREATE INDEX IF NOT EXISTS seen_at ON seen (at)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS users (account TEXT, id TEXT, version INTEGER NOT NULL, active INTEGER "
                "NOT NULL, gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, id))"
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block is on the disk after it, or none."""
        database = sqlite3.connect(self._path, timeout=4, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()  # rolls back what is not committed

    def take(self, message: Message, now: float) -> bool:
        """Take an event over, durably; return False if it was known. Raises `Refused` (400), `sqlite3.Error`."""
        with self._transaction() as database:
            database.execute("DELETE FROM seen WHERE at < ?", (now - KEPT,))
            if database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (message.id, now)).rowcount == 0:
                return False
            if message.kind.startswith("User"):
                try:
                    self._take_user(database, message)
                except (OverflowError, UnicodeEncodeError) as error:  # a number or a text that SQLite cannot keep
                    raise Refused(400, "the event has not the form of a user's") from error
            return True

    @staticmethod
    def _take_user(database: sqlite3.Connection, message: Message) -> None:
        match message.data:
            case {"account": str(account), "userId": str(user)} if message.kind == "UserDeprovisioned":
                # The last event of a user, whatever comes late. An id is not used again.
                database.execute(
                    "INSERT INTO users VALUES (?, ?, 0, 0, 1) ON CONFLICT DO UPDATE SET active = 0, gone = 1",
                    (account, user),
                )
            case {"account": str(account), "userId": str(user), "version": int(version), "active": bool(active)} if (
                not isinstance(version, bool)
            ):
                database.execute(
                    "INSERT INTO users VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET version = excluded.version, "
                    "active = excluded.active WHERE excluded.version > version AND NOT gone",
                    (account, user, version, active),
                )
            case _:
                raise Refused(400, "the event has not the form of a user's")

    def may_sign_in(self, account: str, user_id: str) -> bool:
        """Return True if the user is there and active."""
        with self._transaction() as database:
            found = database.execute("SELECT active FROM users WHERE account = ? AND id = ?", (account, user_id))
            return bool(found.fetchone() == (1,))


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 once an event is on the disk; the status of a refusal decides whether EventBridge repeats it."""

    timeout = 5  # EventBridge waits no longer
    access: Access
    secrets: Sequence[str]

    def do_POST(self) -> None:
        """Take one message."""
        try:
            body = self._body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            check_sender(headers, body, self.secrets, time.time())
            self.access.take(read(headers, body), time.time())
            self._answer(204)
        except Refused as refused:
            self._answer(refused.status, str(refused))
        except sqlite3.Error as error:
            self.log_error("not stored: %s", error)
            self._answer(503, "not stored; send it again")

    def _body(self) -> bytes:
        if self.path != PATH:
            raise Refused(404, f"webhooks are received at {PATH}")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refused(411, "Content-Length is missing")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise Refused(413, f"more than {MAX_BODY} bytes")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise Refused(400, "the body is not complete")
        return body

    def _answer(self, status: int, why: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(why)))
        self.end_headers()
        self.wfile.write(why.encode())


def server(access: Access, secrets: Sequence[str], port: int) -> ThreadingHTTPServer:
    """A server on this machine; 0 is any free port."""
    bound = type("BoundReceiver", (Receiver,), {"access": access, "secrets": secrets})
    return ThreadingHTTPServer(("127.0.0.1", port), bound)


def secrets_of(text: str) -> list[str]:
    """The secrets in WEBHOOK_SECRET; raises ValueError for none, or one that is too short or malformed."""
    secrets = [secret.strip() for secret in text.split(",") if secret.strip()]
    if not secrets or any(len(secret) < 32 for secret in secrets):
        raise ValueError("WEBHOOK_SECRET needs 32 characters or more: openssl rand -base64 32")
    try:
        for secret in secrets:
            signature(secret, "", "", b"")
    except binascii.Error as error:
        raise ValueError("WEBHOOK_SECRET has no base64 behind whsec_") from error
    return secrets


def main() -> int:
    """Serve until interrupted."""
    port = os.environ.get("PORT") or "9000"
    try:
        secrets = secrets_of(os.environ.get("WEBHOOK_SECRET", ""))
        if not (port.isascii() and port.isdigit() and int(port) < 65_536):
            raise ValueError(f"PORT is no port number: {port}")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    access = Access(os.environ.get("DATABASE") or "access.db")
    with server(access, secrets, int(port)) as serving:
        sys.stderr.write(f"Webhooks: http://127.0.0.1:{serving.server_port}{PATH}\n")
        with suppress(KeyboardInterrupt):
            serving.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
