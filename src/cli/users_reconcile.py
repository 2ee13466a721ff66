"""`rollcall users reconcile`: compare an identity provider's export with an account."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import replace
from typing import Annotated, Final

import typer

from cli.arguments import Account
from cli.invocation import Invocation, invocation_of
from cli.progress import with_progress
from cli.root import UsageError
from cli.roster_file import EncodingOption, File, FormOption, Map, opened
from cli.tables import table_of
from cli.wording import counted, harmless, plain
from operations.answers.records import Reconciled, ReconciledUser, Totals
from operations.roster import Difference, DifferenceKind, Reconciliation, RosterRow, guarded

_SECONDS: Final = 24 * 3600.0
_HEADER: Final = ("difference", "userName", "line", "id", "attributes", "detail")


def reconcile(
    context: typer.Context,
    file: File,
    *,
    account: Account = "default",
    form: FormOption = None,
    encoding: EncodingOption = None,
    mapped: Map = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="ATTRIBUTE", help="Do not compare this attribute, for example userName. Repeatable."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there is a difference.")] = False,
) -> None:
    """Compare an identity provider's export with an account.

    The command writes nothing. It reads unchanged exports of JumpCloud (Get-JCUser), Entra ID (Download users) and
    Okta. It matches users by userName, then by address, and compares only attributes that have a column in the file.
    Exits with 0 even if there are differences, unless you add --exit-code.
    """
    invocation = invocation_of(context)
    if as_csv and invocation.as_json:
        raise UsageError("Use either --csv or --json, not both.")
    with opened(file, form, mapped, encoding) as roster:
        invocation.deployment.accounts.show(account)
        rows, unreadable = [], []
        for row in roster.rows:
            if isinstance(row, RosterRow):
                rows.append(replace(row, origin=None))
            else:
                unreadable.append(Difference(DifferenceKind.UNREADABLE, row.user_name, row.line, detail=row.detail))
    reconciliation = Reconciliation(rows, roster.columns, ignore or ())
    store = invocation.deployment.account(account, _SECONDS).users
    findings: list[Difference] = []
    compared = 0
    for user in with_progress(invocation, store, "Comparing"):
        findings += reconciliation.compare(user)
        compared += 1
    findings += [*reconciliation.only_there(), *unreadable]
    _answer(invocation, account, {"there": len(rows) + len(unreadable), "here": compared}, findings, as_csv=as_csv)
    if exit_code and findings:
        raise typer.Exit(1)


def _answer(
    invocation: Invocation, account: str, totals: dict[str, int], findings: list[Difference], *, as_csv: bool
) -> None:
    kinds = list(DifferenceKind)
    findings.sort(key=lambda finding: (kinds.index(finding.kind), finding.user_name))
    if as_csv:
        readable = harmless if sys.stdout.isatty() else str
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(_HEADER)
        table.writerows([readable(guarded(cell)) for cell in _cells(finding)] for finding in findings)
        return
    counts = Counter(finding.kind for finding in findings)
    verdict = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind]) or "no difference"
    shown = table_of("Difference", "User name", "Line", "Id", "Attributes")
    for finding in findings:
        kind, name, line, user_id, attributes, detail = _cells(finding)
        shown.add_row(kind, plain(name), line, user_id, plain(attributes or detail))
    invocation.answer(
        Reconciled(
            account=account,
            users=Totals(**totals),
            counts={kind.value: counts[kind] for kind in kinds},
            differences=[ReconciledUser.of(finding) for finding in findings],
        ),
        *([shown] if findings else []),
        f"{counted(totals['there'], 'user')} there, {totals['here']} here in {account}: {verdict}.",
    )


def _cells(finding: Difference) -> tuple[str, ...]:
    line = "" if finding.line is None else str(finding.line)
    attributes = ", ".join(finding.attributes)
    return finding.kind.value, finding.user_name, line, finding.id or "", attributes, finding.detail
