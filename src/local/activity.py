"""Activity of accounts, from the file of log lines that the local server writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.logs.activity import DAY, AccountActivity
from adapters.logs.lines import Line, time_of
from adapters.logs.lost_access import HOUR, LostAccess, lost_access
from adapters.logs.setup_activity import SetupActivity, activity_of
from operations.activity import lines_of_file


class FileActivity:
    """Reads activity from the file of JSON lines that the local server writes."""

    def __init__(self, file: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._now = now

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        """Activity by account; empty while there is no file."""
        since = self._now() - DAY
        return _of_lines(line for line in lines_of_file(self._file) if time_of(line) >= since)

    def lost_access(self, account: str | None = None, period: timedelta = HOUR) -> Sequence[LostAccess] | None:
        """Who lost access lately, or was refused that, oldest first; none while there is no file."""
        return lost_access(lines_of_file(self._file), account, self._now() - period)


class FileSetupLog:
    """Reads an account's requests since a moment from the same file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def since(self, account: str, moment: datetime) -> SetupActivity | None:
        """The account's activity since a moment; empty while there is no file."""
        timed = ((time_of(line), line) for line in lines_of_file(self._file))
        return activity_of(((at, line) for at, line in timed if at >= moment), account)


def _of_lines(lines: Iterable[Line]) -> dict[str, AccountActivity]:
    """Activity by account, from the log lines of requests."""
    found: dict[str, AccountActivity] = {}
    for line in lines:
        account = line.get("account")
        if line.get("message") == "request" and account is not None:
            found[account] = found.get(account, AccountActivity()).adding(
                line["status"], line.get("key_used"), time_of(line)
            )
    return found
