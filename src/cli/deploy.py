"""`rollcall deploy`: what to know before a deployment, and the adoption of what an earlier stack left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.arguments import Yes
from cli.invocation import Invocation, invocation_of
from cli.wording import plain
from operations.answers.deploying import AdoptedLeftovers, CheckedDeployment, DeploymentCheck
from operations.deploying.adoption import adopt as adopt_leftovers
from operations.deploying.adoption import adoptable, nested_log_groups
from operations.deploying.preflight import Looked, Preflight
from operations.deploying.settings import read_settings
from operations.deployment import DeploymentError

app: Final = typer.Typer(no_args_is_help=True, help="Look before a deployment; adopt what an earlier stack left.")

Section = Annotated[str, typer.Argument(metavar="SECTION", help="Section of samconfig.toml: dev, prod, or yours.")]
Parameters = Annotated[
    str, typer.Option(metavar="'NAME=VALUE ...'", help="Parameters that go before those of the section.")
]
_MARKS: Final = {"ok": "[green]ok  [/green]", "note": "[yellow]note[/yellow]", "stop": "[red]STOP[/red]"}


@app.callback()
def deploy() -> None:
    """Look before a deployment; adopt what an earlier stack left."""


@app.command()
def check(
    context: typer.Context,
    section: Section,
    parameters: Parameters = "",
    ask: Annotated[bool, typer.Option("--ask", help="Then ask whether to deploy.")] = False,
    yes: Yes = False,
) -> None:
    """Look at the AWS account before `make deploy`, and change nothing.

    A note hinders nothing. With a stop, the deployment would fail, or take over what is not its own: exits with 1.
    What the credentials may not look at is a note.
    """
    invocation = invocation_of(context)
    settings = read_settings(Path.cwd(), section, parameters)
    preflight = Preflight(settings.session(*_on_aws(invocation)), settings)
    looked = list(preflight.run())
    ok = all(one.verdict != "stop" for one in looked)
    invocation.answer(
        CheckedDeployment(
            ok=ok,
            section=section,
            stack=settings.stack_name,
            account=preflight.account,
            region=preflight.region,
            checks=[DeploymentCheck.model_validate(one) for one in looked],
        ),
        *(line for one in looked for line in _lines(one)),
    )
    if not ok:
        raise typer.Exit(1)
    if ask and not invocation.as_json:
        where = f"AWS account {preflight.account}, {preflight.region}"
        invocation.confirm(f"Deploy the stack {settings.stack_name} to {where}?", yes)


@app.command("parameters")
def print_parameters(context: typer.Context, section: Section, parameters: Parameters = "") -> None:
    """Print the parameters that `make deploy` gives the SAM CLI, for programs.

    Those of the section, with Rollout in any case: what a deployment leaves out keeps its present value in the stack.
    """
    invocation_of(context)
    typer.echo(read_settings(Path.cwd(), section, parameters).overrides)


@app.command()
def adopt(
    context: typer.Context,
    section: Section,
    users_table: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table to adopt; default: the one that is left.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Create the stack around the table, secrets and logs that an earlier stack of its name left.

    Users, keys and settings stay as they are; run `make deploy` next, which adds the rest. For a table under another
    name, such as one restored from a backup, use [bold]--users-table[/bold].
    """
    invocation = invocation_of(context)
    settings = read_settings(Path.cwd(), section)
    session = settings.session(*_on_aws(invocation))
    name = settings.stack_name
    left = adoptable(session, name)
    if blocking := nested_log_groups(left):
        commands = " ".join(f"\n  aws logs delete-log-group --log-group-name {group}" for group in blocking)
        raise DeploymentError(f"These log groups cannot be adopted; export what you need of them, then: {commands}")
    tables = (users_table,) if users_table else left.tables
    if len(tables) != 1:
        raise DeploymentError(
            f"There is no table of {name}: deploy it, or name one with --users-table."
            if not tables
            else f"There is more than one table: choose with --users-table one of {', '.join(tables)}."
        )
    others = [*left.secrets, *left.log_groups]
    with_what = f" and {', '.join(others)}" if others else ""
    invocation.confirm(f"Create the stack {name} around the table {tables[0]}{with_what}?", yes)
    adopted = adopt_leftovers(session, left, tables[0])
    invocation.answer(
        AdoptedLeftovers(stack=name, adopted=adopted),
        *(f"Adopted {plain(one)}" for one in adopted),
        f"Next: make deploy ENV={section}",
    )


def _on_aws(invocation: Invocation) -> tuple[str | None, str | None]:
    """The region and profile of the options; says which region is meant when the environment names two."""
    if invocation.local:
        raise DeploymentError("--local is no deployment to AWS.")
    invocation.note_two_regions()
    return invocation.region, invocation.profile


def _lines(one: Looked) -> list[str]:
    shown = f"{_MARKS[one.verdict]} {plain(one.name)}: {plain(one.seen)}"
    return [shown] if one.remedy is None else [shown, f"     {plain(one.remedy)}"]
