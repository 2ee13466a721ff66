"""The audit of what the operator's command changes: who did it, to which user or group, and how it ended.

A change has two lines: one before it, so that none is ever made without a record of who began it, and one after it.
Their `request_id` is the same. They have ids and names of attributes, no values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from adapters.secrets.conditional_change import AdministrationError
from domain.errors import ScimError
from operations.command_stream import CommandStream, LineRejected

if TYPE_CHECKING:
    from adapters.logs.log import Log

BEGUN: Final = "change-begun"
FAILED: Final = "change-failed"
UNCHANGED: Final = "unchanged"
"""Where another request had made the change before."""

_FAILURES: Final = (ClientError, BotoCoreError, LineRejected, OSError)
_EMERGENCY: Final = "In an emergency, --unaudited makes the change without a record of who made it."


class AuditUnavailable(AdministrationError):
    """The audit line cannot be written; the message is one line for the operator, with what to do."""


def file_log(file: Path) -> Log:
    """Return the log of the local server's activity file."""

    def write(line: str) -> None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{line}\n")

    return _log_of(write)


def stream_log(stream: CommandStream) -> Log:
    """Return the log of a deployed stack."""
    return _log_of(stream.write)


def _log_of(write: Callable[[str], None]) -> Log:
    from adapters.logs.log import Log  # it imports Powertools, which most commands do without

    return Log.to_lines(write)


class Recorded(Enum):
    """How much of a change the audit has."""

    WHOLLY = "wholly"
    BEGUN = "begun"
    """The line before it, and none after it."""
    NOT = "not"


@dataclass(slots=True)
class Audited:
    """The change that is under way; the change fills in `what` was done and `about`, what the last line says of it."""

    what: str
    about: dict[str, object] = field(default_factory=dict)
    recorded: Recorded = Recorded.NOT


@dataclass(frozen=True, slots=True)
class Audit:
    """Writes the lines of one change; `concerns` names the user or group by id.

    Where it is not `is_required`, a change is made though no line can be written. `log` is None where there is none.
    """

    log: Log | None
    account: str
    actor: str
    operation: str
    concerns: dict[str, str]
    is_required: bool = True
    request_id: str = field(default_factory=lambda: str(uuid4()))

    @contextmanager
    def of(self, what: str) -> Iterator[Audited]:
        """Write a line before the block and one after it, which says `what` was done, or that it failed and why.

        Raises `AuditUnavailable` before the block when its line is required and cannot be written.
        """
        audited = Audited(what)
        try:
            begun = self._write(BEGUN, {})
        except _FAILURES as error:
            if self.is_required:
                raise _unavailable(error) from error
            begun = False
        try:
            yield audited
        except BaseException as error:
            reason = error.reason if isinstance(error, ScimError) else type(error).__name__
            self._tried(FAILED, {"reason": reason})
            raise
        if begun:
            audited.recorded = Recorded.WHOLLY if self._tried(audited.what, audited.about) else Recorded.BEGUN

    def _tried(self, what: str, about: dict[str, object]) -> bool:
        """Write a line after the change, which an error would deny; return False if it was not written."""
        try:
            return self._write(what, about)
        except _FAILURES:
            return False

    def _write(self, what: str, about: dict[str, object]) -> bool:
        """Return False where there is no log."""
        if self.log is None:
            return False
        from adapters.logs.telemetry import audit  # likewise

        more = {"operation": self.operation, **self.concerns, **about}
        audit(self.log, what, self.account, self.actor, self.request_id, **more)
        return True


def _unavailable(error: Exception) -> AuditUnavailable:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown error")
        why = f"CloudWatch Logs refused {error.operation_name} ({code})"
        right = " Your AWS credentials lack the permission; docs/operations.md has an IAM policy."
        hint = right if code.startswith("AccessDenied") else ""
    elif isinstance(error, LineRejected):
        why, hint = "CloudWatch Logs did not take it", " Check this computer's clock."
    elif isinstance(error, OSError):
        why, hint = str(error), ""
    else:
        why, hint = f"CloudWatch Logs could not be reached: {error}", ""
    return AuditUnavailable(f"Nothing was changed, because the audit line cannot be written: {why}.{hint} {_EMERGENCY}")
