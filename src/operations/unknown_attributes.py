"""Attributes that identity providers send and no schema has, from the log lines that name them.

A container names an attribute once a day for an account (`handlers.container.repetitions`), so several may on one day;
here an attribute of an account counts once for each day, by UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.logs.lines import Line, time_of
from adapters.logs.lost_access import MAX_LINES
from domain import remedies
from domain.resources.attributes import ResourceType
from domain.resources.paths import resolve

FIELDS: Final = {"user": "unknown_user_attributes", "group": "unknown_group_attributes"}
"""The fields of a request's line, by the noun of the resource type."""
REMEDY: Final = {
    "user": "Declare it in schemas/ (docs/extensions.md) and deploy, or remove its mapping in the identity provider.",
    "group": "Remove its mapping in the identity provider.",
}
"""What to do, by the noun of the resource type."""


@dataclass(frozen=True, slots=True)
class UnknownAttribute:
    """An attribute that no schema has, as the identity provider of an account sends it; `days` is at least 1."""

    account: str
    noun: str
    """Of its resource type: `user` or `group`."""
    name: str
    first: datetime
    last: datetime
    days: int


def remedy(attribute: UnknownAttribute, users: ResourceType) -> str:
    """What to do; `users` is the type of users with all extensions that are declared."""
    if attribute.noun == "user" and resolve(attribute.name, users) is not None:
        return (
            "It is declared in schemas/: deploy the declaration. If its extension is off for the account, switch it "
            f"on: {remedies.extensions_on(attribute.account)}."
        )
    return REMEDY[attribute.noun]


def query(account: str | None) -> str:
    """The query of Logs Insights for the lines that `unknown_attributes` reads, of one account or of all."""
    of_account = "" if account is None else f" and account = {json.dumps(account)}"
    return (
        f'fields @message | filter message = "request"{of_account} '
        f'and @message like /"({"|".join(FIELDS.values())})":/ | sort @timestamp desc | limit {MAX_LINES}'
    )


def names_in(line: Line) -> dict[str, list[str]]:
    """The attributes that a line names, by the noun of their resource type; empty where it names none."""
    return {noun: [str(name) for name in line[field]] for noun, field in FIELDS.items() if line.get(field)}


def unknown_attributes(lines: Iterable[Line], account: str | None, since: datetime) -> list[UnknownAttribute]:
    """The attributes that lines name, by account, resource type and name, each once.

    Names are compared without regard to case (RFC 7643 section 2.1). Lines of other accounts, or written before
    `since`, are skipped.
    """
    named: dict[tuple[str, str, str], dict[datetime, str]] = {}
    for of_account, noun, name, at in _named(lines):
        if at >= since and account in (None, of_account):
            named.setdefault((of_account, noun, name.lower()), {})[at] = name
    return [
        UnknownAttribute(
            of_account, noun, at[max(at)], min(at), max(at), len({each.astimezone(UTC).date() for each in at})
        )
        for (of_account, noun, _), at in sorted(named.items())
    ]


def _named(lines: Iterable[Line]) -> Iterator[tuple[str, str, str, datetime]]:
    for line in lines:
        if line.get("message") == "request" and "account" in line:
            for noun, names in names_in(line).items():
                yield from ((line["account"], noun, name, time_of(line)) for name in names)
