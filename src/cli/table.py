"""`rollcall table`: check that users, their indexes and the counters agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.dynamodb.keys import unhashed
from cli.arguments import OneAccount, Yes
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.tables import table_of
from cli.wording import counted, plain
from operations.answers.records import CheckedAccount, CheckedTable, TableFinding
from operations.consistency.check import check_items
from operations.consistency.findings import Inconsistency, Problem

app: Final = typer.Typer(no_args_is_help=True, help="Check that users, their index items and the counters match.")

_SECONDS: Final = 24 * 3600.0
_SHOWN_CHARACTERS: Final = 80


@app.callback()
def table() -> None:
    """Check that users, their index items and the counters match."""


@dataclass
class _Checked:
    """The findings in an account."""

    account: str
    users: int = 0
    findings: list[Inconsistency] = field(default_factory=list)

    @property
    def unrepaired(self) -> list[Inconsistency]:
        return [finding for finding in self.findings if not finding.repaired]


@app.command()
def check(
    context: typer.Context,
    account: OneAccount = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair problems that have only one possible repair.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Check the index items and user counters of one account or all accounts.

    The command reads every item. The service can stay in use: changes made during the check are neither reported nor
    undone. Two users who share a value are never repaired automatically. Exits with 1 if a problem was not repaired.
    """
    invocation = invocation_of(context)
    if yes and not repair:
        raise UsageError("--yes only works with --repair.")
    accounts = _accounts(invocation, account)
    if repair:
        whose = f"the account {account}" if account is not None else f"all {len(accounts)} accounts"
        invocation.confirm(f"Repair the problems in {whose}?", yes)
    checked = list(_check(invocation, accounts, repair=repair))
    _answer(invocation, checked, repair=repair)
    if any(each.unrepaired for each in checked):
        raise typer.Exit(1)


def _accounts(invocation: Invocation, account: str | None) -> list[str]:
    if account is None:
        return [listed.account for listed in invocation.deployment.accounts.list_all()]
    invocation.deployment.require_account(account, _SECONDS)
    return [account]


def _check(invocation: Invocation, accounts: list[str], *, repair: bool) -> Iterator[_Checked]:
    shown = invocation.errors.is_terminal and not invocation.as_json
    bar = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=invocation.errors, transient=True, disable=not shown) as progress:
        for account in accounts:
            checked = _Checked(account)
            task = progress.add_task(account, total=None)
            for step in check_items(invocation.deployment.account(account, _SECONDS).items, repair=repair):
                if isinstance(step, Inconsistency):
                    checked.findings.append(step)
                    continue
                if step.stage == "users":
                    checked.users = step.done
                description = f"{account}: {step.stage}"
                progress.update(task, description=description, completed=step.done, total=step.expected)
            progress.remove_task(task)
            yield checked


def _answer(invocation: Invocation, checked: list[_Checked], *, repair: bool) -> None:
    found = [(each.account, finding) for each in checked for finding in each.findings]
    left = sum(len(each.unrepaired) for each in checked)
    shown = table_of("Account", "Problem", "Item", "Users", "Repaired")
    for account, finding in found:
        shown.add_row(
            account,
            finding.problem.value,
            plain(f"{finding.collection} {_readable(finding.sort_key)}"),
            " ".join(map(plain, finding.user_ids)),
            "yes" if finding.repaired else "no",
        )
    users = sum(each.users for each in checked)
    verdict = f"{counted(len(found), 'finding')}, {len(found) - left} repaired" if found else "everything matches"
    invocation.answer(
        CheckedTable(
            result="sound" if not found else "wrong" if left else "repaired",
            accounts=[
                CheckedAccount(
                    account=each.account, users=each.users, findings=list(map(TableFinding.of, each.findings))
                )
                for each in checked
            ],
        ),
        *([shown] if found else []),
        f"{counted(len(checked), 'account')}, {counted(users, 'user')}: {verdict}.",
    )
    problems = {finding.problem for each in checked for finding in each.unrepaired}
    if problems - {Problem.SHARED, Problem.UNREADABLE} and not repair:
        invocation.note(f"To repair it: rollcall{invocation.options} table check --repair")
    if Problem.UNREADABLE in problems:
        invocation.note(
            "The item of a user is damaged: copy it from a restored table "
            '(docs/runbook.md, "Restore from point-in-time recovery").'
        )
    if Problem.SHARED in problems:
        invocation.note(
            f"Two users share a value: look at both (rollcall{invocation.options} users show --account NAME --id "
            "ID), rename or delete one of them, then check again with --repair."
        )


def _readable(sort_key: str) -> str:
    """The start of the key, without the hash that replaces the end of a long value."""
    plain = unhashed(sort_key)[:_SHOWN_CHARACTERS]
    return plain if plain == sort_key else f"{plain}..."
