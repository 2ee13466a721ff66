"""JumpCloud's Custom SCIM connector: look up, POST, PUT of the whole user; deactivation is a PUT, too."""

from __future__ import annotations

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

_VARIANTS = {
    3: "provision.02b-create-sparse",
    5: "provision.02c-create-userName-not-email",
    7: "provision.04-create-application-json",
}
"""How the users differ of whom an administrator mapped less, or something else; by the last digit of their place."""


def first_sync(play: Play) -> None:
    """Test Connection, Activate with a test user, all users, Activate with an address that is taken, import."""
    tester = play.person(TEST_USER)
    if play.send("test-connection.01-list", tester).status != 200:
        raise Ended("Test Connection failed, so JumpCloud does not activate")
    play.send("test-connection.02-list-with-count", tester)
    play.send("test-connection.03-bad-token", tester)
    play.send("activation.13-service-provider-config", tester)
    _activate(play, tester)
    staff = play.people(STAFF, play.users)
    play.each(staff, lambda who: _provision(play, who, _VARIANTS.get(who.number % 10)), "Creating users")
    _activate_with_a_taken_address(play, staff[0])
    for step in ("import.01-list-no-parameters", "import.02-list-paged", "import.03-list-second-page"):
        play.send(step, tester)
    play.send("import.04-list-unknown-parameter", tester)


def joiner(play: Play) -> None:
    """A new user, created once although JumpCloud repeats itself."""
    who = play.person(JOINER)
    _provision(play, who)
    play.send("activation.03-read-test-user", who)
    play.send("provision.03-create-repeat", who)
    play.send("provision.03b-create-case-variant", who)


def mover(play: Play) -> None:
    """Attributes, name and address change; an address that another user has is refused."""
    mara, ivo = play.people(MOVER, 2)
    _provision(play, mara)
    _provision(play, ivo)
    play.send("update.01-put-full", mara)
    play.send("update.05-put-with-meta-and-groups", mara)
    play.send("update.04-put-without-emails", mara)
    play.send("update.03-put-email-collision", mara, ivo=ivo)
    play.send("update.02-put-email-change", mara)
    play.send("update.06-put-unknown-id", play.person(MOVER + 9))


def leaver(play: Play) -> None:
    """Deactivated twice, found, reactivated, deleted; the address is free at once."""
    who = play.person(LEAVER)
    _provision(play, who)
    user_id = play.id_of(who)
    for step in ("deactivate.01-put-active-false", "deactivate.02-put-active-false-again"):
        play.send(step, who)
    play.send("reactivate.01-lookup-inactive-hit", who, finds=who)
    play.send("reactivate.02-put-active-true", who)
    play.send("delete.01", who)
    play.send("delete.02-again", who, values={"{id}": user_id})
    play.send("delete.03-lookup-after-delete", who, finds=NO_USER)


def groups(play: Play) -> None:
    """Group management on: a test group at activation, then a group with members; 404 where groups are off."""
    who = play.person(GROUPS)
    if not read_groups(play, "activation.09-groups-list", who):
        play.send("activation.10-groups-create", who)
        return
    _provision(play, who)
    another = play.person(GROUPS + 1)
    _provision(play, another)
    pushed = PushedGroups(play)
    pushed.play_jumpcloud(who, another)


def mass_leave(play: Play) -> None:
    """Half of the users leave the application's group at once."""
    leave_at_once(
        play,
        lambda who: _provision(play, who),
        lambda who, expect: play.send("deactivate.01-put-active-false", who, expect=expect),
    )


PROFILE = Profile(
    "jumpcloud",
    "JumpCloud",
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


def _activate(play: Play, who: Person) -> None:
    """A test user comes and is removed; a second time with the same address, for a service that deletes no user."""
    play.send("activation.01-lookup-miss", who, finds=NO_USER)
    play.send("activation.01b-lookup-miss-plus", who, finds=NO_USER)
    if play.send("activation.02-create-test-user", who).status != 201:
        raise Ended("The test user was not created, so JumpCloud does not activate")
    play.send("activation.03-read-test-user", who)
    play.send("activation.12-base-url-trailing-slash", who, finds=who)
    play.send("activation.04-update-test-user-null-emails", who)
    play.send("activation.05-delete-test-user", who)
    play.send("activation.06-repeat-create-same-email", who)
    play.send("activation.05b-no-delete-fallback", who)
    play.send("activation.05-delete-test-user", who)


def _provision(play: Play, who: Person, step: str | None = None) -> None:
    """Look up, then create; an existing user is replaced."""
    found = play.send("provision.01-lookup-miss", who)
    if play.adopt(who, found):
        play.send("reactivate.02-put-active-true", who)
        return
    if play.send(step or "provision.02-create", who).status != 201:
        raise Given(f"{who.address} was not created")


def _activate_with_a_taken_address(play: Play, who: Person) -> None:
    play.send("activation.08-lookup-hit", who, finds=who)
    play.send("activation.07-create-existing-email", who)
    play.send("activation.07b-create-existing-email-other-userName", who, values={"mlind-test": f"test-of-{who.nick}"})
