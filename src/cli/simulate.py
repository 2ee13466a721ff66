"""`rollcall simulate`: play an identity provider against an endpoint, and check what the endpoint keeps."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.arguments import Account, Yes
from cli.checks import check_base_url
from cli.doctor import with_commands
from cli.invocation import Invocation, invocation_of, output
from cli.root import UsageError
from cli.root import report as report_error
from cli.tables import table_of
from cli.wording import counted, harmless, plain
from domain.accounts.connector_key import ConnectorKey
from handlers.jobs.checks import CheckFailed
from operations.answers.simulation import Simulated
from operations.simulation import (
    ALL,
    MAX_USERS,
    AccountBackstage,
    Exchange,
    InvalidSettings,
    Outcome,
    Refused,
    Step,
)
from operations.simulation import Progress as Reached
from operations.simulation import simulate as play

_SECONDS: Final = 60.0
_DIFFERENCES_SHOWN: Final = 20
_NO_ONE: Final = "00000000-0000-4000-8000-000000000000"
"""The id in requests about users and groups that do not exist."""
_CHARACTERS_SHOWN: Final = 2_000
"""Of a body, with --verbose."""


class Provider(StrEnum):
    """The identity providers."""

    JUMPCLOUD = "jumpcloud"
    ENTRA = "entra"
    OKTA = "okta"


class Scenario(StrEnum):
    """What happens in the simulated directory."""

    ALL = ALL
    FIRST_SYNC = "first-sync"
    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"
    GROUPS = "groups"
    MASS_LEAVE = "mass-leave"


_SCENARIOS: Final = f"What happens in the simulated directory: {', '.join(Scenario)}."


def simulate(
    context: typer.Context,
    provider: Annotated[Provider, typer.Argument(help="The identity provider.")],
    *,
    scenario: Annotated[Scenario, typer.Option(metavar="NAME", help=_SCENARIOS)] = Scenario.ALL,
    users: Annotated[int, typer.Option(min=1, max=MAX_USERS, help="How many users first-sync creates.")] = 20,
    account: Account = "default",
    base_url: Annotated[
        str | None, typer.Option(help="Send to this SCIM Base URL instead of the deployment's.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="CONNECTOR_KEY", help="The key for --base-url; asks if missing.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed for the fictional users: another number gives other users.")
    ] = 1,
    run: Annotated[
        str | None, typer.Option(metavar="NAME", help="Continue that run, or name a new one; default: a random name.")
    ] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Delete the run's users and groups at the end.")] = False,
    into_existing: Annotated[
        bool,
        typer.Option("--into-existing", help="Allow an endpoint that has other users; they are not changed."),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show each request and its answer.")] = False,
    yes: Yes = False,
) -> None:
    """Simulate an identity provider with requests that were recorded from it.

    The command then compares every user and group of the run with the simulated directory. The users are fictional,
    with addresses at simulated.example; no other user is changed. Exits with 1 if an answer is wrong or a user or group
    differs.

    rollcall --local simulate jumpcloud

    rollcall --local simulate entra --scenario first-sync --users 10000

    rollcall simulate okta --stack rollcall-dev --account test --clean
    """
    invocation = invocation_of(context)
    url, key, backstage = _endpoint(invocation, account, base_url, key)
    if not _is_this_machine(url):
        invocation.confirm(f"Create simulated users at {url} ({_whose(account, base_url)})?", yes)
    with _shown(invocation, verbose=verbose) as report:
        try:
            outcome = play(
                url,
                key,
                provider.value,
                scenario.value,
                users,
                seed=seed,
                run=run,
                report=report,
                clean_up=clean,
                into_existing=into_existing,
                backstage=backstage,
            )
        except InvalidSettings as error:
            raise UsageError(str(error)) from error
        except Refused as error:
            report_error(str(error), 1, as_json=invocation.as_json)
            raise typer.Exit(1) from error
    parsed = ConnectorKey.parse(key)
    _answer(invocation, outcome, url, parsed.account if parsed is not None else account)
    if not outcome.cleaned and _was_reached(outcome):
        _say_how_to_continue(invocation, outcome, account, base_url)
    if not outcome.ok:
        raise typer.Exit(130 if outcome.interrupted else 1)


def _endpoint(
    invocation: Invocation, account: str, base_url: str | None, key: str | None
) -> tuple[str, str, AccountBackstage | None]:
    """Base URL, key, and the operator's side, which an endpoint given by its address has not."""
    if base_url is None:
        deployment = invocation.deployment
        shown = deployment.accounts.show(account)
        backstage = AccountBackstage(
            lambda: deployment.account(account, _SECONDS), shown.settings.deprovisioning_limit, deployment.actor
        )
        return deployment.base_url, shown.current.key.text, backstage
    try:
        check_base_url(base_url)
    except CheckFailed as failure:
        raise UsageError(f"--base-url: {failure.seen}. {failure.fix}") from failure
    key = key or _asked_for_key()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("The Connector Key has characters that are not allowed in a header: copy it again.")
    return base_url, key, None


def _asked_for_key() -> str:
    if not sys.stdin.isatty():
        raise UsageError("The Connector Key is missing: set the environment variable CONNECTOR_KEY, or add --key.")
    return str(typer.prompt("Connector Key", hide_input=True, err=True))


