"""Answers of `rollcall account`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import RootModel

from adapters.secrets.accounts import ListedAccount
from domain.accounts.account import Connector, IdentityProvider, Mode, rfc3339
from domain.accounts.deprovisioning import GuardState, limit_as_text
from domain.accounts.key_age import KeyAge
from operations.answers.base import Answer, Done
from operations.answers.lost_access import LostAccessLately


class Changed(Answer):
    """Who made a change, and when."""

    at: str
    by: str


class LastChange(Answer):
    """The last change of the account by an operator."""

    what: str
    at: str
    by: str


class AccountSettings(Answer):
    """What `rollcall account set` sets."""

    mode: Mode
    match_existing_by_email: bool
    deprovisioning_limit: str
    """As in the command: 20, 20,10% or off."""
    adopted_keep_privileges: bool
    take_back_deactivated: bool
    requests_per_second: int
    groups: bool
    """True if the identity provider may manage groups."""
    idp: IdentityProvider | None
    """The identity provider that the account uses, if it is known."""
    extensions: Literal["all"] | list[str]
    """The URNs of the declared extensions that the account uses; an empty list means off."""


class Account(Answer):
    """An account, without its key."""

    account: str
    enabled: bool
    settings: AccountSettings
    key_created: Changed
    key_age_days: int | None
    previous_key_accepted_until: str | None
    last_change: LastChange

    @classmethod
    def of(cls, connector: Connector, **more: Any) -> Self:
        """The account of a connector; `more` are the members that a derived model adds."""
        now = datetime.now(UTC)
        settings, current, change = connector.settings, connector.current, connector.last_change
        previous = connector.previous_at(now)
        return cls(
            account=connector.account,
            enabled=connector.enabled,
            settings=AccountSettings(
                mode=settings.mode,
                match_existing_by_email=settings.match_existing_by_email,
                deprovisioning_limit=limit_as_text(settings.deprovisioning_limit),
                adopted_keep_privileges=settings.adopted_keep_privileges,
                take_back_deactivated=settings.take_back_deactivated,
                requests_per_second=settings.rate.per_second,
                groups=settings.groups,
                idp=settings.idp,
                extensions="all" if settings.extensions is None else list(settings.extensions),
            ),
            key_created=Changed(at=rfc3339(current.created_at), by=current.created_by),
            key_age_days=KeyAge.of(connector, now).days,
            previous_key_accepted_until=rfc3339(previous.expires_at) if previous else None,
            last_change=LastChange(what=change.action, at=rfc3339(change.at), by=change.by),
            **more,
        )


class LetThrough(Answer):
    """A user who may lose access although the account is paused."""

    user_id: str
    until: str
    by: str


class Deprovisioning(Answer):
    """How much of the account's deprovisioning limit is used."""

    last_day: int
    allowed: int
    paused: bool
    paused_until: str | None
    let_through: list[LetThrough]

    @classmethod
    def of(cls, guard: GuardState) -> Self:
        """The use that a guard's state shows."""
        return cls(
            last_day=guard.used,
            allowed=guard.allowed,
            paused=guard.is_paused,
            paused_until=rfc3339(guard.paused_until) if guard.paused_until else None,
            let_through=[
                LetThrough(user_id=each.user_id, until=rfc3339(each.until), by=each.by) for each in guard.let_through
            ],
        )


class AccountWithKey(Account):
    """An account with what to paste into its identity provider; the key is masked unless it is new or revealed."""

    base_url: str
    connector_key: str


class EnabledAccount(AccountWithKey, Done):
    """`rollcall account enable`, `rollcall account rotate-key`."""


class ShownAccount(AccountWithKey):
    """`rollcall account show`."""

    deprovisioning: Deprovisioning | None
    """null when the account has no limit, or its state cannot be read."""
    lost_access: LostAccessLately | None
    """Of the last hour; null when the record of requests cannot be read."""


class ConfiguredAccount(Account, Done):
    """`rollcall account set`."""


class UnusableAccount(Answer):
    """An account whose secret cannot be used."""

    account: str
    problem: str
    remedy: str | None


class AccountList(RootModel[list[Account | UnusableAccount]]):
    """`rollcall account list`."""

    @classmethod
    def of(cls, listed: list[ListedAccount]) -> Self:
        """The answer for the listed accounts."""
        return cls([_listed(each) for each in listed])


def _listed(each: ListedAccount) -> Account | UnusableAccount:
    if each.connector is not None:
        return Account.of(each.connector)
    if each.problem is None:
        return UnusableAccount(account=each.account, problem="unusable", remedy=None)
    return UnusableAccount(account=each.account, problem=each.problem.reason, remedy=each.problem.remedy)


class AccountDone(Done):
    """`rollcall account revoke-previous`."""

    account: str


class DisabledAccount(AccountDone):
    """`rollcall account disable`."""

    enabled: Literal[False] = False


class DeletedAccount(AccountDone):
    """`rollcall account delete`."""

    users_deleted: int
    groups_deleted: int
    memberships_ended: int


class ResumedAccount(AccountDone):
    """`rollcall account resume`."""

    last_day: int
    """How many users lost access in the last day."""
    lost_access: LostAccessLately | None
    """Of the last hour; null when the account was not paused, or the record of requests cannot be read."""


class UserLetThrough(AccountDone):
    """`rollcall account let-through`."""

    user_id: str
    until: str
