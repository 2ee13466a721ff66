"""Decide whether a person may sign in, and with which roles.

    python login.py ACCOUNT userName|email|externalId VALUE [--roles roles.json]

prints the answer as JSON and exits with 0 if the person may sign in, 1 if not, 2 for a mistake in the call. Your
application calls `sign_in` instead, after its identity provider's assertion or token was verified.

Needs `TABLE_NAME` in the environment, the output TableName of Rollcall's stack, and the right to read the table
(docs/use-it.md).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import boto3

from reading import Group, User, Users, unique_form

Carries = Literal["userName", "email", "externalId"]
"""The attribute that a verified assertion names a person by."""

# region name-id
CARRIES: dict[str, Carries] = {
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress": "email",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified": "userName",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent": "externalId",
}
"""What a NameID of each format most likely carries; keep it for each customer's connection, where you can change it.
A transient NameID names no one: refuse it."""
# endregion


class Refused(Exception):
    """The person may not sign in; the message is the reason, for your log and not for the person."""


@dataclass(frozen=True)
class Roles:
    """Roles by the displayName of a group, and those that every active user has."""

    of_groups: Mapping[str, Iterable[str]]
    of_everyone: Iterable[str] = ()

    @classmethod
    def from_file(cls, path: Path) -> Roles:
        """Read a file such as roles.json; raises ValueError where roles are no list."""
        said = json.loads(path.read_text(encoding="utf-8"))
        for name, roles in {"everyone": said.get("everyone", []), **said.get("groups", {})}.items():
            if not isinstance(roles, list):  # the letters of a text would pass for roles
                raise ValueError(f"{path}: write the roles of {name} as a list")
        return cls(said.get("groups", {}), said.get("everyone", ()))

    # region roles
    def of(self, groups: Iterable[Group]) -> list[str]:
        """Return the roles of a user in these groups; a group that is not listed gives none."""
        listed = {unique_form(name): roles for name, roles in self.of_groups.items()}
        mine = (listed.get(unique_form(group.display_name), ()) for group in groups)
        return sorted({*self.of_everyone, *(role for roles in mine for role in roles)})

    # endregion


@dataclass(frozen=True)
class Login:
    """What a session keeps: who signed in, at which version, with which roles."""

    user_id: str
    version: int
    user_name: str
    roles: list[str]


# region sign-in
def sign_in(users: Users, roles: Roles, carries: Carries, value: str) -> Login:
    """Return what the session keeps. Raises Refused, or boto3's errors: then no one signs in.

    `value` is what the verified assertion says; `carries` is whether that is a userName, an email or an externalId.
    """
    user = find(users, carries, value)
    if not user.active:
        raise Refused("inactive")
    return Login(user.id, user.version, user.user_name, roles.of(users.groups_of(user.id)))


def find(users: Users, carries: Carries, value: str) -> User:
    """Return the one user; raises Refused if there is none, or if there are several."""
    if carries == "externalId":
        found = users.by_external_id(value)
        if len(found) > 1:
            raise Refused("several users have this externalId")
        user = found[0] if found else None
    elif carries == "email":
        user = users.by_email(value)
    else:
        user = users.by_user_name(value)
    if user is None:
        raise Refused("no such user")
    return user


# endregion


def main() -> int:
    """Answer for the command line."""
    arguments = argparse.ArgumentParser(description="May this person sign in, and with which roles?")
    arguments.add_argument("account")
    arguments.add_argument("carries", choices=["userName", "email", "externalId"])
    arguments.add_argument("value")
    arguments.add_argument("--roles", type=Path, default=Path(__file__).with_name("roles.json"))
    asked = arguments.parse_args()
    table_name = os.environ.get("TABLE_NAME") or arguments.error("set TABLE_NAME, the output of Rollcall's stack")
    users = Users(table_name, asked.account, boto3.client("dynamodb"))
    answer: dict[str, Any]
    try:
        answer = {"allowed": True, **asdict(sign_in(users, Roles.from_file(asked.roles), asked.carries, asked.value))}
    except Refused as refusal:
        answer = {"allowed": False, "reason": str(refusal)}
    print(json.dumps(answer, ensure_ascii=False))
    return 0 if answer["allowed"] else 1


if __name__ == "__main__":
    sys.exit(main())
