"""The names that users and groups have now, by the ids that log lines hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from botocore.exceptions import ClientError

from adapters.dynamodb import DynamoDBAccount
from adapters.logs.lines import Line
from domain.errors import ScimError
from operations.deployment import Deployment

Noun = Literal["user", "group"]
NOUNS: Final[tuple[Noun, ...]] = ("user", "group")
_SECONDS: Final = 15.0


class Concerned(NamedTuple):
    """A user or group that a line names."""

    noun: Noun
    account: str
    id: str


class NamesUnavailable(Exception):
    """The table gives no names; the message is one line for the operator, with what to do."""


@dataclass(frozen=True, slots=True)
class Names:
    """The userNames and displayNames found; `looked_up` is False where they were not asked for."""

    found: Mapping[Concerned, str] = field(default_factory=dict)
    looked_up: bool = False

    def of(self, concerned: Concerned) -> str | None:
        """The name; None for a user or group that no longer exists, or whose name was not looked up."""
        return self.found.get(concerned)


NO_NAMES: Final = Names()


def concerned_by(line: Line) -> list[Concerned]:
    """The user and the group that a line names."""
    return [
        Concerned(noun, str(line["account"]), str(line[f"{noun}_id"]))
        for noun in NOUNS
        if "account" in line and f"{noun}_id" in line
    ]


def names_of(deployment: Deployment, wanted: Iterable[Concerned]) -> Names:
    """Look the names up in the table, many at a time; raises `NamesUnavailable`."""
    ids: dict[tuple[Noun, str], list[str]] = {}
    for noun, account, one in dict.fromkeys(wanted):
        ids.setdefault((noun, account), []).append(one)
    found: dict[Concerned, str] = {}
    for (noun, account), several in ids.items():
        try:
            names = _names(deployment.account(account, _SECONDS), noun, several)
        except ScimError as error:
            raise NamesUnavailable(_why(error)) from error
        found |= {Concerned(noun, account, one): name for one, name in names.items()}
    return Names(found, looked_up=True)


def _names(account: DynamoDBAccount, noun: Noun, ids: list[str]) -> dict[str, str]:
    if noun == "group":
        return {each.id: str(each.attributes["displayName"]) for each in account.groups.get_many(ids)}
    return {each.id: str(each.attributes["userName"]) for each in account.users.get_many(ids)}


def _why(error: ScimError) -> str:
    cause = error.__cause__
    if isinstance(cause, ClientError):
        code = cause.response.get("Error", {}).get("Code", "")
        return (
            f"Names could not be read from the table ({code}), so only ids are shown. Your AWS credentials need "
            "GetItem and BatchGetItem on the table (docs/operations.md). --no-names shows only ids."
        )
    return f"Names could not be read from the table, so only ids are shown. {error.detail}"
