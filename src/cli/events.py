"""`rollcall events`: publish life-cycle events again."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

import typer

from cli import events_replay
from cli.invocation import Invocation, invocation_of
from cli.wording import counted
from operations.answers.records import RedrivenLetters, RequeuedEvents
from operations.dead_letters import DeadLetters, LetterOutcome
from operations.local_events import deliver_again

app: Final = typer.Typer(no_args_is_help=True, help="Publish life-cycle events again.")

app.command()(events_replay.replay)

_REFUSED: Final = {
    LetterOutcome.MALFORMED: "is no dead letter of the publisher. Find out who can send to the queue, then delete it.",
    LetterOutcome.FOREIGN: "names the stream of another table. Nothing was read. Find out who may send to the queue, "
    "then delete it.",
}


@app.callback()
def events() -> None:
    """Publish life-cycle events again."""


@app.command()
def redrive(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="Process at most this many dead letters.")] = 100,
) -> None:
    """Publish the records of the publisher's dead-letter queue again, while the table's stream has them (24 hours).

    Events that were published before are sent again, with the same idempotency id. Malformed dead letters and those of
    another table's stream are refused. Exits with 1 when a dead letter was refused or could not be published; it stays
    in the queue.

    With --local: send the events again that EVENTS_URL did not take; the local server keeps the last 500.
    """
    invocation = invocation_of(context)
    if invocation.local:
        _deliver_again(invocation)
        return
    redriven = list(DeadLetters.of(invocation.deployment.session, invocation.stack_name).redrive(limit))
    outcomes = Counter(one.outcome for one in redriven)
    published = sum(one.published for one in redriven)
    lines = [f"{counted(len(redriven), 'dead letter')}, {counted(published, 'record')} published."]
    if outcomes[LetterOutcome.EXPIRED]:
        lines.append(f"{outcomes[LetterOutcome.EXPIRED]} too old: the stream no longer has their records.")
    for one in redriven:
        lines += [f"Not published: the record {number}; the publisher's log says why." for number in one.unpublished]
    lines += [f"Refused: the message {one.message_id} {_REFUSED[one.outcome]}" for one in redriven if one.message_id]
    invocation.answer(RedrivenLetters.of(redriven), *lines)
    if outcomes[LetterOutcome.FAILED] or any(outcomes[refused] for refused in _REFUSED):
        raise typer.Exit(1)


def _deliver_again(invocation: Invocation) -> None:
    done = deliver_again(invocation.deployment)
    if done.url is None:
        line = "The local server has no EVENTS_URL, so no event failed."
    elif done.queued:
        line = f"{counted(done.queued, 'event')} sent to {done.url} again."
    else:
        line = f"Every event was delivered to {done.url}, or still waits for its turn."
    invocation.answer(RequeuedEvents.model_validate(done), line, f"See {done.page}")
