"""One account on the settings page: its facts in words, and its controls with the questions that they ask first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from adapters.logs.activity import AccountActivity
from adapters.logs.lost_access import LostAccess
from domain import remedies
from domain.accounts import group_management
from domain.accounts.account import Connector
from domain.accounts.deprovisioning import GuardState
from domain.accounts.key_age import KeyAge
from domain.accounts.key_age import Urgency as HowSoon
from domain.accounts.rate import DEFAULT_RATE
from domain.accounts.setup_links import DEFAULT_PERIOD, links_of
from handlers.settings.view import AccountView, Call, Control, OpenLink, Pause, PreviousKey, Urgency, Where

_URGENCIES: Final[dict[HowSoon, Urgency]] = {
    HowSoon.NOW: "bad",
    HowSoon.VERY_SOON: "warn",
    HowSoon.SOON: "warn",
}

_SHOWN: Final = 20
_ASKED: Final = 5
"""How many users the page and the question name at most."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What is known of an account; `connector` is None when its secret cannot be used."""

    account: str
    connector: Connector | None
    users: int | None
    activity: AccountActivity | None
    problem: str | None = None
    guard: GuardState | None = None
    lost: Sequence[LostAccess] | None = None
    """Of the last hour, of an account that is paused; None when the log cannot be read."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The userNames of those in `lost` who still exist, as far as they are known, by id."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of the local server about one account's users and failures."""

    users: Callable[[str], str]
    failures: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class AccountViews:
    """Makes the views. `reveals` is True if the page shows existing keys, `kept` what each call has to carry along."""

    now: datetime
    reveals: bool = True
    pages: Pages | None = None
    kept: Call | None = None
    invites: bool = False
    """True if set-up links can be made."""

    def view(self, row: AccountRow) -> AccountView:
        """Return the view of one account."""
        if row.connector is None:
            return AccountView(row.account, problem=row.problem or "The secret cannot be read.")
        activity, current, account = row.activity, row.connector.current, row.account
        age = KeyAge.of(row.connector, self.now)
        urgency = _URGENCIES.get(age.urgency, "")
        last_success = None if activity is None else _ago(activity.last_success, self.now) or "none in 24 h"
        is_new = activity is not None and activity.last_success is None
        is_empty = row.connector.enabled and row.users == 0 and is_new
        return AccountView(
            account,
            scim=self._scim(row.connector),
            groups=self._groups(row.connector),
            unusual=_unusual(row.connector),
            masked_key=current.key.masked,
            key_made=f"created {_date(current.created_at)} by {current.created_by.rsplit('/', 1)[-1]}",
            key_age=f"{age} old: rotate it" if urgency else "today" if age.days == 0 else f"{age} old",
            key_urgency=urgency,
            users="?" if row.users is None else f"{row.users:,}",
            users_at=Where(
                f"Users of {account}",
                self.pages.users(account) if self.pages else None,
                f"rollcall users list --account {account}",
            ),
            errors="?" if activity is None else f"{activity.errors:,}",
            has_errors=activity is not None and activity.errors > 0,
            errors_at=Where(
                f"Failures of {account}",
                self.pages.failures(account) if self.pages else None,
                f"{remedies.ACTIVITY} --account {account} --failed",
                "failures",
            ),
            last_success=last_success or "unknown",
            previous=_previous(row.connector, activity, self.now),
            pause=_pause(row),
            links=self._links(row.connector),
            is_empty=is_empty,
            controls=self._controls(row, row.connector, is_empty=is_empty),
        )

    def _call(self, action: str, account: str) -> Call:
        return {"action": action, "account": account} | (self.kept or {})

    def _scim(self, connector: Connector) -> Control:
        account = connector.account
        if connector.enabled:
            verb = "Disable SCIM"
            question = f"{verb} for {account}? Its identity provider gets 403 until SCIM is on again."
        else:
            verb = "Enable SCIM"
            question = f"{verb} for {account}? Its identity provider can change users again with the same key."
        return Control(
            f"scim-{account}",
            "SCIM",
            f"SCIM of {account}",
            self._call("disable" if connector.enabled else "enable", account),
            question,
            verb,
            "danger" if connector.enabled else "primary",
            on=connector.enabled,
        )

    def _groups(self, connector: Connector) -> Control:
        account, is_on = connector.account, connector.settings.groups
        return Control(
            f"groups-{account}",
            "Groups",
            f"Groups of {account}",
            self._call("groups-off" if is_on else "groups-on", account),
            group_management.question(account, switch_on=not is_on),
            f"Switch groups {'off' if is_on else 'on'}",
            "danger" if is_on else "primary",
            on=is_on,
        )

    def _controls(self, row: AccountRow, connector: Connector, *, is_empty: bool) -> tuple[Control, ...]:
        account, limit, guard = connector.account, connector.settings.deprovisioning_limit, row.guard
        found = []
        if guard is not None and guard.is_paused and limit is not None and not limit.is_closed:
            found.append(self._resume(row, guard))
        found.append(
            Control(
                f"connect-{account}",
                "Connect",
                f"Connect {account} to an identity provider",
                self._call("connect", account),
                style="primary" if is_empty else "",
                popup=True,
            )
        )
        if self.invites:
            found.append(self._invite(account))
        if self.reveals:
            question = f"Reveal the Connector Key of {account}? The page records who saw it."
            found.append(self._key("reveal", "Reveal key", account, question))
        found.append(self._key("rotate", "Rotate key", account, _rotation(connector, self.now)))
        if connector.previous_at(self.now) is not None:
            found.append(
                Control(
                    f"revoke-{account}",
                    "Revoke previous key",
                    f"Revoke previous key of {account}",
                    self._call("revoke", account),
                    f"Revoke the previous key of {account}? Requests that still use it will fail.",
                    "Revoke previous key",
                    "danger",
                )
            )
        return tuple(found)

    def _key(self, action: str, label: str, account: str, question: str) -> Control:
        name = f"{label} of {account}"
        return Control(f"{action}-{account}", label, name, self._call(action, account), question, label, popup=True)

    def _invite(self, account: str) -> Control:
        question = (
            f"Invite the administrator of {account}? This creates a link to the set-up page. The link works for "
            f"{DEFAULT_PERIOD.days} days and shows the Connector Key once."
        )
        name, verb = f"Invite administrator of {account}", "Invite administrator"
        return Control(f"invite-{account}", verb, name, self._call("invite", account), question, verb, popup=True)

    def _links(self, connector: Connector) -> tuple[OpenLink, ...]:
        account = connector.account
        return tuple(
            OpenLink(
                f"{link.id}, open until {link.expires_at.astimezone(UTC):%d %b %H:%M} UTC, created by "
                f"{link.created_by.rsplit('/', 1)[-1]}, key {'shown' if link.revealed_at else 'not shown yet'}",
                Control(
                    f"uninvite-{account}-{link.id}",
                    "Revoke link",
                    f"Revoke link {link.id} of {account}",
                    self._call("uninvite", account) | {"link": link.id},
                    f"Revoke the set-up link {link.id} of {account}? The link stops working; the key stays valid.",
                    "Revoke link",
                    "danger",
                ),
            )
            for link in links_of(connector)
            if link.is_open(self.now)
        )

    def _resume(self, row: AccountRow, guard: GuardState) -> Control:
        account = row.account
        question = (
            f"Resume deprovisioning for {account}? Users who lost access in the last day: "
            f"{guard.used}.{_in_the_last_hour(row)} Check which users the identity provider has in scope. After "
            f"Resume, {guard.allowed} more users can lose access."
        )
        name = f"Resume deprovisioning for {account}"
        return Control(
            f"resume-{account}", "Resume", name, self._call("resume", account), question, "Resume", "primary"
        )


