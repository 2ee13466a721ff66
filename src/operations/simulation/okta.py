"""Okta: look up with paging, POST, GET and PUT of the whole user; and the requests of its SPEC test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from operations.simulation.people import Person
from operations.simulation.play import NO_USER, Ended, Given, Play
from operations.simulation.pushed_groups import PushedGroups
from operations.simulation.scenarios import (
    GROUPS,
    JOINER,
    LEAVER,
    MOVER,
    STAFF,
    TEST_USER,
    Profile,
    leave_at_once,
    read_groups,
)
from operations.simulation.wire import Answer


def first_sync(play: Play) -> None:
    """The check of the credentials, all users, the import page by page."""
    tester = play.person(TEST_USER)
    if play.send("setup.01-test-credentials-users", tester).status != 200:
        raise Ended("Test Connector Configuration failed, so Okta does not save")
    play.send("spec.09-bad-authorization", tester)
    play.each(play.people(STAFF, play.users), lambda who: _provision(play, who), "Creating users")
    play.send("import.01-page1", tester)
    play.send("import.02-page2", tester)


def joiner(play: Play) -> None:
    """A new user, and the SPEC test that Okta asks a service to pass."""
    pia, runner = play.people(JOINER, 2)
    _provision(play, pia)
    play.send("spec.01-users-count-1", pia)
    play.send("spec.02-user-by-id", pia)
    play.send("spec.03-invalid-userName", runner, finds=NO_USER)
    play.send("spec.04-unknown-id", runner)
    play.send("spec.10-unknown-id-status", runner)
    play.send("spec.05-create", runner)
    play.send("spec.06-create-again", runner)
    play.send("spec.07-userName-upper-case", runner, finds=runner)


def mover(play: Play) -> None:
    """Read, then replaced whole with another name."""
    pia = play.person(MOVER)
    _provision(play, pia)
    play.send("update.01-read-first", pia)
    play.send("update.02-put-round-trip", pia)


def leaver(play: Play) -> None:
    """Deactivated and reactivated by PUT (app wizard) and by PATCH (catalog). Okta deletes no user."""
    pia = play.person(LEAVER)
    _provision(play, pia)
    play.send("update.01-read-first", pia)
    play.send("deactivate.01-put", pia)
    play.send("create.03-lookup-hit-inactive", pia, finds=pia)
    play.send("reactivate.01-put", pia)
    play.send("deactivate.02-patch", pia)
    play.send("reactivate.02-patch", pia)
    play.send("deactivate.02-patch", pia)


def groups(play: Play) -> None:
    """Push Groups and Import Groups: a group with members; 404 where groups are off."""
    who, another = play.people(GROUPS, 2)
    has_groups = read_groups(play, "setup.02-test-credentials-groups", who)
    play.send("spec.08-groups-optional", who, expect=(200,) if has_groups else (404,))
    if has_groups:
        _provision(play, who)
        _provision(play, another)
        PushedGroups(play).play_okta(who, another)


def mass_leave(play: Play) -> None:
    """The app is removed from half of the users at once."""

    def deactivate(who: Person, expect: Iterable[int]) -> Answer:
        play.send("update.01-read-first", who)
        return play.send("deactivate.01-put", who, expect=expect)

    leave_at_once(play, lambda who: _provision(play, who), deactivate)


PROFILE: Final = Profile(
    "okta",
    "Okta",
    workers=4,
    scenarios={
        "first-sync": first_sync,
        "joiner": joiner,
        "mover": mover,
        "leaver": leaver,
        "groups": groups,
        "mass-leave": mass_leave,
    },
)


def _provision(play: Play, who: Person) -> None:
    """Look up, then create; an existing user is read and replaced."""
    if play.adopt(who, play.send("create.01-lookup-miss", who)):
        play.send("update.01-read-first", who)
        play.send("reactivate.01-put", who)
        return
    if play.send("create.02-post", who).status != 201:
        raise Given(f"{who.address} was not created")
