"""`rollcall activity --unknown-attributes`: what identity providers send and no schema has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from adapters.environment import declared_user_type
from cli.duration import parse_duration
from cli.invocation import Invocation
from cli.tables import table_of
from cli.wording import plain
from operations.answers.unknown_attributes import UnknownAttributes

SINCE: Final = "7d"
"""How far to look back unless the operator says: each attribute is named once a day."""


def show_unknown_attributes(invocation: Invocation, account: str | None, since: str, seconds: float) -> None:
    """Show the attributes, of one account or all; raises `ActivityUnavailable`.

    Where there are none, the account is looked up within `seconds`, and `DeploymentError` raised if there is none.
    """
    found = invocation.deployment.activity.unknown_attributes(
        account, datetime.now(UTC) - parse_duration(since, "--since")
    )
    answer = UnknownAttributes.of(found, declared_user_type())
    table = table_of("Account", "Resource", "Attribute", "Last named", "Days", "What to do")
    for each in answer.attributes:
        cells = (
            each.account,
            each.resource_type,
            each.attribute,
            each.last,
            str(each.days),
            invocation.with_options(each.remedy),
        )
        table.add_row(*(plain(cell) for cell in cells))
    invocation.answer(answer, *[table] if found else [])
    if not found:
        if account is not None:
            invocation.deployment.require_account(account, seconds)
        of = "" if account is None else f" of {account}"
        invocation.note(f"No request{of} had an undeclared attribute in the last {since}; --since looks further back.")
