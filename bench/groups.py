"""Costs of groups and their members on DynamoDB Local, compared with scim2-server in memory, in one run.

    make bench-groups      (or: .venv/bin/python bench/groups.py [--quick] [--json FILE] [--publish])

Every figure is of a whole handler: key check, decoding, validation, DynamoDB, encoding, log line and metrics. Calls and
units are counted at the client of DynamoDB, two write units for each action of a transaction, as AWS bills them. Both
are asked the same in turn, so that the machine's noise meets both alike. scim2-server keeps everything in memory: no
store, no checks of ids, no second process.

--publish also writes docs/benchmarks/groups.md and groups.json. Exit code 1 when calls or units are more than the
contract allows, or a member is lost; times depend on the machine and are only shown.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import group_work as work
from group_report import COLUMNS, markdown, rows_of
from group_subjects import Meter, Rollcall, Scim2Server, Subject
from report import console, parser_of, publish
from rich.console import Console
from service import ACCOUNT, serving

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from operations.table_creation import table_definition
from support import engines
from support.loading import load
from support.samples import person_of

DOCUMENTS: Final = Path(__file__).parents[1] / "docs" / "benchmarks"
MOST_CALLS: Final = 3
MOST_WRITE_UNITS: Final = 10.0
"""Of adding or removing one member, whatever the size of the group."""
ERRORS: Final = console(stderr=True)
THREADS: Final = 32
NEWCOMERS: Final = 50
"""Users who are in no group at first."""


def rollcall(client: Any, service: Any, users: int) -> Rollcall:
    """The handlers over a table with so many users."""
    # No stream: DynamoDB Local takes eight times as long to write with one.
    client.create_table(**{**table_definition("groups"), "StreamSpecification": {"StreamEnabled": False}})
    meter = Meter(client)
    table = Table(meter, "groups")  # type: ignore[arg-type]  # a stand-in for the client
    people = [person_of(number) for number in range(users)]
    load(table, ACCOUNT, people, threads=8)
    service.configure(groups=True, rate=Rate(MAX_REQUESTS_PER_SECOND), deprovisioning_limit=Limit(1_000_000))
    return Rollcall(service, meter, table, [user.id for user in people])


def measure(
    subjects: Sequence[Subject], sizes: Sequence[int], rounds: int, finish: Callable[[str], int], groups_of_leaver: int
) -> tuple[work.Measured, dict[str, work.Removal], dict[str, work.Crowd]]:
    """Ask all of all subjects, one after the other for each kind of request."""
    measured = work.Measured()
    groups: dict[str, dict[int, str]] = {}
    teams: dict[str, list[str]] = {}
    for subject in subjects:
        say(f"Groups of {', '.join(f'{size:,}' for size in sizes)} members: {subject.name}")
        groups[subject.name] = {size: work.create(subject, f"group-{size}", subject.users[:size]) for size in sizes}
        teams[subject.name] = [
            work.create(subject, f"team-{number}", subject.users[number : number + work.PER_TEAM])
            for number in range(work.PER_TEAM)
        ]
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for subject in subjects:
            work.one_member(measured, subject, groups[subject.name], 1)
            work.reads(measured, subject, groups[subject.name], teams[subject.name], 1)
    for subject in subjects:
        for size in sizes[1:]:
            say(f"{size:,} members in one request: {subject.name}")
            work.many_members(measured, subject, size)
    removals, crowds = {}, {}
    for subject in subjects:
        say(f"A user of {groups_of_leaver} groups, {THREADS} threads: {subject.name}")
        ends = finish if subject is subjects[0] else _nothing
        removals[subject.name] = work.removal(measured, subject, groups_of_leaver, ends)
        crowds[subject.name] = work.crowd(subject, THREADS, 10)
    return measured, removals, crowds


def _nothing(user_id: str) -> int:
    return 0


def say(text: str) -> None:
    """Say what is under way."""
    Console(stderr=True).print(text, highlight=False)


def missed(measured: work.Measured, removal: work.Removal, crowd: work.Crowd, sizes: Sequence[int]) -> list[str]:
    """What is not as the contract has it."""
    found = []
    for name in ("add one member", "remove one member"):
        for size in sizes:
            cost = measured.samples[name, size, "Rollcall"].cost
            if cost.calls > MOST_CALLS or cost.write_units > MOST_WRITE_UNITS:
                found.append(f"{name} of {size:,}: {cost.calls} calls, {cost.write_units:g} write units")
            if cost != measured.samples[name, sizes[0], "Rollcall"].cost:
                found.append(f"{name} of {size:,} costs more than of {sizes[0]:,}")
    if removal.still_listed:
        found.append(f"{removal.still_listed} groups still have the user who was deleted")
    if crowd.missing or crowd.superfluous:
        found.append(f"{crowd.missing} members lost, {crowd.superfluous} too many")
    return found


def main() -> None:
    parser = parser_of(__doc__, "groups.json")
    parser.add_argument("--publish", action="store_true", help="also update the figures in docs")
    options = parser.parse_args()
    sizes, rounds, groups_of_leaver = ((10, 100, 1_000), 3, 50) if options.quick else ((10, 1_000, 10_000), 3, 500)
    if (why_not := engines.missing()) is not None:
        sys.exit(why_not)
    with engines.dynamodb_local() as endpoint, serving() as service:
        client = engines.new_client(endpoint, read_timeout=60, max_pool_connections=64)
        own = rollcall(client, service, sizes[-1] + NEWCOMERS)
        peer = Scim2Server(own.users)

        def finish(user_id: str) -> int:
            """What the publisher does when it sees that a user was removed."""
            return own.table.account(ACCOUNT, MonotonicDeadline.after(60)).groups.leave_all(user_id)

        measured, removals, crowds = measure([own, peer], sizes, rounds, finish, groups_of_leaver)
    facts: dict[str, Any] = {
        "rounds": rounds,
        "removals": {name: asdict(each) for name, each in removals.items()},
        "threads": {name: asdict(each) for name, each in crowds.items()},
    }
    rows = rows_of(measured)
    for path in [options.json, *([DOCUMENTS / "groups.json"] if options.publish else [])]:
        publish("Groups and members", COLUMNS, rows, path, **facts)
    console().print(facts["removals"], facts["threads"])
    if options.publish:
        (DOCUMENTS / "groups.md").write_text(markdown(rows, removals, crowds, rounds), encoding="utf-8")
    if found := missed(measured, removals["Rollcall"], crowds["Rollcall"], sizes):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
