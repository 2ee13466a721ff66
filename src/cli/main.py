"""`rollcall`: the operator's command."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Final

import typer

from cli import account, activity, deploy, doctor, events, groups, simulate, users
from cli import table as table_commands
from cli.invocation import Invocation
from cli.readable_help import HELP
from cli.root import Root

app: Final = typer.Typer(
    name="rollcall",
    cls=Root,
    no_args_is_help=True,
    context_settings={"help_option_names": HELP},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with [bold]rollcall account enable default[/bold], then [bold]rollcall doctor[/bold]. You can put "
    "these options anywhere on the command line. Exit codes: 0 done; 1 refused or failed; 2 wrong command line; "
    "130 interrupted.",
)
app.add_typer(account.app, name="account")
app.add_typer(users.app, name="users")
app.add_typer(groups.app, name="groups")
app.add_typer(table_commands.app, name="table")
app.add_typer(events.app, name="events")
app.add_typer(deploy.app, name="deploy")
app.command()(doctor.doctor)
app.command()(activity.activity)
app.command()(simulate.simulate)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rollcall {version('rollcall')}")
        raise typer.Exit


@app.callback()
def rollcall(
    context: typer.Context,
    *,
    stack: Annotated[
        str, typer.Option(metavar="NAME", envvar="ROLLCALL_STACK", help="CloudFormation stack.")
    ] = "rollcall",
    region: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="AWS region; default: AWS_REGION, then the region of the AWS CLI."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="AWS profile; default: the profile of the AWS CLI.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Use this table instead of the deployment's, for example one restored from a backup."
        ),
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Use the local server of `make run` instead of AWS.")] = False,
    local_port: Annotated[
        str | None,
        typer.Option(
            metavar="PORT", help="Use the local server on this port if several are running; or set ROLLCALL_LOCAL."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Operate Rollcall, a SCIM 2.0 service for user provisioning."""
    context.obj = Invocation(stack, region, profile, local or local_port is not None, as_json, table, local_port)


if __name__ == "__main__":
    app()
