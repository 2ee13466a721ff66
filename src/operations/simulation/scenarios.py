"""What the scenarios of all identity providers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from domain import remedies
from domain.documents import Json
from domain.resources.user_schema import CORE_URN
from operations.simulation.people import Person
from operations.simulation.play import Given, Play
from operations.simulation.wire import Answer

STAFF: Final = 1
TEST_USER: Final = 1_000_000
JOINER: Final = 2_000_000
MOVER: Final = 3_000_000
LEAVER: Final = 4_000_000
GROUPS: Final = 5_000_000
CROWD: Final = 6_000_000
"""The numbers of the people of each scenario, from which on they are its own."""

_FRESH: Final = timedelta(hours=1)
"""Age up to which the deprovisioning guard does not count a user whom an identity provider created."""
_PAUSED: Final = "deprovisioning is paused"
GROUPS_OFF: Final = (
    "Groups are off for this account, so the endpoint returns 404. Leave group management off in the identity "
    f"provider too, or switch groups on: {remedies.groups_on()}."
)


@dataclass(frozen=True)
class Profile:
    """An identity provider: its requests under way at the same time, and its scenarios in a sensible order."""

    idp: str
    name: str
    workers: int
    scenarios: Mapping[str, Callable[[Play], None]]


def read_groups(play: Play, step: str, who: Person, values: Mapping[str, str] | None = None) -> bool:
    """Ask for groups as the provider does when it is set up; False where they are off, with a note."""
    answer = play.send(step, who, expect=(200, 404), values=values)
    if answer.status == 404:
        play.note(GROUPS_OFF)
    return answer.status == 200


def leave_at_once(
    play: Play,
    create: Callable[[Person], None],
    deactivate: Callable[[Person, Iterable[int]], Answer],
) -> None:
    """Half of a crowd is deactivated. The deprovisioning guard must refuse somebody, and keep that user active.

    The guard does not count users whom an identity provider created within the hour, so the crowd is imported where
    that is possible.
    """
    crowd = play.people(CROWD, play.users)
    if play.load is not None:
        play.load([_imported(who) for who in crowd])
    play.each(crowd, create, "Creating users")
    leavers = crowd[: len(crowd) // 2]
    refused: list[Person] = []

    def leave(who: Person) -> None:
        before = play.directory.users[play.id_of(who)]
        answer = deactivate(who, (200, 204, 403))
        if answer.status == 403:
            play.directory.users[play.id_of(who)] = before
            if _PAUSED not in str(answer.json.get("detail")):
                raise Given("refused for another reason")
            refused.append(who)

    play.each(leavers, leave, "Deactivating users")
    _judge(play, leavers, refused)


def _judge(play: Play, leavers: list[Person], refused: list[Person]) -> None:
    if refused:
        play.note(
            f"The deprovisioning guard allowed {len(leavers) - len(refused)} of {len(leavers)} users to lose access, "
            f"then paused the account: {len(refused)} stayed active. Check who lost access. If the change is "
            f"intended: {remedies.resume()}."
        )
        return
    reason = f"all {len(leavers)} users lost access: the deprovisioning guard refused none"
    if play.load is None and any(_age(play, who) < _FRESH for who in leavers):
        remedy = (
            "The guard does not count users created in the last hour. Repeat the scenario after an hour with --run "
            f"{play.run}; or use --local or a stack, where the users are imported first."
        )
    else:
        remedy = "Use more --users, or set a limit: rollcall account set NAME deprovisioning-limit 20,10%."
    play.fail("deprovisioning guard", reason, remedy)


def _age(play: Play, who: Person) -> timedelta:
    """How long ago the endpoint says that it created the user; no time at all if it does not say."""
    created = play.directory.created.get(who.number)
    try:
        return datetime.now(UTC) - datetime.fromisoformat(created or "")
    except (TypeError, ValueError):
        return timedelta(0)


def _imported(who: Person) -> Json:
    return {
        "schemas": [CORE_URN],
        "userName": who.address,
        "externalId": who.external_id,
        "name": {"givenName": who.given, "familyName": who.family},
        "displayName": f"{who.given} {who.family}",
        "emails": [{"value": who.address, "type": "work", "primary": True}],
        "active": True,
    }
