"""`rollcall doctor`: check that an identity provider can activate an endpoint."""

from __future__ import annotations

import os
import re
import secrets
import sys
from dataclasses import replace
from typing import Annotated, Final

import httpx
import typer

from cli.arguments import Name
from cli.checks import (
    Check,
    CheckList,
    Endpoint,
    check_base_url,
    check_key,
    check_list,
    check_wrong_key,
    extensions_of_users,
)
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.wording import plain
from domain.accounts.connector_key import ConnectorKey
from domain.resources.user_schema import ENTERPRISE_URN
from handlers.jobs.group_smoke_test import GroupSmokeTest, check_no_groups, has_groups
from handlers.jobs.smoke_test import SmokeTest, check_discovery
from operations.answers.records import CheckLine, Diagnosis

# As long as an identity provider waits; API Gateway ends a request after 29 seconds.
_SECONDS: Final = 30.0
_ADDRESS: Final = re.compile(r"[^\s@\"\\]+@[^\s@\"\\]+")


def doctor(
    context: typer.Context,
    name: Name = "default",
    base_url: Annotated[
        str | None, typer.Option(help="Check this Base URL instead of the deployment's; asks for the key.")
    ] = None,
    test_email: Annotated[
        str | None,
        typer.Option(help="E-mail address of the test user, which no other user may have; default: a random one."),
    ] = None,
) -> None:
    """Check the service from outside with the requests that JumpCloud sends at Activate.

    The command creates, changes and deletes a test user, and a test group if groups are on. It deletes both even if a
    check fails. With [bold]--base-url[/bold], the Connector Key comes from the environment variable CONNECTOR_KEY or a
    prompt. Exits with 1 if a check fails.
    """
    invocation = invocation_of(context)
    if test_email is not None and _ADDRESS.fullmatch(test_email) is None:
        raise UsageError(f"--test-email {test_email!r} is not an e-mail address, for example name@example.com.")
    if base_url is None:
        base_url, key = invocation.deployment.base_url, invocation.deployment.accounts.show(name).current.key.text
    else:
        key = os.environ.get("CONNECTOR_KEY") or _asked_for_key()
    checks = examined(base_url, key, test_email)
    parsed = ConnectorKey.parse(key)
    _report(invocation, checks, base_url, parsed.account if parsed is not None else "NAME")
    if not checks.ok:
        raise typer.Exit(130 if checks.interrupted else 1)


def examined(base_url: str, key: str, email: str | None = None) -> CheckList:
    """Run all checks of an endpoint; `email` is the address of the test user, by default a random one."""
    checks = CheckList()
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=False) as client:
            examine(checks, Endpoint(client, base_url, key), email or _random_email())
    except KeyboardInterrupt:
        checks.interrupted = True
        checks.done.append(Check("All checks", False, "interrupted", "Run it again."))
    return checks


def _random_email() -> str:
    return f"rollcall-doctor-{secrets.token_hex(6)}@example.com"


def examine(checks: CheckList, endpoint: Endpoint, email: str) -> None:
    """Run all checks in order; after a failed one, skip those that depend on it."""
    base_url, key = endpoint.base_url, endpoint.key
    sound = checks.run("Base URL", lambda: check_base_url(base_url))
    whole = checks.run("Connector Key", lambda: check_key(key))
    if not (sound and whole) or not checks.run(
        "Service answers (ServiceProviderConfig)", lambda: check_discovery(endpoint)
    ):
        return
    checks.run("Another key is refused", lambda: check_wrong_key(endpoint, _other_key(key)))
    groups: list[bool] = []
    if checks.run("Resource types are served", lambda: _resource_types(endpoint, groups)) and not groups[0]:
        checks.run("Groups are off, and a SCIM 404", lambda: check_no_groups(endpoint))
    group = GroupSmokeTest(endpoint, f"rollcall-doctor-{secrets.token_hex(6)}") if groups == [True] else None
    # The deprovisioning limit does not count a user created just now, so a test user can always be deleted.
    if checks.run("Test Connection reads users", lambda: check_list(endpoint)):
        _run_smoke_test(checks, SmokeTest(endpoint, email, group=group))


def _resource_types(endpoint: Endpoint, groups: list[bool]) -> str:
    """Read the resource types; `groups` then says if Group is one. Name the declared extensions that are served."""
    groups.append(has_groups(endpoint))
    declared = [urn for urn in extensions_of_users(endpoint) if urn != ENTERPRISE_URN]
    return ("users and groups" if groups[0] else "users") + "".join(f", with {urn}" for urn in declared)


def _run_smoke_test(checks: CheckList, test: SmokeTest) -> None:
    """Run the steps up to the first that fails, and remove test user and group in any case, also on Ctrl-C."""
    try:
        for name, step in test.steps():
            if not checks.run(name, step):
                break
    finally:
        if test.group is not None and test.group.may_exist:
            checks.run("Test group is deleted after the failure", test.group.remove)
        if test.may_exist:
            checks.run("Test user is deleted after the failure", test.remove)


def _other_key(key: str) -> str:
    parsed = ConnectorKey.parse(key)
    account = parsed.account if parsed is not None else "default"
    return ConnectorKey.generate(account, secrets.token_bytes).text


def _asked_for_key() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "The Connector Key is missing: set the environment variable CONNECTOR_KEY, or run the command in a "
            "terminal, where it asks for the key."
        )
    return str(typer.prompt("Connector Key", hide_input=True, err=True))


def reported(invocation: Invocation, checks: CheckList, account: str) -> tuple[list[CheckLine], list[str]]:
    """The checks as an answer, and as lines for a person; their fixes have complete commands for the account."""
    lines: list[str] = []
    done = [replace(check, fix=with_commands(invocation, account, check.fix)) for check in checks.done]
    for check in done:
        mark = "[green]ok  [/green]" if check.ok else "[red]FAIL[/red]"
        lines.append(f"{mark} {plain(check.name)}: {plain(check.seen)}")
        if check.fix:
            lines.append(f"     [bold]Fix:[/bold] {plain(check.fix)}")
    return [CheckLine.model_validate(check) for check in done], lines


def _report(invocation: Invocation, checks: CheckList, base_url: str, account: str) -> None:
    done, lines = reported(invocation, checks, account)
    verdict = (
        "Ready: paste the Base URL and the Connector Key into the identity provider."
        if checks.ok
        else "Not ready: see the fixes above."
    )
    invocation.answer(
        Diagnosis(ok=checks.ok, base_url=base_url, checks=done),
        *lines,
        "",
        verdict,
    )


def with_commands(invocation: Invocation, account: str, fix: str | None) -> str | None:
    """The fix with complete commands, for this deployment and this account."""
    return None if fix is None else re.sub(r"(?<= )NAME\b(?!@)", account, invocation.with_options(fix))
