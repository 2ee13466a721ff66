"""Microsoft Entra ID: look up, POST, PATCH in two dialects; and the requests of its SCIM Validator."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from operations.simulation.people import Person, domain_of
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

_VARIANTS: Final = {3: "create.02-with-nulls", 5: "create.03-default-mapping"}
"""How the users differ whose attributes are mapped otherwise; by the last digit of their number."""
_RECORDED_GUID: Final = "7d1e6c52-93a4-4f0b-8e2d-5b6a7c8d9e0f"


def first_sync(play: Play) -> None:
    """Test Connection with a random id, the schemas, all users, and the discovery of accounts."""
    tester, guid = play.person(TEST_USER), _guid(play)
    if play.send("test.01-random-guid", tester, values=guid, finds=NO_USER).status != 200:
        raise Ended("Test Connection failed, so Entra ID does not start")
    play.send("test.02-random-guid-externalId", tester, values=guid, finds=NO_USER)
    play.send("test.04-schemas", tester)
    play.send("test.05-bad-token", tester, values=guid)
    staff = play.people(STAFF, play.users)
    manager = staff[0]
    _provision(play, manager)
    play.each(
        staff[1:], lambda who: _provision(play, who, _VARIANTS.get(who.number % 10), manager=manager), "Creating users"
    )
    play.send("discovery.01-list", tester)


def joiner(play: Play) -> None:
    """A new user is found in every way that an administrator may choose; the same again is a conflict."""
    rosa, ana, quinn = play.people(JOINER, 3)
    _provision(play, rosa)
    _provision(play, ana, "create.03-default-mapping", manager=rosa)
    for step in (
        "lookup.02-hit",
        "lookup.03-hit-other-case",
        "lookup.05-email-value-path",
        "lookup.06-externalId",
        "lookup.10-validator-double-encoded",
        "lookup.11-trailing-slash",
        "lookup.12-flag-in-query",
        "lookup.14-lowercase-operator-path",
    ):
        play.send(step, rosa, finds=rosa)
    play.send("lookup.07-externalId-unquoted", rosa, values={"rkeller": rosa.external_id}, finds=rosa)
    play.send("lookup.08-employeeNumber", ana)
    play.send("lookup.09-plus-address", rosa, finds=NO_USER)
    play.send("read.01-by-id", rosa)
    play.send("read.02-unknown-id", rosa)
    play.send("create.04-conflict", rosa)
    play.send("create.05-email-owned-by-other", rosa)
    _validate_creation(play, quinn)


def mover(play: Play) -> None:
    """Attributes, name, address and manager change, in the dialects with and without the flag."""
    rosa, tomas, quinn, manager = play.people(MOVER, 4)
    for who in (rosa, tomas, manager):
        _provision(play, who)
    _change_a_user(play, rosa, tomas)
    _change_a_manager(play, rosa, manager)
    play.send("validator.01-create-full", quinn)
    for number, name in enumerate(
        (
            "patch-value-paths",
            "patch-rename-pathless",
            "patch-disable",
            "manager-add",
            "manager-replace",
            "manager-remove",
            "manager-remove-by-empty",
            "multi-op",
            "multi-op-same-attribute",
        ),
        6,
    ):
        play.send(f"validator.{number:02}-{name}", quinn)


def leaver(play: Play) -> None:
    """Deactivated in each dialect, still found, reactivated, and deleted for good."""
    rosa, quinn = play.people(LEAVER, 2)
    _provision(play, rosa)
    play.send("patch.03-legacy-disable", rosa)
    play.send("lookup.04-hit-inactive", rosa, finds=rosa)
    play.send("patch.07-reactivate-legacy", rosa)
    for step in ("patch.04-flag-disable", "patch.05-capital-op-real-boolean", "patch.06-pathless-disable"):
        play.send(step, rosa)
    play.send("patch.08-reactivate-with-attributes", rosa)
    play.send("patch.21-unknown-id", rosa)
    play.send("delete.01", rosa)
    play.send("validator.01-create-full", quinn)
    former = {"{id}": play.id_of(quinn)}
    play.send("validator.15-delete", quinn)
    for step in ("validator.16-get-after-delete", "validator.17-delete-twice", "validator.18-delete-unknown"):
        play.send(step, quinn, values=former)


def groups(play: Play) -> None:
    """The group mapping on: a group with members; 404 where groups are off."""
    who, another = play.people(GROUPS, 2)
    if not read_groups(play, "test.03-groups", who, values=_guid(play)):
        return
    _provision(play, who)
    _provision(play, another)
    PushedGroups(play).play_entra(who, another)


def mass_leave(play: Play) -> None:
    """Half of the users are out of scope at once."""
    leave_at_once(
        play,
        lambda who: _provision(play, who),
        lambda who, expect: play.send("patch.03-legacy-disable", who, expect=expect),
    )


PROFILE: Final = Profile(
    "entra",
    "Microsoft Entra ID",
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


def _provision(play: Play, who: Person, step: str | None = None, manager: Person | None = None) -> None:
    """Look up, then create; an existing user is activated."""
    if play.adopt(who, play.send("lookup.01-miss", who)):
        play.send("patch.07-reactivate-legacy", who)
        return
    if play.send(step or "create.01-documented", who, manager=manager).status != 201:
        raise Given(f"{who.address} was not created")


def _change_a_user(play: Play, rosa: Person, tomas: Person) -> None:
    for step in ("patch.01-legacy-multi", "patch.02-flag-multi", "patch.10-replace-no-member"):
        play.send(step, rosa)
    play.send("patch.11-email-address-department", rosa)
    play.send("patch.20-email-collision", rosa, tomas=tomas)
    play.send("patch.08-reactivate-with-attributes", rosa)
    play.send("patch.17-remove-simple", rosa)
    play.send("patch.18-pathless-urn-object", rosa)
    # What these leave behind is the service's choice.
    for step in (
        "patch.14-roles-json-string",
        "patch.15-roles-primary-filter",
        "patch.16-remove-with-value",
        "patch.09-add-email-no-member",
        "patch.19-clear-by-empty-string",
        "patch.22-unmapped-attribute",
    ):
        play.send(step, rosa, as_answered=True)


def _change_a_manager(play: Play, rosa: Person, manager: Person) -> None:
    play.send("patch.12-manager-plain-string", rosa, manager=manager)
    play.send("lookup.13-manager-reference", rosa, manager=manager, finds=rosa)
    play.send("patch.13-manager-array-ref", rosa, manager=manager, as_answered=True)


def _validate_creation(play: Play, quinn: Person) -> None:
    play.send("validator.01-create-full", quinn)
    play.send("validator.02-create-duplicate", quinn)
    play.send("validator.03-filter-hit", quinn, finds=quinn)
    play.send("validator.04-filter-miss", quinn, finds=NO_USER)
    play.send("validator.05-filter-other-case", quinn, finds=quinn)


def _guid(play: Play) -> dict[str, str]:
    """An id that no user has, instead of the recorded one."""
    return {_RECORDED_GUID: str(uuid5(NAMESPACE_DNS, domain_of(play.run)))}
