"""`rollcall deploy`: what to know before a deployment, the check after it, and the adoption of what a stack left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from cli.account_view import instructions, values
from cli.arguments import Yes
from cli.doctor import examined, reported
from cli.invocation import Invocation, invocation_of
from cli.sentences import Labelled
from cli.wording import plain
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from operations.answers.deploying import AdoptedLeftovers, CheckedDeployment, DeploymentCheck, VerifiedDeployment
from operations.deploying.adoption import adopt as adopt_leftovers
from operations.deploying.adoption import adoptable, delete_log_groups
from operations.deploying.looks import Looked, Place
from operations.deploying.preflight import look, place_of
from operations.deploying.settings import DeploymentSettings, overrides, read_settings
from operations.deploying.stacks import delete_failed_first, is_failed_first
from operations.deployment import DeploymentError

_DEFAULT_SECTION: Final = "dev"
_MARKS: Final = {"ok": "[green]ok  [/green]", "note": "[yellow]note[/yellow]", "stop": "[red]STOP[/red]"}


class DeployGroup(TyperGroup):
    """The commands of a deployment; `rollcall deploy --check prod` is `rollcall deploy check prod`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the option --check for the command."""
        if "--check" in args:
            args = ["check", *(word for word in args if word != "--check")]
        return super().parse_args(ctx, args)


app: Final = typer.Typer(
    cls=DeployGroup,
    no_args_is_help=True,
    help="Check a deployment before and after; adopt resources that an earlier stack left.",
)

Section = Annotated[
    str | None, typer.Argument(metavar="SECTION", help="Section of samconfig.toml; default: dev.", show_default=False)
]
Parameters = Annotated[
    str, typer.Option(metavar="'NAME=VALUE ...'", help="Parameters that override those of the section.")
]


@app.callback()
def deploy() -> None:
    """Check a deployment before and after; adopt resources that an earlier stack left.

    `make deploy` runs prepare, builds, deploys, and runs verify.
    """


@app.command()
def check(context: typer.Context, section: Section = None, parameters: Parameters = "") -> None:
    """Check the AWS account before `make deploy`, without changing anything.

    A note does not block the deployment. A stop means that the deployment would fail or would change something that
    does not belong to it; the command then exits with 1. A check that the credentials do not allow is usually a note.
    `rollcall deploy --check` does the same.
    """
    invocation = invocation_of(context)
    place, looked = _looked(invocation, section, parameters)
    invocation.answer(_answer(place, looked), *_lines(looked))
    if _stops(looked):
        raise typer.Exit(1)


@app.command()
def prepare(context: typer.Context, section: Section = None, parameters: Parameters = "", yes: Yes = False) -> None:
    """Check, ask whether to deploy, and print the parameters for the SAM CLI.

    The command deletes the empty stack of a failed first deployment, because it would block the next one. `make deploy`
    runs this command before it builds.
    """
    invocation = invocation_of(context)
    place, looked = _looked(invocation, section, parameters)
    for line in _lines(looked):
        invocation.errors.print(line, soft_wrap=True)
    if _stops(looked):
        if invocation.as_json:
            invocation.answer(_answer(place, looked))
        raise DeploymentError("Nothing was deployed: fix the checks marked STOP above.")
    name = place.settings.stack_name
    try:
        invocation.confirm(f"Deploy the stack {name} to AWS account {place.account}, region {place.region}?", yes)
    except typer.Abort as abort:
        raise DeploymentError("Nothing was changed. Answer y, or run make deploy YES=1 (here: --yes).") from abort
    if place.stack is not None and is_failed_first(place.stack):
        invocation.note(f"Deleting the stack {name} of the failed first deployment")
        delete_failed_first(place.client("cloudformation"), name)
    if invocation.as_json:
        invocation.answer(_answer(place, looked))
    else:
        typer.echo(overrides(place.settings.parameters(place.chosen)))


@app.command()
def verify(context: typer.Context, section: Section = None) -> None:
    """Check a deployed service from outside, and show the values for the identity provider.

    The command runs the checks of rollcall doctor in the account rollcall-check, which no identity provider uses. It
    does not show the Connector Key; `rollcall account show default --reveal` does.
    """
    invocation = invocation_of(context)
    settings = _settings(invocation, section, "")
    place = place_of(settings, invocation.region, invocation.profile)
    on_stack = Invocation(
        settings.stack_name, place.region, invocation.profile or settings.profile, as_json=invocation.as_json
    )
    deployment = on_stack.deployment
    try:
        tried = deployment.accounts.show(RELEASE_CHECK_ACCOUNT)
        default = deployment.accounts.show("default")
    except (AdministrationError, ConnectorUnavailable) as error:
        why = error.remedy if isinstance(error, ConnectorUnavailable) else str(error)
        raise DeploymentError(
            f"The stack is deployed, with the Base URL {deployment.base_url}, but cannot be checked: {why}"
        ) from error
    checks = examined(deployment.base_url, tried.current.key.text)
    done, lines = reported(on_stack, checks, RELEASE_CHECK_ACCOUNT)
    if default.enabled:
        sheet = [
            *values(deployment.base_url, default.current.key.masked),
            *instructions(deployment.base_url, default.current.key.masked, default.settings, None),
            "",
            Labelled("To see the key:", f"rollcall{on_stack.options} account show default --reveal"),
        ]
    else:
        sheet = [
            "",
            Labelled("SCIM Connector Base URL:", deployment.base_url),
            "SCIM is off for the account default.",
            Labelled("To switch it on:", f"rollcall{on_stack.options} account enable default"),
        ]
    invocation.answer(
        VerifiedDeployment(
            ok=checks.ok,
            stack=settings.stack_name,
            base_url=deployment.base_url,
            scim_is_on=default.enabled,
            checks=done,
        ),
        *lines,
        *sheet,
    )
    if not checks.ok:
        raise typer.Exit(130 if checks.interrupted else 1)


@app.command()
def adopt(
    context: typer.Context,
    section: Section = None,
    users_table: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The table to adopt; default: the table that the earlier stack left."),
    ] = None,
    delete_logs: Annotated[
        bool, typer.Option("--delete-logs", help="Delete the log groups that cannot be adopted.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Create the stack with the table, secrets and logs that an earlier stack with the same name left.

    Users, keys and settings are unchanged. Then run `make deploy`, which adds the rest. For a table with another name,
    for example one restored from a backup, use [bold]--users-table[/bold].
    """
    invocation = invocation_of(context)
    settings = _settings(invocation, section, "")
    place = place_of(settings, invocation.region, invocation.profile)
    name = settings.stack_name
    left = adoptable(place.session, name)
    if left.unrestored:
        command = f"aws secretsmanager restore-secret --region {place.region} --secret-id"
        raise DeploymentError(f"A secret is marked for deletion. Restore it first: {command} {left.unrestored[0]}")
    nested = left.nested_log_groups
    if nested and not delete_logs:
        raise DeploymentError(
            f"The log groups {' and '.join(nested)} cannot be adopted and must not exist. Export the logs that you "
            "need, then add --delete-logs."
        )
    table = _one_table([one.name for one in left.tables], users_table, name)
    others = [*left.secrets, *(group for group in left.log_groups if group not in nested)]
    with_what = f" and {', '.join(others)}" if others else ""
    without = f", and delete {' and '.join(nested)}" if nested else ""
    invocation.confirm(f"Create the stack {name} around the table {table}{with_what}{without}?", yes)
    delete_log_groups(place.session, nested)
    invocation.note("CloudFormation is importing the resources; this takes a minute or two")
    adopted = adopt_leftovers(place.session, left, table, settings.value("EncryptionKeyArn"))
    invocation.answer(
        AdoptedLeftovers(stack=name, adopted=adopted),
        *(f"Adopted {plain(one)}" for one in adopted),
        f"Next: make deploy ENV={settings.section}",
    )


