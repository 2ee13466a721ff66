"""The report of the benchmark of groups: a row for each kind of request and number of members, and the page of docs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from group_work import Crowd, Measured, Removal

COLUMNS: Final = (
    "request",
    "members",
    "calls",
    "read units",
    "write units",
    "p50, ms",
    "worst, ms",
    "growth",
    "repeats",
    "scim2-server p50, ms",
    "scim2-server worst, ms",
    "scim2-server growth",
)
Row = list[str | int | float]

_PAGE: Final = """# What groups cost

```sh
make bench-groups
.venv/bin/python bench/groups.py --publish  # these figures
```

This benchmark ran on DynamoDB Local, Amazon's own engine, in memory, with {machine}, {date}. A
figure covers a whole handler: key check, decoding, validation, DynamoDB, encoding, log line and metrics. Calls and
capacity units are counted at the DynamoDB client. Each action of a transaction counts as two write units, as AWS bills
it. Times depend on the engine and this machine (two shared cores). Use them for comparison only. Each of {rounds}
rounds sends every request once at each size.

scim2-server (PyPI, 0.8) receives the same requests in the same run. It keeps all data in the memory of this process. It
has no store, does not check whether a member is a user, and loses all data when the process ends. "Growth" is the
median, divided by the median of the smallest group.

## One member

| request | members | calls | read units | write units | p50 / worst, ms | growth | scim2-server, ms | growth |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{one}

## Many members in one request

Each request is sent once, to a function with a limit of 10 seconds. "Repeats" is the number of times that a client must
send the request again. If a change takes longer than the limit, it is answered when the time is up. It is decided by
then, and the next request on the group finishes it ([decision 041](../decisions/041-groups-in-the-table.md)). Here this
is the request that counts the members. The calls and units are those until the answer. DynamoDB Local runs one
transaction after the other, whatever the number of threads.

| request | members | calls | read units | write units | seconds | repeats | scim2-server, s |
| --- | --- | --- | --- | --- | --- | --- | --- |
{many}

## Reading

| request | members | calls | read units | p50 / worst, ms | scim2-server, ms |
| --- | --- | --- | --- | --- | --- |
{reads}

scim2-server does not store the groups of a user, so it finds no users of a group.

## A user who is deleted

{removals}

## {threads} threads

Each thread adds ten members to the same group, with one member in each request.

{crowds}

All figures: [groups.json](groups.json).
"""
_ONE: Final = ("add one member", "remove one member")
_MANY: Final = ("add to an empty group", "replace by half of them", "remove the other half")


def rows_of(measured: Measured) -> list[Row]:
    """A row for each request and number of members, in the order in which they were measured."""
    at = list(dict.fromkeys((name, size) for name, size, _ in measured.samples))
    smallest = {name: min(size for other, size in at if other == name) for name, _ in at}
    rows: list[Row] = []
    for name, size in at:
        own, peer = (measured.samples[name, size, subject] for subject in ("Rollcall", "scim2-server"))
        base, base_of_peer = (
            measured.samples[name, smallest[name], subject] for subject in ("Rollcall", "scim2-server")
        )
        row: Row = [name, size, own.cost.calls, own.cost.read_units, own.cost.write_units]
        row += [round(each, 2) for each in (own.p50, own.worst, own.p50 / base.p50)]
        row += [own.repeats, *(round(each, 2) for each in (peer.p50, peer.worst, peer.p50 / base_of_peer.p50))]
        rows.append(row)
    return rows


def markdown(rows: Sequence[Row], removals: Mapping[str, Removal], crowds: Mapping[str, Crowd], rounds: int) -> str:
    """The page of docs."""
    cells = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    one = [
        [*_start(row), _times(row), row["growth"], _times(row, "scim2-server "), row[COLUMNS[-1]]]
        for row in cells
        if row["request"] in _ONE
    ]
    many = [
        [*_start(row), _seconds(row["p50, ms"]), row["repeats"], _seconds(row["scim2-server p50, ms"])]
        for row in cells
        if row["request"] in _MANY
    ]
    reads = [
        [*_start(row)[:4], _times(row), _times(row, "scim2-server ")]
        for row in cells
        if row["request"] not in (*_ONE, *_MANY, "delete a user of many groups")
    ]
    return _PAGE.format(
        machine=f"CPython {platform.python_version()} on {platform.machine()}",
        date=datetime.now(UTC).date(),
        rounds=rounds,
        one=_lines(one),
        many=_lines(many),
        reads=_lines(reads),
        removals="\n".join(f"- {_removal(name, each)}" for name, each in removals.items()),
        threads=crowds["Rollcall"].threads,
        crowds="\n".join(f"- {_crowd(name, each)}" for name, each in crowds.items()),
    )


def _removal(name: str, of: Removal) -> str:
    kept = f"{of.still_listed:,} groups still name the user" if of.still_listed else "no group names the user"
    left = (
        f", {of.left_to_the_publisher:,} memberships of which the publisher ended" if of.left_to_the_publisher else ""
    )
    return f"{name}: a user of {of.groups:,} groups; after {of.seconds:.2f} seconds{left}, {kept}."


def _crowd(name: str, of: Crowd) -> str:
    lost = f"{of.missing} members lost" if of.missing else "none lost"
    calls = f", {of.calls / of.requests:.1f} calls a request" if of.calls else ""
    return (
        f"{name}: {of.requests} requests in {of.seconds:.2f} seconds, {of.a_second:.0f} a second{calls}; "
        f"{of.repeats} refused and sent again; {lost}."
    )


def _start(row: Mapping[str, object]) -> list[object]:
    return [row[name] if isinstance(row[name], str) else f"{row[name]:,g}" for name in COLUMNS[:5]]


def _times(row: Mapping[str, object], of: str = "") -> str:
    return f"{row[f'{of}p50, ms']:.1f} / {row[f'{of}worst, ms']:.1f}"


def _seconds(milliseconds: object) -> str:
    return f"{float(str(milliseconds)) / 1000:.2f}"


def _lines(rows: Sequence[Sequence[object]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
