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

On DynamoDB Local, Amazon's own engine, in memory; {machine}, {date}. A figure is of a whole
handler: key check, decoding, validation, DynamoDB, encoding, log line and metrics. Calls and capacity units are counted
at the client of DynamoDB, two write units for each action of a transaction, as AWS bills them. Times are the engine's
and this machine's (two shared cores), for comparison only. {rounds} rounds, in each of which every request is sent once
at each size.

scim2-server (PyPI, 0.8) is asked the same in the same run. It keeps everything in this process's memory: it has no
store, does not check who is a user, and loses everything when the process ends. "Growth" is the median, divided by that
of the smallest group.

## One member

| request | members | calls | read units | write units | p50 / worst, ms | growth | scim2-server, ms | growth |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{one}

## Many members in one request

Each once, in a function that has 10 seconds. Repeats: how often a client has to send the request again. A change that
takes longer is answered as soon as the time is up: it is decided by then, and the next request on the group finishes it
([decision 041](../decisions/041-groups-in-the-table.md)), here the one that counts the members. Its calls and units are
those until the answer. DynamoDB Local does one transaction after the other, whatever the number of threads.

| request | members | calls | read units | write units | seconds | repeats | scim2-server, s |
| --- | --- | --- | --- | --- | --- | --- | --- |
{many}

## Reading

| request | members | calls | read units | p50 / worst, ms | scim2-server, ms |
| --- | --- | --- | --- | --- | --- |
{reads}

scim2-server does not know the groups of a user: it finds no user of a group.

## A user who is deleted

{removals}

## {threads} threads

Each adds ten members to the same group, one member in a request.

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
