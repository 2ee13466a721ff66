"""`rollcall users import`: load the application's existing users into an account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from adapters.clock import new_id, now
from cli.arguments import Account
from cli.imports import Report, exit_code, run_import, show_refusals, show_stopped, write_report
from cli.invocation import Invocation, invocation_of
from cli.private_file import private_file
from cli.roster_file import EncodingOption, File, FormOption, Map, Roster, check_report, opened
from cli.wording import counted
from operations.answers.records import Imported, RefusedRow
from operations.roster import Refusal, RosterRow
from operations.user_import import RowResult, UserImport

_SECONDS_OF_A_WRITE: Final = 60.0
"""How long to retry a write that DynamoDB throttles before the import stops."""


@dataclass(slots=True)
class _Tally:
    """The results of the rows."""

    refusals: list[Refusal] = field(default_factory=list)
    counts: Counter[RowResult] = field(default_factory=Counter)
    stopped: str = ""

    @property
    def refused(self) -> list[Refusal]:
        return sorted(self.refusals, key=lambda refusal: refusal.line)


def import_users(
    context: typer.Context,
    file: File,
    *,
    account: Account = "default",
    form: FormOption = None,
    encoding: EncodingOption = None,
    mapped: Map = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row without writing.")] = False,
    keep_ids: Annotated[bool, typer.Option("--keep-ids", help="Keep the ids in JSON lines; default: new ids.")] = False,
    report: Report = None,
) -> None:
    """Import existing users into an account.

    Users that already exist with the same values are skipped, so you can run the command again after an interruption. A
    row that cannot be imported is reported with its line and the reason; the other rows are imported. With --report,
    correct the refused rows in that file and import it. Exits with 1 if a row was refused.
    """
    invocation = invocation_of(context)
    check_report(report, file, form)
    # Opened before the import, so that the results cannot be lost because the report cannot be written.
    with ExitStack() as files:
        target = files.enter_context(private_file(report)) if report is not None else None
        roster = files.enter_context(opened(file, form, mapped, encoding))
        # Users of an account that does not exist would be invisible.
        invocation.deployment.accounts.show(account)
        _show_columns(invocation, roster)
        importer = UserImport(
            lambda: invocation.deployment.account(account, _SECONDS_OF_A_WRITE).users,
            new_id,
            now,
            keep_ids=keep_ids,
            dry_run=dry_run,
            columns=roster.columns,
        )
        tally = _import(invocation, roster, importer)
        if report is not None and target is not None:
            header = None if roster.columns is None else roster.columns.header
            answers = [RefusedRow.model_validate(refusal) for refusal in tally.refused]
            write_report(target, report, tally.refused, answers, header)
    _answer(invocation, account, roster, tally, dry_run=dry_run, report=report)
    if code := exit_code(tally.refusals, tally.stopped):
        raise typer.Exit(code)


def _import(invocation: Invocation, roster: Roster, importer: UserImport) -> _Tally:
    tally = _Tally()

    def work(reached: Callable[[int], None]) -> None:
        def users() -> Iterator[RosterRow]:
            for row in roster.rows:
                reached(row.line)
                if isinstance(row, RosterRow):
                    yield row
                else:
                    tally.refusals.append(row)

        for outcome in importer.run(users()):
            tally.counts[outcome.result] += 1
            if outcome.result is RowResult.REFUSED:
                row = outcome.row
                name = row.attributes["userName"]
                tally.refusals.append(Refusal(row.line, outcome.reason, outcome.detail, name, row.origin))

    tally.stopped = run_import(invocation, roster.lines, work, has_header=roster.columns is not None)
    return tally


def _show_columns(invocation: Invocation, roster: Roster) -> None:
    if invocation.as_json or roster.columns is None:
        return
    for column, attribute in roster.columns.meanings.items():
        invocation.note(f"  {column} -> {attribute}")
    if roster.columns.ignored:
        invocation.note(f"  ignored: {', '.join(roster.columns.ignored)} (--map reads them)")


def _answer(
    invocation: Invocation, account: str, roster: Roster, tally: _Tally, *, dry_run: bool, report: Path | None
) -> None:
    created, unchanged, refused = (
        tally.counts[RowResult.CREATED],
        tally.counts[RowResult.UNCHANGED],
        len(tally.refusals),
    )
    summary = Imported(
        result="stopped" if tally.stopped else "checked" if dry_run else "imported",
        account=account,
        dry_run=dry_run,
        created=created,
        unchanged=unchanged,
        refused=refused,
        reasons=dict(sorted(Counter(refusal.reason for refusal in tally.refusals).items())),
        columns={} if roster.columns is None else roster.columns.meanings,
        ignored_columns=[] if roster.columns is None else roster.columns.ignored,
        refusals=[RefusedRow.model_validate(refusal) for refusal in tally.refused],
        stopped=tally.stopped or None,
    )
    verb = "Would be imported" if dry_run else "Imported"
    invocation.answer(
        summary,
        f"{verb} into {account}: {counted(created, 'user')}. Already there with the same values: {unchanged}. "
        f"Refused: {counted(refused, 'row')}.",
    )
    show_refusals(invocation, tally.refused, report)
    show_stopped(invocation, tally.stopped)
