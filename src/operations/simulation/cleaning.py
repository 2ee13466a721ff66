"""Removes what a run made: its users and its groups, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain import remedies
from operations.simulation.comparing import listed, read
from operations.simulation.outcome import Progress
from operations.simulation.play import Ended, Play, is_of
from operations.simulation.pushed_groups import group_name
from operations.simulation.wire import NoAnswer


class Removes(Protocol):
    """Removes users on the operator's side, where the deprovisioning guard holds them back."""

    def remove(self, user_ids: Sequence[str]) -> None:
        """Remove these users."""


def clean(play: Play, backstage: Removes | None) -> bool:
    """Delete every user and group of the run; return False, with a note, if some are left."""
    play.is_interrupted.clear()  # what a person interrupted is cleaned up all the same
    try:
        users = [user["id"] for user in listed(play, "/Users", "Reading users") if is_of(play.run, user)]
        left = [
            user_id for number, user_id in enumerate(users) if not _deleted(play, "/Users", user_id, number, len(users))
        ]
        if left and backstage is not None:
            backstage.remove(left)
            left = []
        if read(play, "/Groups?count=1").status == 200:
            groups = [
                group["id"]
                for group in listed(play, "/Groups", "Reading groups")
                if str(group.get("displayName")).startswith(group_name(play.run, ""))
            ]
            left += [group_id for group_id in groups if not _deleted(play, "/Groups", group_id, 0, 0)]
    except (Ended, KeyboardInterrupt):
        play.note(
            f"Not everything was deleted; to delete the rest: rollcall simulate {play.idp} --run {play.run} --clean."
        )
        return False
    if left:
        play.note(
            f"{len(left)} of the run's users or groups could not be deleted. If the account is paused: "
            f"{remedies.resume()}."
        )
    return not left


def _deleted(play: Play, path: str, resource_id: str, number: int, total: int) -> bool:
    headers = {"Authorization": f"Bearer {play.wire.key}"}
    try:
        status = play.wire.send("DELETE", f"{path}/{resource_id}", headers, None).status
    except NoAnswer:
        return False
    if total:
        play.report(Progress(play.scenario, "Deleting users", number + 1, total))
    return status in (204, 404)
