"""Answers of `rollcall account invite`, `invites` and `uninvite`."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import RootModel

from domain.accounts.account import IdentityProvider, rfc3339
from domain.accounts.setup_links import LinkState, SetupLink
from operations.answers.accounts import AccountDone
from operations.answers.base import Answer


class InvitedAccount(AccountDone):
    """`rollcall account invite`."""

    id: str
    link: str
    """The complete link; no other command shows it."""
    expires_at: str
    idp: IdentityProvider | None


class ListedLink(Answer):
    """A set-up link, without its token."""

    account: str
    id: str
    state: LinkState
    """`used`: the link has shown the Connector Key; it still shows the progress of the set-up."""
    created_at: str
    created_by: str
    expires_at: str
    idp: IdentityProvider | None
    revealed_at: str | None

    @classmethod
    def of(cls, account: str, link: SetupLink, now: datetime) -> Self:
        """The link of an account, in its state at that time."""
        return cls(
            account=account,
            id=link.id,
            state=link.state(now),
            created_at=rfc3339(link.created_at),
            created_by=link.created_by,
            expires_at=rfc3339(link.expires_at),
            idp=link.idp,
            revealed_at=rfc3339(link.revealed_at) if link.revealed_at else None,
        )


class LinkList(RootModel[list[ListedLink]]):
    """`rollcall account invites`."""


class ClosedLinks(AccountDone):
    """`rollcall account uninvite`."""

    closed: list[str]
    """The ids of the revoked links."""