def _pause(row: AccountRow) -> Pause | None:
    guard = row.guard
    if guard is None or not guard.is_paused:
        return None
    summary = f"Users who lost access in the last day, or since the last Resume: {guard.used:,}. "
    if guard.paused_until is None:
        summary += "The next deactivation or deletion is refused."
    else:
        summary += f"Further ones are refused until {guard.paused_until.astimezone(UTC):%d %b %H:%M} UTC."
    if row.lost is None:
        return Pause(summary)
    return Pause(summary, _some(row, _SHOWN, is_refused=False), _some(row, _SHOWN, is_refused=True))


def _some(row: AccountRow, most: int, *, is_refused: bool) -> tuple[tuple[str, ...], int]:
    """The last of those who lost access, or were refused that, each once, and the number of the others."""
    ids = dict.fromkeys(loss.user_id for loss in reversed(row.lost or ()) if loss.is_refused is is_refused)
    named = [f"{row.names[one]} ({one})" if one in row.names else one for one in ids]
    return tuple(named[:most]), max(0, len(named) - most)


def _in_the_last_hour(row: AccountRow) -> str:
    if row.lost is None:
        return f" To list them: {remedies.ACTIVITY} --account {row.account} --lost-access."
    some, more = _some(row, _ASKED, is_refused=False)
    if not some:
        return " None of them in the last hour."
    return f" In the last hour: {', '.join(some)}{f' and {more} more' if more else ''}."


def _rotation(connector: Connector, now: datetime) -> str:
    account = connector.account
    if connector.previous_at(now) is None:
        return f"Rotate the Connector Key of {account}? The current key works for 7 more days."
    return (
        f"Rotate the Connector Key of {account}? The previous key, which still works, is refused immediately. The "
        "current key works for 7 more days."
    )


def _unusual(connector: Connector) -> tuple[str, ...]:
    """The settings that differ from the defaults."""
    settings = connector.settings
    adopts = settings.match_existing_by_email
    return (
        *(["strict"] if settings.mode == "strict" else []),
        *(["matches by e-mail"] if adopts else []),
        *(["adopted users keep privileges"] if adopts and settings.adopted_keep_privileges else []),
        *(["does not take users back"] if not settings.take_back_deactivated else []),
        *([f"{settings.rate.per_second} requests per second"] if settings.rate != DEFAULT_RATE else []),
    )


def _previous(connector: Connector, activity: AccountActivity | None, now: datetime) -> PreviousKey | None:
    previous = connector.previous_at(now)
    if previous is None:
        return None
    used = _ago(activity.previous_key_used, now) if activity else None
    return PreviousKey(
        f"still used, {used}" if used else "not used in 24 h",
        f"accepted until {previous.expires_at.astimezone(UTC):%d %b %H:%M} UTC",
        used is not None,
    )


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y}"


def _ago(moment: datetime | None, now: datetime) -> str | None:
    if moment is None:
        return None
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"
