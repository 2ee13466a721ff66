"""The answer about attributes that no schema has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from domain.accounts.account import rfc3339
from domain.resources.attributes import ResourceType
from operations import unknown_attributes
from operations.answers.base import Answer


class UnknownAttribute(Answer):
    """An attribute that the account's identity provider sends but no schema declares."""

    account: str
    resource_type: Literal["User", "Group"]
    attribute: str
    """Its full name: an extension's with the URN, one of the core schema without."""
    first: str
    last: str
    """When it was first and last logged in the period; it is logged once a day."""
    days: int
    """The number of days (UTC) on which it was logged."""
    remedy: str


class UnknownAttributes(Answer):
    """`rollcall activity --unknown-attributes`: attributes that identity providers send but no schema declares."""

    attributes: list[UnknownAttribute]

    @classmethod
    def of(cls, found: Sequence[unknown_attributes.UnknownAttribute], users: ResourceType) -> Self:
        """The answer for what the log has; `users` is the type of users with all extensions that are declared."""
        return cls(
            attributes=[
                UnknownAttribute(
                    account=each.account,
                    resource_type="User" if each.noun == "user" else "Group",
                    attribute=each.name,
                    first=rfc3339(each.first),
                    last=rfc3339(each.last),
                    days=each.days,
                    remedy=unknown_attributes.remedy(each, users),
                )
                for each in found
            ]
        )
