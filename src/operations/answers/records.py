"""Answers of `rollcall users`, `table`, `events` and `doctor`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, RootModel

from adapters.clock import text_of
from domain.documents import Json
from operations.answers.base import Answer, Done
from operations.consistency.findings import Inconsistency
from operations.dead_letters import Redriven
from operations.roster import Difference


class UserList(Answer):
    """`rollcall users list`."""

    total: int
    users: list[Json]
    """SCIM resources, as many as --limit allows."""


class Exported(Done):
    """`rollcall users export --output FILE`."""

    account: str
    users: int
    file: str


class RefusedRow(Answer):
    """A row that was not imported."""

    line: int
    row: int
    """Its number in a spreadsheet, in which a value may have several lines."""
    reason: str
    detail: str
    user_name: str


class Imported(Done):
    """`rollcall users import`."""

    result: Literal["imported", "checked", "stopped"]
    account: str
    dry_run: bool
    created: int
    unchanged: int
    refused: int
    reasons: dict[str, int]
    """How many rows were refused, by reason."""
    columns: dict[str, str]
    """The attribute that each column was read as."""
    ignored_columns: list[str]
    refusals: list[RefusedRow]
    stopped: str | None = Field(None, exclude_if=lambda why: why is None)
    """Why the import stopped early; only if it did."""


class Totals(Answer):
    """How many users were compared."""

    there: int
    """In the file."""
    here: int
    """In the account."""


class ReconciledUser(Answer):
    """One difference."""

    difference: str
    user_name: str
    line: int | None
    id: str | None
    attributes: list[str]
    detail: str

    @classmethod
    def of(cls, found: Difference) -> Self:
        """The difference as it is reported."""
        return cls(
            difference=found.kind.value,
            user_name=found.user_name,
            line=found.line,
            id=found.id,
            attributes=list(found.attributes),
            detail=found.detail,
        )


class Reconciled(Answer):
    """`rollcall users reconcile`."""

    account: str
    users: Totals
    counts: dict[str, int]
    """How many differences there are of each kind."""
    differences: list[ReconciledUser]


class TableFinding(Answer):
    """An item that does not match the others."""

    problem: str
    collection: str
    key: str
    user_ids: list[str]
    repaired: bool

    @classmethod
    def of(cls, finding: Inconsistency) -> Self:
        """The finding for an inconsistency."""
        return cls(
            problem=finding.problem.name.lower().replace("_", "-"),
            collection=finding.collection.value,
            key=finding.sort_key,
            user_ids=list(finding.user_ids),
            repaired=finding.repaired,
        )


class CheckedAccount(Answer):
    """One account's items."""

    account: str
    users: int
    findings: list[TableFinding]


class CheckedTable(Done):
    """`rollcall table check`."""

    result: Literal["sound", "wrong", "repaired"]
    accounts: list[CheckedAccount]


class CheckLine(Answer):
    """One check of `rollcall doctor`."""

    name: str
    ok: bool
    seen: str
    fix: str | None
    """What to do when it failed."""


class Diagnosis(Answer):
    """`rollcall doctor`."""

    ok: bool
    base_url: str
    checks: list[CheckLine]


class RedrivenLetter(Answer):
    """One dead letter of the publisher."""

    outcome: str
    """published; replayed (from the table, because the stream no longer has the records); expired (the replay from the
    table failed); failed; malformed; or foreign."""
    published: int
    """How many of its records were published."""
    unpublished: list[str]
    """The sequence numbers of the records that were not published."""
    message_id: str | None = Field(alias="message_id")
    """The id of the message in the queue, if the letter was refused without reading a record or has a time that cannot
    be right."""
    since: str | None
    """For a replayed letter: changes since this time were published from the table."""


class RedrivenLetters(RootModel[list[RedrivenLetter]]):
    """`rollcall events redrive`."""

    @classmethod
    def of(cls, redriven: list[Redriven]) -> Self:
        """The answer for the dead letters."""
        return cls([_redriven_letter(each) for each in redriven])


def _redriven_letter(each: Redriven) -> RedrivenLetter:
    since = None if each.since is None else text_of(each.since.timestamp())
    return RedrivenLetter(
        outcome=each.outcome,
        published=each.published,
        unpublished=list(each.unpublished),
        message_id=each.message_id,
        since=since,
    )


class RequeuedEvents(Answer):
    """`rollcall --local events redrive`."""

    queued: int
    """How many events are sent again."""
    url: str | None
    """Where they go, without a password; null when the server has no EVENTS_URL."""
    page: str
    """The page that shows them."""


class ReplayedEvents(Done):
    """`rollcall events replay`."""

    result: Literal["replayed", "counted", "stopped"]
    """`counted` is the result of a dry run, which publishes nothing."""
    account: str
    since: str | None
    """Only users and groups that changed since then are published; null means all."""
    users: int
    """How many users were published again."""
    groups: int
    removed: int
    """How many deletions of users and groups in the last 30 days."""
    events: dict[str, int]
    """How many events of each kind."""
    unreadable: list[str]
    """Users and groups whose items are damaged: no events were published for them."""
    refused: list[str]
    """Users and groups whose events the bus refused, with the error code."""
    stopped: str | None
    """Why the replay stopped early; null if it did not."""
    after: str | None
    """Where to continue (--after); null to start from the beginning, or if the replay is complete."""
