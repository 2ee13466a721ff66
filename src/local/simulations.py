"""Simulations of identity providers that the page starts: one at a time, in its own thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from threading import Event, Lock, Thread
from typing import Any, Final, Literal

from domain.documents import Json
from operations.simulation import Backstage, Exchange, Outcome, Progress, Refused, simulate

State = Literal["idle", "running", "ended", "refused"]
_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to play, for which account."""

    account: str
    profile: str
    scenario: str
    users: int
    clean_up: bool = False


@dataclass(frozen=True, slots=True)
class _Now:
    """How far the simulation is; `problem` is why it was refused or failed."""

    state: State = "idle"
    wanted: Wanted | None = None
    progress: Progress | None = None
    requests: int = 0
    outcome: Outcome | None = None
    problem: str | None = None


class Busy(Exception):
    """A simulation runs already."""


@dataclass
class Simulations:
    """Starts and ends simulations against a base URL.

    `key_of` returns the key of an account, `backstage_of` what imports and removes users past its identity provider.
    """

    base_url: Callable[[], str]
    key_of: Callable[[str], str]
    backstage_of: Callable[[str], Backstage]
    _now: _Now = _Now()
    _lock: Lock = field(default_factory=Lock)
    _interrupted: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self, wanted: Wanted) -> None:
        """Begin; raises `Busy`, and what `key_of` raises."""
        key = self.key_of(wanted.account)
        with self._lock:
            if self._now.state == "running":
                raise Busy
            self._now = _Now("running", wanted)
            self._interrupted = Event()
            self._thread = Thread(target=self._run, args=(wanted, key), name="simulation", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Have the simulation end after the requests that are under way."""
        self._interrupted.set()

    def stop(self) -> None:
        """End with the server."""
        self.cancel()
        self.wait(_STOP_SECONDS)

    def wait(self, seconds: float) -> None:
        """Return when the simulation has ended, or after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)

    def as_json(self) -> Json:
        """How far it is, for the page."""
        now = self._now
        return {
            "state": now.state,
            "wanted": None if now.wanted is None else asdict(now.wanted),
            "progress": None if now.progress is None else asdict(now.progress),
            "requests": now.requests,
            "outcome": None if now.outcome is None else _outcome(now.outcome),
            "problem": now.problem,
        }

    def _run(self, wanted: Wanted, key: str) -> None:
        try:
            outcome = simulate(
                self.base_url(),
                key,
                wanted.profile,
                wanted.scenario,
                wanted.users,
                report=self._report,
                clean_up=wanted.clean_up,
                into_existing=True,
                backstage=self.backstage_of(wanted.account),
                interrupted=self._interrupted,
            )
        except Refused as refusal:
            self._set(state="refused", problem=str(refusal))
        except Exception as error:  # the page says so, and another simulation can be started
            self._set(state="refused", problem=f"The simulation failed: {type(error).__name__}.")
        else:
            self._set(state="ended", outcome=outcome)

    def _report(self, event: Progress | Exchange) -> None:
        if isinstance(event, Progress):
            self._set(progress=event)
        else:
            with self._lock:
                self._now = replace(self._now, requests=self._now.requests + 1)

    def _set(self, **changes: Any) -> None:
        with self._lock:
            self._now = replace(self._now, **changes)


def _outcome(outcome: Outcome) -> Json:
    steps = [asdict(step) | {"ok": step.ok} for step in outcome.steps]
    return asdict(outcome) | {"steps": steps, "ok": outcome.ok}
