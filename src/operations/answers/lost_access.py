"""Answers about users who lost access."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from adapters.logs.lost_access import LostAccess
from domain.accounts.account import rfc3339
from domain.effects import LossKind
from operations.answers.base import Answer
from operations.names import Concerned, Names


class RefusedUser(Answer):
    """A user who kept access, because the account is paused."""

    at: str
    account: str
    user_id: str
    user_name: str | None
    """null when the user no longer exists, or the name was not looked up."""
    request_id: str
    """As in the log line."""


class LostUser(RefusedUser):
    """A user who lost access."""

    what: LossKind
    """`displaced` is a user who lost userName and all addresses."""


class LostAccessLately(Answer):
    """`rollcall activity --lost-access`: users who lost access, and users for whom this was refused, oldest first."""

    lost: list[LostUser]
    refused: list[RefusedUser]

    @classmethod
    def of(cls, found: Sequence[LostAccess], names: Names) -> Self:
        """The answer for what the log has."""
        lost, refused = [], []
        for each in found:
            name = names.of(Concerned("user", each.account, each.user_id))
            at = rfc3339(each.at)
            if each.what is None:
                refused.append(
                    RefusedUser(
                        at=at, account=each.account, user_id=each.user_id, user_name=name, request_id=each.request_id
                    )
                )
            else:
                lost.append(
                    LostUser(
                        at=at,
                        account=each.account,
                        user_id=each.user_id,
                        user_name=name,
                        request_id=each.request_id,
                        what=each.what,
                    )
                )
        return cls(lost=lost, refused=refused)
