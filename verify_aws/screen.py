"""What a run shows on the terminal: the plan, the question, each step, the end."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from verify_aws.cleaning import Removed
from verify_aws.estimate import Estimate
from verify_aws.evidence import Outcome
from verify_aws.identity import PREFIX
from verify_aws.plan import Step
from verify_aws.remains import Kind
from verify_aws.runs import Found

CLEAN_UP = "make verify-aws CLEAN=1"


@dataclass
class Screen:
    """Writes to a console. What is running is shown on a terminal only."""

    console: Console
    count: int = 0
    _number: int = 0
    _running: Progress | None = field(default=None, init=False)

    def say(self, line: str) -> None:
        """Write a line."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def began(self, step: Step) -> None:
        """Show the step that runs."""
        self._number += 1
        line = f"{self._number}/{self.count} {step.title}, about {_minutes(step.minutes)} ..."
        if self.console.is_terminal:
            columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
            self._running = Progress(*columns, console=self.console, transient=True)
            self._running.add_task(line, total=None)
            self._running.start()
        else:
            self.say(line)

    def ended(self, outcome: Outcome) -> None:
        """Show the verdict on a step."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        why = f": {outcome.why}" if outcome.why else ""
        self.say(f"  {outcome.verdict:12}{outcome.title} ({outcome.seconds:.0f} s){why}")


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= 1 else f"{minutes * 60:.0f} s"


def plan_lines(
    facts: Sequence[tuple[str, str]], steps: Sequence[Step], cost: Estimate, earlier: Sequence[Found]
) -> list[str]:
    """The plan on one screen."""
    return [
        "Deploy Rollcall to this AWS account as a separate stack, use and measure it, then delete it.",
        "",
        *(f"  {name:16}{value}" for name, value in facts),
        "",
        *(f"  {number}. {step.title}" for number, step in enumerate(steps, 1)),
        f"  {len(steps) + 1}. Delete stack, table, secrets, logs and bucket, even if a step fails or you press Ctrl-C",
        "",
        f"  About {cost.minutes:.0f} minutes and ${cost.dollars:.2f}; estimated from list prices, not measured:",
        *(f"    {name:24}${dollars:.3f}" for name, dollars in cost.parts.items()),
        *(
            f"  Before that, the remaining resources of {one.run.name} are deleted; that run was killed."
            for one in earlier
        ),
        "",
    ]


def dry_lines(steps: Sequence[Step], of_run: Sequence[Kind], cost: Estimate) -> list[str]:
    """Each step with its commands and calls."""
    lines = [
        f"A run named {PREFIX}RANDOM, about {cost.minutes:.0f} minutes and ${cost.dollars:.2f} (estimated).",
        "This is a dry run: nothing is run.",
    ]
    for number, step in enumerate(steps, 1):
        lines += ["", f"{number}. {step.title} (about {_minutes(step.minutes)})"]
        lines += [f"   $ {shlex.join(command)}" for command in step.commands]
        if step.calls:
            lines += [f"   calls {', '.join(step.calls)}"]
        if step.requests:
            lines += [f"   sends {step.requests}"]
    lines += ["", f"{len(steps) + 1}. Delete everything, even after a failure"]
    lines += [f"   {kind.title}: calls {', '.join(kind.calls)}" for kind in of_run]
    lines += ["", f"{len(steps) + 2}. Write docs/evidence/aws-DATE.md and .json"]
    return lines


def end_lines(removed: Removed) -> list[str]:
    """What is left to do by hand."""
    if removed.complete:
        return ["Everything that the run created is deleted."]
    lines = ["NOT EVERYTHING IS DELETED. The remaining resources may cost money:"]
    lines += [f"  {left.kind} {left.name}: {left.why}" for left in removed.left]
    lines += [f"  not checked: {why}" for why in removed.unseen]
    lines += [f"Try again: {CLEAN_UP}", *(["Or by hand, in this order:"] if removed.left else [])]
    return lines + [f"  {left.command}" for left in removed.left]
