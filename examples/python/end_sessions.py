"""End a user's sessions when the user is deactivated or removed, and let none begin at that moment.

    python end_sessions.py              # all the time: acts on events
    python end_sessions.py ADDRESS      # begins a session for a user with that e-mail address, as a log-in would

Needs, in the environment:

- `SESSIONS_DATABASE`: a file of SQLite, which is made. An application has a store of its own: see `SessionStore`.
- `QUEUE_URL` or `EVENTS_PORT`: where events come from (receiving.py); `handler_for` is for Lambda instead.
- For a log-in also `TABLE_NAME`, the output TableName of Rollcall's stack, and `ACCOUNT`.

The worker needs the right to receive from the queue and no other; a log-in needs the right to read the table
(docs/use-it.md).

How soon. The worker ends all sessions in the call that brings the event, without reading anything first, and no part
waits for a timer of its own: long polling answers when the message is there. What comes before it takes its time:

- the publisher hears of the change when Lambda asks the table's stream, 4 times a second (AWS: "Using AWS Lambda with
  Amazon DynamoDB"); template.yaml sets no batching window;
- EventBridge passes it on. Amazon Key measured 80 ms at the 90th percentile (AWS Architecture Blog, February 2026);
  yours is the metric `IngestionToInvocationStartLatency` of the bus;
- SQS or Lambda deliver it. Set no `MaximumBatchingWindowInSeconds` there; a cold start comes on top.

`lag_ms` in the publisher's log lines is how long a change waited for it. An outage makes all of this longer, so a
session also ends by itself after `LIFETIME`.

Why by version. Each session carries the version of the user at which its log-in was checked. A deactivation at version
7 ends those of versions below 7. When the user is reactivated, the next log-in is checked at version 8 or later: a late
or repeated event of version 7 does not end it. So neither clocks matter nor the order of events.

The race. A log-in that checks first and then writes its session may be overtaken: the check says yes, the user is
deactivated, the event ends the sessions there are, and then the new one is written. So the session is written first,
not valid yet; then the table is read; then the session is confirmed. If the event came before the writing, the reading
finds the user inactive; if it came after it, it removed the session, and there is nothing to confirm.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import boto3

from reading import Users
from receiving import Event, Handle, Unavailable, consume, lambda_handler

LIFETIME = 12 * 3600.0
"""Seconds, after which a session ends in any case."""
FOREVER = 2**53
"""A version that no user reaches: what ends every session."""


@dataclass(frozen=True)
class Session:
    """A session. `version` is the user's when the log-in was checked, `issued_at` is in seconds since 1970."""

    id: str
    account: str
    user_id: str
    version: int
    issued_at: float


class SessionStore(Protocol):
    """What the application keeps its sessions in. Each method is one atomic step, seen by all processes at once."""

    def add(self, session: Session) -> None:
        """Write a session that is not confirmed; no one may use it yet."""

    def confirm(self, session_id: str, version: int) -> bool:
        """Make a session valid as of that version of the user; False if it was ended meanwhile."""

    def find(self, session_id: str, now: float) -> Session | None:
        """Return the session of that id if it is confirmed, not ended and not too old. Ask at every request."""

    def is_refused(self, account: str, user_id: str, version: int) -> bool:
        """True if what was issued at that version of the user has ended.

        For signed tokens (JWT), which no one can delete: put the user's id and version into them.
        """

    def end(self, account: str, user_id: str, below: int) -> int:
        """End every session of a user with a version below that, now and for later; return how many there were."""


