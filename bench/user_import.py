"""`rollcall users import` compared with batch_write_item without any index, on DynamoDB Local in one run.

    make bench-import      (or: .venv/bin/python bench/user_import.py [--quick] [--json FILE], with the engine fetched)

The floor writes one item a user, 25 in a call: no unique index, no counter, no condition, nothing atomic. The import
writes the user, an index item for userName and for each address, and the counter, in transactions. Both use the same
client, threads and documents; in every round each of them writes the same number of users into a new account.

DynamoDB Local runs one transaction after the other, whatever the number of threads, so that it is the bound here. So
the import also runs against answers that come after 50 ms, for as many transactions at once as are sent: what this
process can drive, signing and all. The last column is users per second of this process's own CPU time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from report import arguments, publish

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from adapters.clock import MonotonicDeadline, new_id, now
from adapters.dynamodb import Table, items
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from operations.roster import RosterRow
from operations.table_creation import table_definition
from operations.user_import import WORKERS, RowResult, UserImport
from support import engines

TABLE = "rollcall-users"
_BATCH = 25
_accounts = count()


class OneByOne:
    """A store seen through the port alone: a transaction for each user."""

    def __init__(self, store: UserStore) -> None:
        self._store = store

    def create(self, user: StoredUser) -> None:
        self._store.create(user)


def attributes(number: int) -> dict[str, Any]:
    """An ordinary user of an application."""
    address = f"user{number}@example.com"
    return {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": address,
        "name": {"givenName": f"Given{number}", "familyName": "Family"},
        "displayName": f"Given{number} Family",
        "title": "Analyst",
        "active": True,
        "emails": [{"value": address, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "+41 555 0100", "type": "work"}],
        ENTERPRISE_URN: {"department": "Engineering", "employeeNumber": str(number)},
    }


def imported(table: Table, rows: list[RosterRow], *, together: bool) -> int:
    """Import the rows into a new account: how many were created."""
    account = f"import-{next(_accounts)}"

    def store() -> Any:
        users = table.account(account, MonotonicDeadline.after(60)).users
        return users if together else OneByOne(users)

    return sum(outcome.result is RowResult.CREATED for outcome in UserImport(store, new_id, now).run(rows))


def floor(client: Any, rows: list[RosterRow]) -> int:
    """Write the users' items alone."""
    account = f"floor-{next(_accounts)}"

    def write(batch: list[RosterRow]) -> int:
        users = [StoredUser.new(new_id(), row.attributes, now()) for row in batch]
        requests = [{"PutRequest": {"Item": items.user_item(account, user, user.id)}} for user in users]
        while requests:
            answer = client.batch_write_item(RequestItems={TABLE: requests})
            requests = answer["UnprocessedItems"].get(TABLE, [])
        return len(batch)

    batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(write, batches))


def delayed_client(milliseconds: float) -> Any:
    """A client whose every call succeeds after that time, without a network."""

    def answer(**_: Any) -> AWSResponse:
        time.sleep(milliseconds / 1000)
        return AWSResponse("http://localhost", 200, {"x-amzn-requestid": "1"}, Body(b"{}"))

    client = engines.new_client("http://localhost")
    client.meta.events.register("before-send.dynamodb.*", answer)
    return client


class Body(BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def main() -> None:
    options = arguments(__doc__, "importing.json")
    users, rounds = (1000, 3) if options.quick else (4000, 5)
    rows = [RosterRow(number + 2, attributes(number)) for number in range(users)]
    if (why_not := engines.missing()) is not None:
        sys.exit(why_not)
    with engines.dynamodb_local() as endpoint:
        # On a busy machine the engine may take longer than the product waits before it repeats a call.
        client = engines.new_client(endpoint, read_timeout=60)
        client.create_table(**table_definition(TABLE))
        table, fast = Table(client, TABLE), Table(delayed_client(50), TABLE)
        works: dict[str, Callable[[], int]] = {
            "batch_write_item": lambda: floor(client, rows),
            "import": lambda: imported(table, rows, together=True),
            "import, answers in 50 ms": lambda: imported(fast, rows, together=True),
            "import, one by one": lambda: imported(table, rows, together=False),
        }
        speeds: dict[str, list[float]] = {name: [] for name in works}
        work_here: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(rounds + 1):
            for name, work in works.items():
                started, busy = time.perf_counter(), time.process_time()
                if work() != users:
                    sys.exit(f"{name} did not write every user")
                if turn > 0:  # the engine warms up in the first
                    speeds[name].append(users / (time.perf_counter() - started))
                    work_here[name].append((time.process_time() - busy) / users)
    floor_speed = statistics.median(speeds["batch_write_item"])
    table_rows = [
        [
            name,
            statistics.median(figures),
            min(figures),
            max(figures),
            statistics.median(figures) / floor_speed,
            1 / statistics.median(work_here[name]),
        ]
        for name, figures in speeds.items()
    ]
    columns = [
        "way",
        "users a second",
        "slowest",
        "fastest",
        "of the floor",
        "a CPU second",
    ]
    publish("Importing users", columns, table_rows, options.json, users=users, rounds=rounds, threads=WORKERS)


if __name__ == "__main__":
    main()
