"""The answer of `rollcall simulate`."""

from __future__ import annotations

from typing import Any, Self

from operations.answers.base import Answer
from operations.simulation import Outcome


class SimulatedStep(Answer):
    """A request of a scenario, and how often it was sent."""

    scenario: str
    name: str
    """As in the recorded requests, such as activation.02-create-test-user."""
    request: str
    """Method and path; empty if nothing was sent."""
    expected: str
    status: str
    """The status of the answer; "-" if there was none."""
    sent: int
    failed: int
    reason: str
    """Why it failed; empty if it did not."""
    remedy: str


class SimulatedDifference(Answer):
    """A difference between the endpoint and the simulated directory."""

    resource: str
    """The userName of a user, or the displayName of a group."""
    attribute: str
    expected: Any
    found: Any


class Simulated(Answer):
    """`rollcall simulate`."""

    ok: bool
    profile: str
    scenarios: list[str]
    run: str
    seed: int
    base_url: str
    requests: int
    seconds: float
    users: int | None
    """How many users of the run were compared; null if none were."""
    groups: int | None
    """Null also if groups are off."""
    steps: list[SimulatedStep]
    differences: list[SimulatedDifference]
    notes: list[str]
    cleaned: bool
    """True if everything that the run created was deleted."""
    interrupted: bool

    @classmethod
    def of(cls, outcome: Outcome, base_url: str) -> Self:
        """The answer for the outcome of a simulation of that endpoint."""
        return cls(
            ok=outcome.ok,
            profile=outcome.profile,
            scenarios=list(outcome.scenarios),
            run=outcome.run,
            seed=outcome.seed,
            base_url=base_url,
            requests=outcome.requests,
            seconds=outcome.seconds,
            users=outcome.users,
            groups=outcome.groups,
            steps=[SimulatedStep.model_validate(step) for step in outcome.steps],
            differences=[SimulatedDifference.model_validate(each) for each in outcome.differences],
            notes=list(outcome.notes),
            cleaned=outcome.cleaned,
            interrupted=outcome.interrupted,
        )
