"""`rollcall events replay`: publish the current state of an account's users and groups again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.clock import instant, text_of
from adapters.dynamodb.items import KEPT_WHEN_GONE
from cli.arguments import Account
from cli.duration import parse_moment
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.wording import counted
from domain.errors import ScimError
from operations.answers.records import ReplayedEvents
from operations.deployment import DeploymentError
from operations.replay.places import Place, PlaceKind, place_of
from operations.replay.publishers import publisher_of
from operations.replay.reading import PresentState
from operations.replay.running import DEFAULT_RATE, MOST_RATE, Reached, Replay, ReplayStopped

Rate = Annotated[int, typer.Option(min=1, max=MOST_RATE, help="Publish at most this many events a second.")]
SECONDS: Final = 24 * 3600.0
INTERRUPTED: Final = "Interrupted."
SHOWN: Final = 20
"""Users and groups that are named; the JSON answer has all."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for."""

    account: str
    since: datetime | None
    after: Place | None
    dry_run: bool


def replay(
    context: typer.Context,
    *,
    account: Account,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME|AGO",
            help="Publish changes and deletions since then: 2030-01-31, 2030-01-31T08:30:00Z, 12h, 7d.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Publish all users and groups, and the deletions of the last 30 days.")
    ] = False,
    rate: Rate = DEFAULT_RATE,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Continue after the place that an earlier run printed: Users/ID or Groups/ID."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the events and publish nothing.")] = False,
) -> None:
    """Publish the current state of users and groups, for an application that is new or missed events.

    The events have `replay` = true and the same ids each time. Give --all or --since. The command reads the account
    once; identity providers can keep sending requests. If it stops early, it prints how to continue; starting again
    from the beginning does no harm. Exits with 1 if it stopped early, an item of the table is damaged, or the bus
    refused an event.
    """
    invocation = invocation_of(context)
    if (since is None) is not everything:
        raise UsageError("Give either --all or --since TIME.")
    place = None if after is None else place_of(after)
    if after is not None and place is None:
        raise UsageError("--after takes a place that an earlier run printed: Users/ID or Groups/ID.")
    moment = None if since is None else parse_moment(since, "--since", instant())
    asked = _Asked(account, moment, place, dry_run)
    invocation.deployment.require_account(account, SECONDS)
    work = Replay(None if dry_run else publisher_of(invocation.deployment, invocation.stack_name), rate)
    if moment is not None and moment < instant() - timedelta(seconds=KEPT_WHEN_GONE):
        invocation.note(
            "The table keeps deletions for 30 days: no event is published for users and groups deleted earlier."
        )
    stopped = _run(invocation, asked, work)
    _answer(invocation, asked, work.reached, stopped)
    if stopped or work.reached.unreadable or work.reached.refused:
        raise typer.Exit(130 if stopped == INTERRUPTED else 1)


def _run(invocation: Invocation, asked: _Asked, work: Replay) -> str:
    directory = invocation.deployment.account(asked.account, SECONDS)
    shown = invocation.errors.is_terminal and asked.after is None
    total = directory.users.total() + directory.groups.total() if shown else None
    return run_replay(invocation, work.run(PresentState(directory.items, asked.since).after(asked.after)), total)


def run_replay(invocation: Invocation, steps: Iterator[Reached], total: int | None = None) -> str:
    """Replay with a progress bar on a terminal; return why it stopped early, "" if it did not.

    `total` is the number of users and groups to be read, if it is known.
    """
    shown = invocation.errors.is_terminal and not invocation.as_json
    bar = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=invocation.errors, transient=True, disable=not shown) as progress:
        task = progress.add_task("Replaying", total=total)
        try:
            for reached in steps:
                done = f"Replaying: {counted(reached.published.total(), 'event')}"
                progress.update(task, completed=reached.read, description=done)
        except ReplayStopped as problem:
            return str(problem)
        except (ScimError, DeploymentError) as problem:
            return problem.detail if isinstance(problem, ScimError) else str(problem)
        except KeyboardInterrupt:
            return INTERRUPTED
    return ""


def note_unpublished(invocation: Invocation, reached: Reached) -> None:
    """Name what was passed over, and what to do."""
    if reached.unreadable:
        shown = ", ".join(reached.unreadable[:SHOWN])
        invocation.note(f"Not published, because their items are damaged: {shown}. See: rollcall table check")
    if reached.refused:
        shown = ", ".join(str(one) for one in reached.refused[:SHOWN])
        more = len(reached.refused) - SHOWN
        rest = f" and {more} more" if more > 0 else ""
        invocation.note(
            f"Not published, because the bus refuses an event: {shown}{rest}. Everything else was published. The "
            "publisher's log has the cause; have the application read these from the table."
        )


def _answer(invocation: Invocation, asked: _Asked, reached: Reached, stopped: str) -> None:
    place = (reached.place or asked.after) if stopped else None
    since = None if asked.since is None else text_of(asked.since.timestamp())
    users, groups, removed = (reached.counts[kind] for kind in PlaceKind)
    changed = "" if since is None else f" since {since}"
    would_be = "would be " if asked.dry_run else ""
    invocation.answer(
        ReplayedEvents(
            result="stopped" if stopped else "counted" if asked.dry_run else "replayed",
            account=asked.account,
            since=since,
            users=users,
            groups=groups,
            removed=removed,
            events=dict(sorted(reached.published.items())),
            unreadable=reached.unreadable,
            refused=[f"{one.place} ({one.code})" for one in reached.refused],
            stopped=stopped or None,
            after=None if place is None else str(place),
        ),
        f"{counted(users, 'user')}, {counted(groups, 'group')} and {counted(removed, 'deletion')} of "
        f"{asked.account}{changed}: {counted(reached.published.total(), 'event')} {would_be}published.",
    )
    note_unpublished(invocation, reached)
    if stopped:
        which = "--all" if since is None else f"--since {since}"
        rest = "" if place is None else f" --after {place}"
        again = f"rollcall events replay --account {asked.account} {which}{rest}"
        invocation.note(f"rollcall: {stopped} To continue: {again}")
