"""`rollcall events`: what to do about lifecycle events that could not be published."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Final

import typer

from cli.invocation import invocation_of
from cli.root import UsageError
from cli.wording import counted
from operations.dead_letters import DeadLetters, LetterOutcome

app: Final = typer.Typer(no_args_is_help=True, help="Lifecycle events that could not be published.")

_REFUSED: Final = {
    LetterOutcome.MALFORMED: "is no dead letter of the publisher. Find out who may send to the queue, then delete it.",
    LetterOutcome.FOREIGN: "names the stream of another table. Nothing was read. Find out who may send to the queue, "
    "then delete it.",
}


@app.callback()
def events() -> None:
    """Lifecycle events that could not be published."""


@app.command()
def redrive(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, help="The most dead letters to take up.")] = 100,
) -> None:
    """Publish again what is in the publisher's dead-letter queue, as long as the table's stream has it (24 hours).

    Events that were published before come again, with the same idempotency id. A letter that is malformed or names the
    stream of another table is refused. Exit code 1 when something was refused or could still not be published; it stays
    in the queue.
    """
    invocation = invocation_of(context)
    if invocation.local:
        raise UsageError("the local server publishes no events: leave out --local")
    redriven = list(DeadLetters.of(invocation.deployment.session, invocation.stack_name).redrive(most))
    outcomes = Counter(one.outcome for one in redriven)
    published = sum(one.published for one in redriven)
    lines = [f"{counted(len(redriven), 'dead letter')}, {counted(published, 'record')} published."]
    if outcomes[LetterOutcome.EXPIRED]:
        lines.append(f"{outcomes[LetterOutcome.EXPIRED]} too old: the stream no longer has their records.")
    for one in redriven:
        lines += [f"Not published: the record {number}; the publisher's log says why." for number in one.unpublished]
    lines += [f"Refused: the message {one.message_id} {_REFUSED[one.outcome]}" for one in redriven if one.message_id]
    invocation.answer([asdict(one) for one in redriven], *lines)
    if outcomes[LetterOutcome.FAILED] or any(outcomes[refused] for refused in _REFUSED):
        raise typer.Exit(1)
