"""What the commands that change one user or one group share: options, the audit, and how a refusal is put."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.table import Table

from adapters.secrets.conditional_change import AdministrationError
from cli.invocation import Invocation
from cli.tables import table_of
from cli.wording import plain
from domain.documents import encode
from domain.errors import Retryable, ScimError
from domain.events.lifecycle import AttributeChange
from operations.audit import Audit, Audited, Recorded
from operations.deployment import DeploymentError

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Unaudited = Annotated[
    bool, typer.Option("--unaudited", help="Make the change even if no audit line can be written: for emergencies.")
]

SECONDS: Final = 60.0
"""For a command; DynamoDB's throttling is waited for within them."""
_UNKNOWN: Final = "It is unknown whether the change was made: check, then run the command again if needed."


@dataclass(frozen=True, slots=True)
class Change:
    """A change to make and to audit: `operation` is the command, `what` names what was done, `concerns` whom by id."""

    account: str
    operation: str
    what: str
    concerns: dict[str, str]

    def carry_out(self, invocation: Invocation, make: Callable[[Audited], None], *, unaudited: bool) -> bool:
        """Make the change between its audit lines; return True if both were written."""
        deployment = invocation.deployment
        try:
            log = deployment.audit_log
        except DeploymentError:
            if not unaudited:
                raise
            log = None
        audit = Audit(log, self.account, deployment.actor(), self.operation, self.concerns, is_required=not unaudited)
        with plainly_refused(may_be_done=True), audit.of(self.what) as audited:
            make(audited)
        if audited.recorded is Recorded.BEGUN:
            invocation.note(
                "The change was made, but the last audit line could not be written. The first audit line, with "
                f"request id {audit.request_id}, shows who started it."
            )
        elif audited.recorded is Recorded.NOT:
            invocation.note("The change was made without a record of who made it.")
        return audited.recorded is Recorded.WHOLLY


@contextmanager
def plainly_refused(*, may_be_done: bool = False) -> Iterator[None]:
    """Put a refusal in the operator's words; `may_be_done` where an error may follow a write."""
    try:
        yield
    except ScimError as error:
        outcome = _UNKNOWN if may_be_done and isinstance(error, Retryable) else "Nothing was changed."
        raise AdministrationError(f"{error.detail} {outcome}") from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_UNKNOWN if may_be_done else "Nothing was changed.") from None


def differences(changes: Sequence[AttributeChange]) -> list[Table]:
    """The attributes before and after, as a table; none when nothing differs."""
    if not changes:
        return []
    table = table_of("Attribute", "Before", "After")
    for each in changes:
        table.add_row(*(plain(cell) for cell in (each.path, _shown(each.before), _shown(each.after))))
    return [table]


def _shown(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else encode(value)
