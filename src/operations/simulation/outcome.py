"""What a simulation reports while it runs, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long part of a scenario is; `label` is its text, such as "Creating users"."""

    scenario: str
    label: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. The Connector Key is in none of the texts. `status` is None without an answer."""

    scenario: str
    step: str
    method: str
    target: str
    body: Any
    status: int | None
    answer: str


Report = Callable[[Progress | Exchange], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A request of a scenario, sent `sent` times; reason and remedy are those of the first that failed.

    `status` has each status that was answered, `expected` those that should be; both and `request` are "" for what was
    not sent. `reason` and `remedy` are "" for a step that is right.
    """

    scenario: str
    name: str
    request: str
    expected: str
    status: str
    sent: int = 1
    failed: int = 0
    reason: str = ""
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """True if every request was answered as it should be."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute that the endpoint keeps in another way than the simulated directory; None: it has none."""

    resource: str
    attribute: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, step by step, and whether the endpoint's users and groups are those of the simulated directory.

    `users` and `groups` are how many of the run were compared; None if there was no comparison, as after an interrupt.
    """

    profile: str
    scenarios: tuple[str, ...]
    run: str
    seed: int
    steps: tuple[Step, ...]
    differences: tuple[Difference, ...]
    users: int | None
    groups: int | None
    requests: int
    seconds: float
    cleaned: bool = False
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True if every step was right and nothing differs."""
        return (
            bool(self.steps) and all(step.ok for step in self.steps) and not self.differences and not self.interrupted
        )


@dataclass
class Ledger:
    """Collects the steps; requests of one step are one line. May be used by several threads."""

    steps: dict[tuple[str, str, str], Step] = field(default_factory=dict)
    requests: int = 0
    _failed_in_a_row: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, step: Step) -> int:
        """Add one request; return how many of this step have failed in a row."""
        key = (step.scenario, step.name, step.request)
        with self._lock:
            self.requests += step.sent
            in_a_row = self._failed_in_a_row[key] = 0 if step.ok else self._failed_in_a_row.get(key, 0) + 1
            known = self.steps.get(key)
            if known is None:
                self.steps[key] = step
            else:
                kept = known if known.failed or not step.failed else step
                seen = known.status.split(", ")
                self.steps[key] = replace(
                    kept,
                    status=known.status if step.status in seen else ", ".join([*seen, step.status]),
                    sent=known.sent + step.sent,
                    failed=known.failed + step.failed,
                )
            return in_a_row
