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
    """Why the import stopped; only then."""


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
    """An item that does not agree with the others."""

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
    """published, replayed (from the table, as the stream no longer has its records), expired (the same, but that could
    not be done), failed, malformed or foreign."""
    published: int
    """How many of its records were published."""
    unpublished: list[str]
    """The sequence numbers of the records that were not."""
    message_id: str | None = Field(alias="message_id")
    """The message in the queue, of a letter that was refused without reading any record, or that gives a time of its
    records that cannot be right."""
    since: str | None
    """What changed since then was published again from the table for a replayed one."""


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
    """counted: of a dry run, which published nothing."""
    account: str
    since: str | None
    """Users and groups that did not change since then are left out; null: all are published again."""
    users: int
    """How many users were published again."""
    groups: int
    removed: int
    """How many removals of users and groups, of the last 30 days."""
    events: dict[str, int]
    """How many events of each kind."""
    unreadable: list[str]
    """Users and groups whose items are damaged: nothing of them is published."""
    refused: list[str]
    """Users and groups of which the bus accepts no event, with the code of the error."""
    stopped: str | None
    """Why it did not come to the end; null when it did."""
    after: str | None
    """Where to continue after it stopped (--after); null from the beginning, or when it came to the end."""
