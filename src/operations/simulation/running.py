"""Runs scenarios of an identity provider against an endpoint."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final, Protocol

from domain.documents import Json
from operations.simulation import entra, jumpcloud, okta
from operations.simulation.cleaning import clean
from operations.simulation.comparing import Unreadable, compare, stranger
from operations.simulation.outcome import Outcome, Progress, Report
from operations.simulation.play import Ended, Given, Play
from operations.simulation.scenarios import Profile
from operations.simulation.wire import MAX_USERS, Sleep, Wire

PROFILES: Final[dict[str, Profile]] = {
    profile.idp: profile for profile in (jumpcloud.PROFILE, entra.PROFILE, okta.PROFILE)
}
SCENARIOS: Final = ("first-sync", "joiner", "mover", "leaver", "groups", "mass-leave")
"""In the order in which all of them are played."""
ALL: Final = "all"
_LEAST_OF_A_CROWD: Final = 10
_SEE: Final = "See the steps before it."
_RUN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")


class Refused(Exception):
    """The simulation was not started, and nothing was sent that writes; the message says why and what to do."""


class InvalidSettings(Refused):
    """What was asked for is out of bounds."""


class Backstage(Protocol):
    """The operator's side of an endpoint's account, for what no identity provider can do."""

    def load(self, users: Sequence[Json]) -> None:
        """Import users who are not there yet, as `rollcall users import` does."""

    def remove(self, user_ids: Sequence[str]) -> None:
        """Remove these users, and end the pause that their leaving caused."""


def simulate(
    base_url: str,
    key: str,
    profile: str,
    scenario: str = ALL,
    users: int = 20,
    *,
    seed: int = 1,
    report: Report = lambda event: None,
    run: str | None = None,
    clean_up: bool = False,
    into_existing: bool = False,
    backstage: Backstage | None = None,
    interrupted: Event | None = None,
    seconds: float = 60.0,
    sleep: Sleep | None = None,
) -> Outcome:
    """Play a scenario, or all of them, of `jumpcloud`, `entra` or `okta`, and compare what the endpoint keeps.

    `base_url` and `key` are what an administrator pastes. `users` is how many are created by first-sync and by
    mass-leave. People are determined by `seed` and `run`: the same run again finds its users and continues. `report` is
    called, by several threads, with each request and with the progress. `clean_up` removes at the end what the run
    made. `interrupted`, once it is set, ends the simulation with an outcome. `seconds` is the time for one request.

    Raises `Refused` for an endpoint with users whom no simulation made, unless
    `into_existing`; `InvalidSettings` for what is out of bounds.
    """
    interrupted = interrupted or Event()
    chosen = _chosen(profile, scenario, users, run, backstage)
    play_of = PROFILES[profile]
    wire = Wire(base_url, key, seconds=seconds, sleep=sleep or interrupted.wait)
    play = Play(
        profile,
        wire,
        seed,
        run or f"r{secrets.token_hex(3)}",
        users,
        report,
        play_of.workers,
        interrupted,
        load=None if backstage is None else backstage.load,
    )
    try:
        return _run(play, play_of, chosen, backstage, clean_up=clean_up, into_existing=into_existing)
    finally:
        wire.close()


def _chosen(profile: str, scenario: str, users: int, run: str | None, backstage: Backstage | None) -> tuple[str, ...]:
    """The scenarios to play; raises `InvalidSettings`."""
    if profile not in PROFILES:
        raise InvalidSettings(
            f"{profile!r} is not an identity provider that can be simulated. Use {', '.join(PROFILES)}."
        )
    if scenario not in (*SCENARIOS, ALL):
        raise InvalidSettings(f"{scenario!r} is not a scenario. Use {', '.join((*SCENARIOS, ALL))}.")
    if not 1 <= users <= MAX_USERS:
        raise InvalidSettings(f"A simulation has 1 to {MAX_USERS:,} users, not {users:,}.")
    if run is not None and not _RUN.fullmatch(run):
        raise InvalidSettings(f"{run!r} is not a name of a run. Use up to 20 characters from a-z, 0-9 and '-'.")
    if scenario == "mass-leave" and users < _LEAST_OF_A_CROWD:
        raise InvalidSettings(f"A mass-leave needs at least {_LEAST_OF_A_CROWD} users.")
    if scenario != ALL:
        return (scenario,)
    # Users whom the identity provider has just created do not count as losses.
    shows_the_guard = backstage is not None and users >= _LEAST_OF_A_CROWD
    return SCENARIOS if shows_the_guard else SCENARIOS[:-1]


def _run(
    play: Play,
    profile: Profile,
    chosen: tuple[str, ...],
    backstage: Backstage | None,
    *,
    clean_up: bool,
    into_existing: bool,
) -> Outcome:
    began, compared, cleaned = time.monotonic(), None, False
    if not into_existing:
        _require_no_stranger(play)
    if SCENARIOS[-1] not in chosen and len(chosen) > 1:
        play.note("mass-leave was skipped: it needs --local or a stack, and at least 10 users.")
    try:
        for name in chosen:
            play.scenario = name
            _play_one(play, profile.scenarios[name])
        play.scenario = "check"
        compared = compare(play)
    except Ended as ended:
        _note_end(play, ended)
    except KeyboardInterrupt:
        play.is_interrupted.set()
    interrupted = play.is_interrupted.is_set()
    if clean_up:
        play.scenario = "clean"
        cleaned = clean(play, backstage)
    found, users, groups = compared or ([], None, None)
    return Outcome(
        profile.idp,
        chosen,
        play.run,
        play.seed,
        tuple(play.ledger.steps.values()),
        tuple(found),
        users,
        groups,
        play.ledger.requests,
        round(time.monotonic() - began, 1),
        cleaned,
        interrupted,
        tuple(play.notes),
    )


def _play_one(play: Play, scenario: Callable[[Play], None]) -> None:
    play.report(Progress(play.scenario, play.scenario, 0, 0))
    try:
        scenario(play)
    except Given as given:
        play.fail("rest of the scenario", f"was not run: {given}", _SEE)


def _note_end(play: Play, ended: Ended) -> None:
    if play.is_interrupted.is_set():
        return
    if isinstance(ended, Unreadable):
        play.fail("read everything", str(ended), _SEE)
    else:
        play.fail("rest of the simulation", f"was not run: {ended}", _SEE)


def _require_no_stranger(play: Play) -> None:
    try:
        found = stranger(play)
    except Unreadable:
        return  # the first step says why
    except KeyboardInterrupt:
        play.is_interrupted.set()
        return
    if found:
        raise Refused(
            "The endpoint has users that no simulation created. Use a test account; or add --into-existing, because "
            "a simulation changes only its own users."
        )
