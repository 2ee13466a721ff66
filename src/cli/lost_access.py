"""Who lost access lately, as `rollcall activity --lost-access`, `account show` and `account resume` show it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.console import RenderableType

from adapters.logs.lost_access import HOUR
from cli.invocation import Invocation
from cli.tables import table_of
from cli.wording import plain
from operations.activity import ActivityUnavailable
from operations.answers.lost_access import LostAccessLately, LostUser, RefusedUser
from operations.deployment import DeploymentError
from operations.names import NO_NAMES, Concerned, Names, NamesUnavailable, names_of


def read_lost_access(
    invocation: Invocation, account: str | None, period: timedelta = HOUR, *, names: bool = True
) -> LostAccessLately:
    """Read who lost access, of one account or all; raises `ActivityUnavailable`, `DeploymentError`."""
    found = invocation.deployment.activity.lost_access(account, datetime.now(UTC) - period)
    wanted = [Concerned("user", each.account, each.user_id) for each in found]
    return LostAccessLately.of(found, look_up(invocation, wanted) if names else NO_NAMES)


def lost_in_the_last_hour(invocation: Invocation, account: str) -> LostAccessLately | None:
    """Read who lost access in the last hour; None, with a note why, when the record cannot be read."""
    try:
        return read_lost_access(invocation, account)
    except (ActivityUnavailable, DeploymentError) as problem:
        invocation.note(f"The users who lost access in the last hour could not be read: {problem}")
        return None


def look_up(invocation: Invocation, wanted: list[Concerned]) -> Names:
    """Look up names; without the right to, none, and a note that says so."""
    try:
        return names_of(invocation.deployment, wanted) if wanted else Names(looked_up=True)
    except NamesUnavailable as problem:
        invocation.note(str(problem))
        return NO_NAMES


def lost_access_parts(lately: LostAccessLately | None, period: str = "hour") -> list[RenderableType]:
    """A table of those who lost access, and one of those who were refused that; nothing where there is neither."""
    if lately is None:
        return []
    parts: list[RenderableType] = []
    for title, rows in (
        (f"Lost access in the last {period}: {len(lately.lost)}", lately.lost),
        (f"Refused in the last {period}, still with access: {len(lately.refused)}", lately.refused),
    ):
        if rows:
            parts += [title, _table(rows)]
    return parts


def _table(rows: Sequence[RefusedUser]) -> RenderableType:
    table = table_of("When", "Account", "User", "Id", "What", "Request")
    for each in rows:
        what = each.what if isinstance(each, LostUser) else "refused"
        name = each.user_name or ("removed" if what == "removed" else "")
        table.add_row(*(plain(cell) for cell in (each.at, each.account, name, each.user_id, what, each.request_id)))
    return table