def _one_table(left: list[str], named: str | None, stack_name: str) -> str:
    if named is not None:
        return named
    if len(left) == 1:
        return left[0]
    if not left:
        raise DeploymentError(
            f"No table of {stack_name} was found. Deploy the stack, or name a table with --users-table."
        )
    raise DeploymentError(f"There is more than one table. Choose one with --users-table: {', '.join(left)}.")


def _settings(invocation: Invocation, section: str | None, parameters: str) -> DeploymentSettings:
    """The settings of the section; refuses options that name another stack than the section does."""
    if invocation.local:
        raise DeploymentError("--local cannot be used with rollcall deploy: leave it out.")
    settings = read_settings(Path.cwd(), section or _DEFAULT_SECTION, parameters)
    # The variable is for other commands, and may name another section's stack.
    if invocation.stack_name not in (settings.stack_name, "rollcall", os.environ.get("ROLLCALL_STACK")):
        raise DeploymentError(
            f"The section {settings.section} of samconfig.toml deploys the stack {settings.stack_name!r}, not "
            f"{invocation.stack_name!r}: leave out --stack, or add a section."
        )
    invocation.note_two_regions()
    return settings


def _looked(invocation: Invocation, section: str | None, parameters: str) -> tuple[Place, list[Looked]]:
    settings = _settings(invocation, section, parameters)
    place = place_of(settings, invocation.region, invocation.profile)
    return place, list(look(place, section_was_named=section is not None))


def _answer(place: Place, looked: list[Looked]) -> CheckedDeployment:
    return CheckedDeployment(
        ok=not _stops(looked),
        section=place.settings.section,
        stack=place.settings.stack_name,
        account=place.account,
        region=place.region,
        checks=[DeploymentCheck.model_validate(one) for one in looked],
        parameters=place.settings.parameters(place.chosen),
    )


def _stops(looked: list[Looked]) -> bool:
    return any(one.verdict == "stop" for one in looked)


def _lines(looked: list[Looked]) -> list[str]:
    lines: list[str] = []
    for one in looked:
        lines.append(f"{_MARKS[one.verdict]} {plain(one.name)}: {plain(one.seen)}")
        lines += [f"     {plain(one.remedy)}"] if one.remedy else []
    return lines
