"""`rollcall account resume` and `let-through`: end the pause of an account, or make an exception for one user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import typer

from adapters.dynamodb.guard import DynamoDBGuard
from cli.arguments import Name, Yes
from cli.invocation import Invocation, invocation_of
from cli.lost_access import lost_access_parts, lost_in_the_last_hour
from cli.root import UsageError
from cli.user_options import Email, UserId, UserName, chosen_user
from domain.accounts.account import rfc3339
from domain.accounts.deprovisioning import MAX_PASSES, minute_text
from operations.answers.accounts import ResumedAccount, UserLetThrough

_SECONDS: Final = 15.0


def resume(context: typer.Context, name: Name, yes: Yes = False) -> None:
    """End the pause of an account after too many users lost access, and start counting again.

    The command first shows who was deactivated or deleted in the last hour; rollcall activity --lost-access looks
    further back.
    """
    invocation = invocation_of(context)
    guard = _guard(invocation, name)
    before = guard.state()
    if guard.limit.is_closed:
        raise UsageError(
            f"The limit of {name} lets no user lose access, so there is nothing to resume; nothing was changed. Set "
            f"another limit: rollcall account set {name} deprovisioning-limit 20,10%."
        )
    lost = None
    if before.is_paused:
        lost = lost_in_the_last_hour(invocation, name)
        for part in lost_access_parts(lost):
            invocation.errors.print(part)
        invocation.confirm(
            f"Users of {name} who lost access in the last day: {before.used}. "
            f"Let the identity provider continue with {before.allowed} more?",
            yes,
        )
        # The answer to the question may have taken longer than the first guard has time.
        _guard(invocation, name).resume(invocation.deployment.actor(), rfc3339(datetime.now(UTC)))
    invocation.answer(
        ResumedAccount(
            result="resumed" if before.is_paused else "unchanged", account=name, last_day=before.used, lost_access=lost
        ),
        f"The identity provider of {name} can deactivate and delete users again."
        if before.is_paused
        else f"The account {name} is not paused ({before.used} of {before.allowed} in the last day); "
        "nothing was changed.",
    )


def let_through(
    context: typer.Context,
    name: Name,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
) -> None:
    """Let one user be deactivated or deleted once within a day while the account is paused.

    Use it for a dismissal that cannot wait. Other users stay protected until rollcall account resume.
    """
    invocation = invocation_of(context)
    guard = _guard(invocation, name)
    user = chosen_user(invocation, name, email, user_name, user_id)
    if sum(each.user_id != user.id for each in guard.state().let_through) >= MAX_PASSES:
        raise UsageError(
            f"{MAX_PASSES} users of {name} are already let through, the maximum. Wait until they have lost access, "
            f"or end the pause: rollcall account resume {name}."
        )
    passed = guard.let_through(user.id, invocation.deployment.actor())
    invocation.answer(
        UserLetThrough(result="let-through", account=name, user_id=user.id, until=rfc3339(passed.until)),
        f"The user {user.id} can be deactivated or deleted once, until {minute_text(passed.until)}. Have the "
        "identity provider send the change again.",
    )


def _guard(invocation: Invocation, name: str) -> DynamoDBGuard:
    limit = invocation.deployment.accounts.show(name).settings.deprovisioning_limit
    if limit is None:
        raise UsageError(
            f"The account {name} has no deprovisioning limit, so no user needs to be let through; nothing was changed."
        )
    return invocation.deployment.account(name, _SECONDS).guard(limit)
