"""Who lost access lately: the users whom log lines report as deactivated, removed or displaced, or as refused that.

A request about one user names the user in its line, and so does the audit line of an operator's command. A bulk
request has a line `lost-access` for each of its users.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.logs.lines import Line, time_of
from domain.accounts.deprovisioning import DeprovisioningPaused
from domain.effects import LossKind

HOUR: Final = timedelta(hours=1)
MAX_LINES: Final = 10_000
"""Of one query of Logs Insights."""

_MESSAGES: Final = ("request", "bulk-operation", "lost-access", "audit")
_COUNTS: Final[dict[str, LossKind]] = {
    "users_removed": "removed",
    "users_deactivated": "deactivated",
    "users_displaced": "displaced",
}


@dataclass(frozen=True, slots=True)
class LostAccess:
    """One user who lost access, or whom the account's guard kept from it.

    `what` is `deactivated`, `removed` or `displaced` (lost userName and all addresses); None where the guard refused.
    """

    at: datetime
    account: str
    user_id: str
    what: LossKind | None
    request_id: str

    @property
    def is_refused(self) -> bool:
        """True if the user still has access, since the account is paused."""
        return self.what is None


def query(account: str | None) -> str:
    """The query of Logs Insights for the lines that `lost_access` reads, of one account or of all; newest first."""
    of_account = "" if account is None else f" and account = {json.dumps(account)}"
    counts = " or ".join(f"{name} > 0" for name in _COUNTS)
    return (
        f"fields @message | filter message in {json.dumps(_MESSAGES)}{of_account} "
        f'and (message = "lost-access" or reason = "{DeprovisioningPaused.reason}" or {counts}) '
        f"| sort @timestamp desc | limit {MAX_LINES}"
    )


def lost_access(lines: Iterable[Line], account: str | None, since: datetime) -> list[LostAccess]:
    """The losses that lines report, oldest first; a refusal only where nothing came after it for the same user.

    Lines of other kinds, of other accounts, or written before `since` are skipped.
    """
    found = [
        loss
        for line in lines
        if (loss := _loss(line)) is not None and loss.at >= since and account in (None, loss.account)
    ]
    found.sort(key=lambda loss: loss.at)
    last = {(loss.account, loss.user_id): loss for loss in found}
    return [loss for loss in found if not loss.is_refused or loss is last[loss.account, loss.user_id]]


def _loss(line: Line) -> LostAccess | None:
    message = line.get("message")
    if message not in _MESSAGES or "account" not in line or "user_id" not in line:
        return None
    what: LossKind | None = line.get("what") if message == "lost-access" else None
    if what is None:
        what = next((kind for name, kind in _COUNTS.items() if line.get(name)), None)
    if what is None and line.get("reason") != DeprovisioningPaused.reason:
        return None
    return LostAccess(time_of(line), line["account"], line["user_id"], what, line.get("request_id", ""))
