"""Keep a copy of the users, groups and memberships in a relational database.

    python keep_copy.py fill acme globex    # once, and whenever the copy is in doubt
    python keep_copy.py                     # all the time

Start the queue before the first `fill`, and consume after it or meanwhile: so nothing falls into a gap. `fill` compares
the copy with the whole table, so it also repairs: after events were lost, or after the table was restored.

Needs, in the environment:

- `TABLE_NAME`: the output TableName of Rollcall's stack.
- `QUEUE_URL`, `EVENTS_PORT` or `EVENTS_FILE`: where events come from (receiving.py).
- `COPY_DATABASE`: a file of SQLite, which is made.
- `ACCOUNT`, if the copy is of one account only.

Needs the right to read the table (docs/use-it.md) and to receive from the queue (receiving.py).

How it stays right. An event says that a user or group changed, not what to write. The copy's row is locked first, then
the table is read, then the row is written, and all of it is one transaction. As the row is locked while the table is
read, the last write has the last reading, however many workers there are, and in whatever order events come. A crash at
any point leaves the row as it was and the message in the queue.

`version` spares work: an event that is not newer than the row is passed over. The row of a user who is gone stays,
without personal data: ids are not used again, and a late event of such a user has nothing to say. Events that are
marked as a replay (`rollcall events replay`) are never passed over: after a restored backup, versions may go back.

The statements are those of SQLite (3.35) and of PostgreSQL. For PostgreSQL, change `connect` to return
`psycopg.connect(...)` and `MARK` to `%s`; nothing else differs. `document` is TEXT in both, and not JSONB, which
refuses the character U+0000 that a SCIM value may hold.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import boto3

from reading import User, Users
from receiving import Event, Unavailable, consume

MARK = "?"
"""What stands for a value in a statement: `?` for sqlite3, `%s` for psycopg."""

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS scim_users (
        account TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, gone BOOLEAN NOT NULL DEFAULT FALSE,
        active BOOLEAN NOT NULL DEFAULT FALSE, user_name TEXT, document TEXT, PRIMARY KEY (account, id))""",
    """CREATE TABLE IF NOT EXISTS scim_groups (
        account TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, gone BOOLEAN NOT NULL DEFAULT FALSE,
        display_name TEXT, document TEXT, PRIMARY KEY (account, id))""",
    # No foreign keys: a member may be named before that user is.
    """CREATE TABLE IF NOT EXISTS scim_members (
        account TEXT NOT NULL, group_id TEXT NOT NULL, user_id TEXT NOT NULL,
        PRIMARY KEY (account, group_id, user_id))""",
    "CREATE INDEX IF NOT EXISTS scim_groups_of_user ON scim_members (account, user_id)",
)

# Writing to the row locks it until the end of the transaction (SQLite: the whole file). It is made where it is missing.
LOCK_USER = """INSERT INTO scim_users (account, id, version) VALUES (?, ?, 0)
    ON CONFLICT (account, id) DO UPDATE SET version = scim_users.version RETURNING version, gone"""
LOCK_GROUP = """INSERT INTO scim_groups (account, id, version) VALUES (?, ?, 0)
    ON CONFLICT (account, id) DO UPDATE SET version = scim_groups.version RETURNING version, gone"""

WRITE_USER = """UPDATE scim_users SET version = ?, gone = FALSE, active = ?, user_name = ?, document = ?
    WHERE account = ? AND id = ?"""
FORGET_USER = """UPDATE scim_users SET gone = TRUE, active = FALSE, user_name = NULL, document = NULL
    WHERE account = ? AND id = ?"""
ADD_USER = """INSERT INTO scim_users (account, id, version, active, user_name, document) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (account, id) DO UPDATE SET
        version = excluded.version, active = excluded.active,
        user_name = excluded.user_name, document = excluded.document
    WHERE NOT scim_users.gone AND (scim_users.version < excluded.version
        OR (scim_users.version = excluded.version AND scim_users.document <> excluded.document))"""

WRITE_GROUP = """UPDATE scim_groups SET version = ?, gone = FALSE, display_name = ?, document = ?
    WHERE account = ? AND id = ?"""
FORGET_GROUP = """UPDATE scim_groups SET gone = TRUE, display_name = NULL, document = NULL
    WHERE account = ? AND id = ?"""
MEMBERS = "SELECT user_id FROM scim_members WHERE account = ? AND group_id = ?"
JOIN = "INSERT INTO scim_members (account, group_id, user_id) VALUES (?, ?, ?)"
LEAVE = "DELETE FROM scim_members WHERE account = ? AND group_id = ? AND user_id = ?"

KNOWN_USERS = "SELECT id, version, gone FROM scim_users WHERE account = ?"
KNOWN_GROUPS = "SELECT id FROM scim_groups WHERE account = ? AND NOT gone"