class SqlSessions:
    """A `SessionStore` behind a DB-API connection; the statements are those of SQLite and PostgreSQL (`%s` for `?`)."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._do(
            """CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, account TEXT NOT NULL, user_id TEXT NOT NULL,
            version BIGINT NOT NULL, issued_at DOUBLE PRECISION NOT NULL)"""
        )
        self._do("CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (account, user_id)")
        self._do(
            """CREATE TABLE IF NOT EXISTS ended (account TEXT NOT NULL, user_id TEXT NOT NULL, version BIGINT NOT NULL,
            PRIMARY KEY (account, user_id))"""
        )

    def add(self, session: Session) -> None:
        """Write a session with the version 0, which no user has."""
        values = (session.id, session.account, session.user_id, session.issued_at)
        self._do("INSERT INTO sessions (id, account, user_id, version, issued_at) VALUES (?, ?, ?, 0, ?)", *values)

    def confirm(self, session_id: str, version: int) -> bool:
        """Give the session its version, if it is still there."""
        _, count = self._do("UPDATE sessions SET version = ? WHERE id = ?", version, session_id)
        return count == 1

    def find(self, session_id: str, now: float) -> Session | None:
        """Look for the session by its key."""
        rows, _ = self._do(
            """SELECT id, account, user_id, version, issued_at FROM sessions
            WHERE id = ? AND version > 0 AND issued_at > ?""",
            session_id,
            now - LIFETIME,
        )
        return Session(*rows[0]) if rows else None

    def is_refused(self, account: str, user_id: str, version: int) -> bool:
        """Look whether something ended a later version."""
        rows, _ = self._do("SELECT version FROM ended WHERE account = ? AND user_id = ?", account, user_id)
        return bool(rows) and version < rows[0][0]

    def end(self, account: str, user_id: str, below: int) -> int:
        """Remember the highest version, then remove the sessions: doing it again changes nothing."""
        self._do(
            """INSERT INTO ended (account, user_id, version) VALUES (?, ?, ?)
            ON CONFLICT (account, user_id) DO UPDATE SET version = excluded.version
            WHERE excluded.version > ended.version""",
            account,
            user_id,
            below,
        )
        _, count = self._do(
            "DELETE FROM sessions WHERE account = ? AND user_id = ? AND version < ?", account, user_id, below
        )
        return count

    def _do(self, statement: str, *values: object) -> tuple[list[tuple[Any, ...]], int]:
        """Run one statement as a transaction; return its rows, and how many it changed."""
        database = self._connection
        try:
            sql = database.cursor()
            try:
                sql.execute(statement, values)
                rows = sql.fetchall() if sql.description else []
                database.commit()
            except BaseException:
                database.rollback()
                raise
        except (database.OperationalError, database.InterfaceError) as error:
            raise Unavailable(f"the database of the sessions: {error}") from error
        return rows, sql.rowcount


def log_in(store: SessionStore, users: Users, user_id: str, now: Callable[[], float] = time.time) -> Session | None:
    """Begin a session for a user who has proven who they are (SSO, password); None if the user may not sign in.

    An error of the table or of the store passes through, and no one is signed in.
    """
    session = Session(secrets.token_urlsafe(32), users.account, user_id, 0, now())
    store.add(session)
    user = users.by_id(user_id)
    if user is None or not user.active:
        # What is not confirmed is of no use to anybody; this only tidies up.
        store.end(users.account, user_id, 1)
        return None
    if not store.confirm(session.id, user.version):
        return None
    return Session(session.id, session.account, session.user_id, user.version, session.issued_at)


def ended_below(event: Event) -> int | None:
    """The version below which the event ends sessions; None if it ends none.

    Every event of a user who is inactive says so, not only the first one, which may be lost. A reactivation says that
    the user was inactive before it; but one that is replayed only says that the user is active.
    """
    if event.kind == "UserDeprovisioned":
        return FOREVER
    if event.detail.get("active") is False or (event.kind == "UserReactivated" and not event.replayed):
        return event.version
    return None


def handle_for(store: SessionStore) -> Handle:
    """What is done with an event."""

    def handle(event: Event) -> None:
        below = ended_below(event)
        if event.user_id is not None and below is not None:
            store.end(event.account, event.user_id, below)

    return handle


def handler_for(store: SessionStore) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """The handler of a Lambda function; its store must be one that the application's processes share."""
    return lambda_handler(handle_for(store))


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    store = SqlSessions(sqlite3.connect(os.environ["SESSIONS_DATABASE"], timeout=20))
    if not arguments:
        return consume(handle_for(store))
    users = Users(os.environ["TABLE_NAME"], os.environ["ACCOUNT"], boto3.client("dynamodb"))
    user = users.by_email(arguments[0])
    session = None if user is None else log_in(store, users, user.id)
    print("not signed in" if session is None else f"signed in at version {session.version}: session {session.id}")
    return 0 if session else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
