"""`rollcall groups import`: add users to groups, from an export."""

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
from cli.roster_file import EncodingOption, File, Form, FormOption, Source, check_report, text_of
from cli.tables import table_of
from cli.wording import counted, plain
from domain import remedies
from operations.answers.groups import ImportedGroup, ImportedGroups, RefusedMembershipRow
from operations.membership_import import Membership, MembershipImport
from operations.membership_rows import RefusedMembership, Row, csv_memberships, json_memberships

_SECONDS_OF_A_BATCH: Final = 120.0
_SHOWN: Final = 20


@dataclass(slots=True)
class _Tally:
    """The results of the rows."""

    refusals: list[RefusedMembership] = field(default_factory=list)
    counts: Counter[Membership] = field(default_factory=Counter)
    stopped: str = ""


def import_groups(
    context: typer.Context,
    file: File,
    *,
    account: Account = "default",
    form: FormOption = None,
    encoding: EncodingOption = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=MEANING",
            help="Map a CSV column to group, groupExternalId, userId, userName or email. Repeatable.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group", metavar="NAME", help="Add all rows to this group; the file then needs no column for the group."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row without writing.")] = False,
    report: Report = None,
) -> None:
    """Add users to groups, and create the groups that are missing.

    The command reads files from rollcall groups export, and CSV files with one column for the group and one for the
    user. It looks users up by id, then by userName, then by address. It removes no members and does not change the
    attributes of existing groups, so you can run it again after an interruption. With --report, correct the refused
    rows in that file and import it. Exits with 1 if a row was refused.
    """
    invocation = invocation_of(context)
    check_report(report, file, form)
    with ExitStack() as files:
        target = files.enter_context(private_file(report)) if report is not None else None
        source = files.enter_context(text_of(file, form, mapped, encoding))
        has_groups = invocation.deployment.accounts.show(account).settings.groups
        columns, header, rows = _rows(source, group)
        for column, meaning in columns.items():
            if not invocation.as_json:
                invocation.note(f"  {column} -> {meaning}")
        importer = MembershipImport(
            lambda: invocation.deployment.account(account, _SECONDS_OF_A_BATCH), new_id, now, dry_run
        )
        tally = _import(invocation, source, rows, importer)
        tally.refusals.sort(key=lambda refusal: refusal.line)
        if target is not None and report is not None:
            answers = [RefusedMembershipRow.model_validate(refusal) for refusal in tally.refusals]
            write_report(target, report, tally.refusals, answers, header)
    _answer(invocation, account, importer, tally, columns)
    _advise(invocation, account, tally, report, has_groups=has_groups)
    if code := exit_code(tally.refusals, tally.stopped):
        raise typer.Exit(code)


def _rows(source: Source, group: str | None) -> tuple[dict[str, str], list[str] | None, Iterator[Row]]:
    if source.form is Form.JSONL:
        return {}, None, json_memberships(source.text, group)
    return csv_memberships(source.text, source.mapping, group)


def _import(invocation: Invocation, source: Source, rows: Iterator[Row], importer: MembershipImport) -> _Tally:
    tally = _Tally()

    def work(reached: Callable[[int], None]) -> None:
        def read() -> Iterator[Row]:
            for row in rows:
                reached(row.line)
                yield row

        for outcome in importer.run(read()):
            if isinstance(outcome, RefusedMembership):
                tally.refusals.append(outcome)
            else:
                tally.counts[outcome] += 1

    tally.stopped = run_import(invocation, source.lines, work, has_header=source.form is Form.CSV)
    return tally


def _answer(
    invocation: Invocation, account: str, importer: MembershipImport, tally: _Tally, columns: dict[str, str]
) -> None:
    groups = sorted(importer.groups.values(), key=lambda each: each.group)
    created = sum(each.created for each in groups)
    added, unchanged = tally.counts[Membership.ADDED], tally.counts[Membership.UNCHANGED]
    changed = [each for each in groups if each.created or each.added]
    table = table_of("Group", "", "Users to add" if importer.dry_run else "Users added", "Members already")
    for each in changed[:_SHOWN]:
        table.add_row(plain(each.group), "new" if each.created else "", str(each.added), str(each.unchanged))
    verb = "Would be added" if importer.dry_run else "Added"
    invocation.answer(
        ImportedGroups(
            result="stopped" if tally.stopped else "checked" if importer.dry_run else "imported",
            account=account,
            dry_run=importer.dry_run,
            groups_created=created,
            added=added,
            unchanged=unchanged,
            refused=len(tally.refusals),
            reasons=dict(sorted(Counter(refusal.reason for refusal in tally.refusals).items())),
            columns=columns,
            groups=[ImportedGroup.model_validate(each) for each in groups],
            refusals=[RefusedMembershipRow.model_validate(refusal) for refusal in tally.refusals],
            stopped=tally.stopped or None,
        ),
        *([table] if changed else []),
        *([f"and {len(changed) - _SHOWN} more groups; --json has them all."] if len(changed) > _SHOWN else []),
        f"{verb} to {account}: {counted(created, 'group')}, {counted(added, 'membership')}. Already there: "
        f"{unchanged}. Refused: {counted(len(tally.refusals), 'row')}.",
    )


def _advise(invocation: Invocation, account: str, tally: _Tally, report: Path | None, *, has_groups: bool) -> None:
    show_refusals(invocation, tally.refusals, report)
    show_stopped(invocation, tally.stopped)
    if not has_groups:
        invocation.note(
            f"Groups are off for {account}, so its identity provider cannot reach them. Switch them on: "
            f"{remedies.groups_on(account)}"
        )