@dataclass(frozen=True)
class Copy:
    """The copy behind a DB-API connection (PEP 249), which belongs to one thread.

    `users_of` returns what reads an account of Rollcall's table. `accounts` are those to keep; None keeps all.
    """

    connection: Any
    users_of: Callable[[str], Users]
    accounts: Collection[str] | None = None

    def create_tables(self) -> None:
        """Create the tables of the copy unless they are there."""
        with self._transaction() as sql:
            for statement in SCHEMA:
                sql.execute(statement)

    def handle(self, event: Event) -> None:
        """Bring what the event is about up to date. Raises `Unavailable` when the database does not answer."""
        if self.accounts is not None and event.account not in self.accounts:
            return
        if event.user_id is not None:
            self.look_at_user(event.account, event.user_id, None if event.replayed else event)
        elif event.group_id is not None:
            self.look_at_group(event.account, event.group_id, None if event.replayed else event)

    def look_at_user(self, account: str, user_id: str, event: Event | None = None) -> None:
        """Make the copy of one user what the table has; an event that is not newer is passed over."""
        with self._transaction() as sql:
            version, gone = _one(sql, LOCK_USER, account, user_id)
            if event is not None and (gone or (event.version is not None and event.version <= version)):
                return
            user = self.users_of(account).by_id(user_id)
            if user is None:
                _run(sql, FORGET_USER, account, user_id)
            else:
                _run(sql, WRITE_USER, *_values(user), account, user_id)

    def look_at_group(self, account: str, group_id: str, event: Event | None = None) -> None:
        """Make the copy of one group and its members what the table has.

        A large change of members is published in parts of one version: an event of the row's version counts as newer.
        """
        with self._transaction() as sql:
            version, gone = _one(sql, LOCK_GROUP, account, group_id)
            if event is not None and (gone or (event.version is not None and event.version < version)):
                return
            users = self.users_of(account)
            group = users.group(group_id)
            members = set[str]()
            if group is None:
                _run(sql, FORGET_GROUP, account, group_id)
            else:
                # After the group: so they are of this version, or of a later one whose event is still to come.
                members.update(users.members_of(group_id))
                _run(sql, WRITE_GROUP, group.version, group.display_name, json.dumps(group.document), account, group_id)
            present = {user_id for (user_id,) in _rows(sql, MEMBERS, account, group_id)}
            for user_id in sorted(present - members):
                _run(sql, LEAVE, account, group_id, user_id)
            for user_id in sorted(members - present):
                _run(sql, JOIN, account, group_id, user_id)

    def fill(self, account: str) -> None:
        """Make the copy of a whole account what the table has. Workers may go on meanwhile.

        Users are taken as they are listed, on condition of the version: an event that came in between is newer. Where
        the copy has more than the list (a later version, or a user who is not listed), the table is asked again.
        """
        with self._transaction() as sql:
            known = {user_id: (version, bool(gone)) for user_id, version, gone in _rows(sql, KNOWN_USERS, account)}
            groups = {group_id for (group_id,) in _rows(sql, KNOWN_GROUPS, account)}
        unseen = {user_id for user_id, (_, gone) in known.items() if not gone}
        doubtful = set[str]()
        for page in _pages(self.users_of(account).all(), 500):
            with self._transaction() as sql:
                for user in page:
                    version, gone = known.get(user.id, (0, False))
                    if gone or version > user.version:
                        doubtful.add(user.id)
                    else:  # Of the same version, too: after a restored table it may be another one.
                        _run(sql, ADD_USER, account, user.id, *_values(user))
                    unseen.discard(user.id)
        for user_id in sorted(doubtful | unseen):
            self.look_at_user(account, user_id)
        for group_id in sorted(groups | {group.id for group in self.users_of(account).all_groups()}):
            self.look_at_group(account, group_id)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """A cursor whose statements are committed together at the end of the block, or not at all."""
        database = self.connection
        try:
            sql = database.cursor()
            try:
                yield sql
                database.commit()
            except BaseException:
                database.rollback()
                raise
        except (database.OperationalError, database.InterfaceError) as error:
            raise Unavailable(f"the database of the copy: {error}") from error


def _run(sql: Any, statement: str, *values: object) -> None:
    sql.execute(statement.replace("?", MARK), values)


def _rows(sql: Any, statement: str, *values: object) -> list[tuple[Any, ...]]:
    _run(sql, statement, *values)
    rows: list[tuple[Any, ...]] = sql.fetchall()
    return rows


def _one(sql: Any, statement: str, *values: object) -> tuple[Any, ...]:
    [row] = _rows(sql, statement, *values)
    return row


def _values(user: User) -> tuple[object, ...]:
    return user.version, user.active, user.user_name, json.dumps(user.document)


def _pages(users: Iterable[User], size: int) -> Iterator[list[User]]:
    rest = iter(users)
    while page := list(islice(rest, size)):
        yield page


def connect(database: str) -> Any:
    """Open the database; a worker waits up to 20 s for another one's transaction."""
    return sqlite3.connect(database, timeout=20)


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    table_name, database = os.environ["TABLE_NAME"], os.environ["COPY_DATABASE"]
    account = os.environ.get("ACCOUNT")
    client = boto3.client("dynamodb")
    copy = Copy(connect(database), lambda name: Users(table_name, name, client), None if account is None else [account])
    copy.create_tables()
    if arguments[:1] == ["fill"]:
        for name in arguments[1:]:
            copy.fill(name)
        return 0
    return consume(copy.handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
