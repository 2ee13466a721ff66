"""`rollcall events`: publish life-cycle events again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Final

import typer

from adapters.clock import text_of
from cli import events_replay
from cli.events_replay import INTERRUPTED, SECONDS, Rate, note_unpublished, run_replay
from cli.invocation import Invocation, invocation_of
from cli.wording import counted
from operations.answers.records import RedrivenLetters, RequeuedEvents
from operations.dead_letters import DeadLetters, LetterOutcome, Redriven
from operations.local_events import deliver_again
from operations.replay.expired import EveryAccount, replay_expired
from operations.replay.reading import Found
from operations.replay.running import DEFAULT_RATE, Replay

app: Final = typer.Typer(no_args_is_help=True, help="Publish life-cycle events again.")

app.command()(events_replay.replay)

_REFUSED: Final = {
    LetterOutcome.MALFORMED: (
        "is not a dead letter of the publisher. Find out who can send to the queue, then delete the message."
    ),
    LetterOutcome.FOREIGN: (
        "names the stream of another table, which was not read. Find out who can send to the queue, then delete the "
        "message."
    ),
}
_UNBELIEVED: Final = (
    "has a time that cannot be right: it is in the future, or before the queue's retention period. The replay "
    "started at the earliest possible time. Find out who can send to the queue."
)


@app.callback()
def events() -> None:
    """Publish life-cycle events again."""


@app.command()
def redrive(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="Process at most this many dead letters.")] = 100,
    rate: Rate = DEFAULT_RATE,
) -> None:
    """Publish the changes in the publisher's dead-letter queue again.

    The table's stream keeps its records for 24 hours. For older dead letters, the command publishes the current state
    of every user and group that has changed since, in all accounts. Events that were already published are sent again
    with the same idempotency id. Dead letters that are malformed or belong to another table's stream are refused. If
    the bus refuses an event, the others are still published. Exits with 1 if a dead letter was refused or could not be
    published; it stays in the queue.

    With --local, events that EVENTS_URL did not accept are sent again; the local server keeps the last 500.
    """
    invocation = invocation_of(context)
    if invocation.local:
        _deliver_again(invocation)
        return
    letters = DeadLetters.of(invocation.deployment.session, invocation.stack_name)
    redriven = list(letters.redrive(limit))
    work, stopped = None, ""
    if letters.expired:
        work = Replay(letters.publisher, rate)
        stopped = run_replay(invocation, replay_expired(letters, partial(_changed, invocation), work))
        if not letters.expired:
            replayed = LetterOutcome.REPLAYED
            redriven = [
                replace(one, outcome=replayed) if one.outcome is LetterOutcome.EXPIRED else one for one in redriven
            ]
    invocation.answer(RedrivenLetters.of(redriven), *_said(redriven, work))
    if work is not None:
        note_unpublished(invocation, work.reached)
    if letters.expired:
        invocation.note(
            f"{stopped} The old dead letters stay in the queue. To continue: rollcall events redrive".strip()
        )
    outcomes = {one.outcome for one in redriven}
    if outcomes - {LetterOutcome.PUBLISHED, LetterOutcome.REPLAYED}:
        raise typer.Exit(130 if stopped == INTERRUPTED else 1)


def _changed(invocation: Invocation, since: datetime) -> Iterator[Found]:
    return EveryAccount(lambda account: invocation.deployment.account(account, SECONDS).items, since).found()


def _said(redriven: Sequence[Redriven], work: Replay | None) -> Iterator[str]:
    """What happened, for a person."""
    published = sum(one.published for one in redriven)
    yield f"{counted(len(redriven), 'dead letter')}, {counted(published, 'record')} published."
    old = [one for one in redriven if one.since is not None]
    if work is not None and old:
        since = text_of(min(one.since for one in old if one.since is not None).timestamp())
        events = counted(work.reached.published.total(), "event")
        yield f"{len(old)} too old for the stream: {events} of changes since {since} published from the table."
    for one in redriven:
        yield from (f"Not published: the record {number}; the publisher's log shows why." for number in one.unpublished)
    for one in redriven:
        if one.message_id and one.outcome in _REFUSED:
            yield f"Refused: the message {one.message_id} {_REFUSED[one.outcome]}"
        elif one.message_id:
            yield f"Wrong time: the message {one.message_id} {_UNBELIEVED}"


def _deliver_again(invocation: Invocation) -> None:
    done = deliver_again(invocation.deployment)
    if done.url is None:
        line = "The local server has no EVENTS_URL, so no event failed."
    elif done.queued:
        line = f"The local server now sends {counted(done.queued, 'event')} to {done.url} again."
    else:
        line = f"Every event was delivered to {done.url}, or is waiting to be sent."
    invocation.answer(RequeuedEvents.model_validate(done), line, f"To see whether they arrive: {done.page}")