def _whose(account: str, base_url: str | None) -> str:
    return f"account {account}" if base_url is None else "an endpoint of your choice"


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _shown(invocation: Invocation, *, verbose: bool) -> Iterator[Any]:
    """Show on standard error how far it is, on a terminal; with `verbose` each request instead."""
    shown = invocation.errors.is_terminal and not invocation.as_json and not verbose
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=invocation.errors, transient=True, disable=not shown) as progress:
        task = progress.add_task("", total=None)

        def report(event: Reached | Exchange) -> None:
            if isinstance(event, Reached):
                text = f"{event.scenario}: {event.label}" if event.label != event.scenario else event.label
                progress.update(task, description=text, completed=event.done, total=event.total or None)
            elif verbose:
                _show(invocation, event)

        yield report


def _show(invocation: Invocation, exchange: Exchange) -> None:
    lines = [f"{exchange.method} {exchange.target} -> {exchange.status or exchange.answer}"]
    if exchange.body is not None:
        lines.append(f"  > {json.dumps(exchange.body, ensure_ascii=False)}")
    if exchange.status and exchange.answer:
        lines.append(f"  < {exchange.answer}")
    for line in lines:
        cut = line if len(line) <= _CHARACTERS_SHOWN else f"{line[:_CHARACTERS_SHOWN]} ..."
        invocation.errors.print(harmless(cut), markup=False, soft_wrap=False)


def _answer(invocation: Invocation, outcome: Outcome, url: str, account: str) -> None:
    def said(text: str) -> str:
        return with_commands(invocation, account, text) or ""

    table = _table(outcome.steps, is_grouped=output().is_terminal)
    failed = [step for step in outcome.steps if not step.ok]
    parts: list[RenderableType] = [table, "", *(line for step in failed for line in _explained(step, said))]
    parts += _differences(outcome)
    parts += [f"[yellow]Note:[/yellow] {plain(said(note))}" for note in outcome.notes]
    answer = Simulated.of(outcome, url)
    answer.notes = [said(note) for note in outcome.notes]
    for line in answer.steps:
        line.remedy = said(line.remedy)
    invocation.answer(answer, *parts, _verdict(outcome))


def _was_reached(outcome: Outcome) -> bool:
    """True if the endpoint answered, so that it may keep users of the run."""
    return any(status.isdigit() for step in outcome.steps for status in step.status.split(", "))


def _say_how_to_continue(invocation: Invocation, outcome: Outcome, account: str, base_url: str | None) -> None:
    options = f"{outcome.profile} --run {outcome.run} --seed {outcome.seed}"
    again = f" --scenario {outcome.scenarios[0]}" if len(outcome.scenarios) == 1 else ""
    whose = "" if account == "default" else f" --account {account}"
    where = whose if base_url is None else f" --base-url {shlex.quote(base_url)}"
    invocation.note(
        "The run's users are kept. To continue the run and delete them at the end: rollcall simulate "
        f"{options}{again}{where} --clean"
    )


def _table(steps: Sequence[Step], *, is_grouped: bool) -> Table:
    """The steps; `is_grouped` puts each scenario on its own line above them, for a terminal of 80 columns."""
    headers = ("Step", "Request", "Sent", "Answer", "Result")
    table = table_of(*headers) if is_grouped else table_of("Scenario", *headers)
    before = ""
    for step in steps:
        if is_grouped and step.scenario != before:
            table.add_row(f"[bold]{step.scenario}[/bold]")
            before = step.scenario
        result = "[green]ok[/green]" if step.ok else f"[red]FAILED[/red] {step.failed} of {step.sent or 1}"
        request = plain(step.request.replace(_NO_ONE, "{id}"))
        row = (plain(step.name), request, str(step.sent or ""), step.status, result)
        table.add_row(*(row if is_grouped else (step.scenario, *row)))
    return table


def _explained(step: Step, said: Any) -> Iterator[str]:
    yield f"[red]FAILED[/red] {step.scenario}, {plain(step.name)}: {plain(step.reason)}"
    yield f"       [bold]Fix:[/bold] {plain(said(step.remedy))}"


def _differences(outcome: Outcome) -> list[RenderableType]:
    if not outcome.differences:
        return []
    table = table_of("User or group", "Attribute", "In the directory", "At the endpoint")
    for each in outcome.differences[:_DIFFERENCES_SHOWN]:
        table.add_row(plain(each.resource), plain(each.attribute), _value(each.expected), _value(each.found))
    more = len(outcome.differences) - _DIFFERENCES_SHOWN
    return [table, *([f"and {counted(more, 'difference')} more (--json has all)"] if more > 0 else []), ""]


def _value(value: Any) -> str:
    return "-" if value is None else plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _verdict(outcome: Outcome) -> str:
    sent = f"{counted(outcome.requests, 'request')} in {outcome.seconds:.0f} s"
    if outcome.interrupted:
        return f"Interrupted after {sent}; nothing was compared."
    if outcome.ok:
        groups = "" if outcome.groups is None else f" and {counted(outcome.groups, 'group')}"
        return (
            f"Everything matches: {sent}, and the endpoint has {counted(outcome.users or 0, 'user')}{groups}, like "
            "the simulated directory."
        )
    wrong = counted(sum(not step.ok for step in outcome.steps), "step")
    return f"Problems found: {wrong} failed, {counted(len(outcome.differences), 'difference')} ({sent})."
