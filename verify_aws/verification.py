"""A run: its steps one after the other, and the clean-up at the end, whatever happens before."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from verify_aws.cleaning import Removed, clean_up
from verify_aws.evidence import CleanUp, Evidence, Outcome
from verify_aws.plan import Stage, Step
from verify_aws.remains import Kind
from verify_aws.shell import StepFailed

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass
class Interrupts:
    """Signals that end the steps. During the clean-up the first one only warns, and the second ends it."""

    say: Say
    cleaning: bool = False
    warned: bool = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle them within the block."""
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.cleaning and not self.warned:
            self.warned = True
            self.say("Deleting the resources of this run. Press Ctrl-C again to leave the rest in the AWS account.")
            return
        # Set here, so that a second signal cannot come between the first one and the clean-up.
        self.cleaning = True
        raise KeyboardInterrupt


@dataclass
class Verification:
    """The steps of a run on a stage, and the kinds of resources to remove afterwards."""

    stage: Stage
    steps: Sequence[Step]
    of_run: list[Kind]
    facts: Mapping[str, Any]
    say: Say = lambda line: None
    pause: Callable[[float], None] = time.sleep
    began: Callable[[Step], None] = lambda step: None
    ended: Callable[[Outcome], None] = lambda outcome: None
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self) -> tuple[Evidence, Removed]:
        """Run all steps and clean up; return the results, and what is left in AWS."""
        interrupts = Interrupts(self.say)
        with interrupts.handled():
            try:
                self._run_steps()
            except KeyboardInterrupt:
                self.say("Interrupted.")
            finally:
                interrupts.cleaning = True
                started = time.monotonic()
                removed = clean_up(self.of_run, self.say, self.pause)
        cleaned = CleanUp(
            "passed" if removed.complete else "failed",
            time.monotonic() - started,
            removed.counts,
            [left.command for left in removed.left],
            [*removed.unseen, *(f"{left.kind} {left.name}: {left.why}" for left in removed.left)],
        )
        return Evidence(self.stage.run.started, self.facts, self.outcomes, cleaned), removed

    def _run_steps(self) -> None:
        waiting = list(self.steps)
        try:
            while waiting:
                step = waiting.pop(0)
                outcome = self._outcome(step)
                self._note(outcome)
                if outcome.verdict != "passed" and step.needed:
                    break
        finally:
            for step in waiting:
                self._note(Outcome(step.name, step.title, "not run"))

    def _note(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.ended(outcome)

    def _outcome(self, step: Step) -> Outcome:
        """Run a step; whatever fails in it is in the outcome."""
        self.began(step)
        started = time.monotonic()

        def outcome(verdict: Any, why: str = "", figures: Mapping[str, Any] | None = None) -> Outcome:
            return Outcome(step.name, step.title, verdict, time.monotonic() - started, why, figures or {})

        try:
            return outcome("passed", figures=step.work(self.stage, step))
        except StepFailed as failure:
            return outcome("failed", str(failure), failure.figures)
        except KeyboardInterrupt:
            self._note(outcome("interrupted"))
            raise
        except Exception as error:
            return outcome("failed", f"{type(error).__name__}: {error}")
