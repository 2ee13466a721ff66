"""What the settings page shows, as values: its templates get these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from domain.accounts.consoles import ConsoleSetup
from handlers.settings.listing import Choice, Selection

Call = dict[str, Any]
"""The event with which a control calls the function."""
Urgency = Literal["", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Control:
    """A button that calls the function again with `call`, after `question` is answered with `verb`.

    `label` is what the eye sees; `name` says which account it is about. `on` is the state of a switch, None for a
    button. A `popup` shows the answer in its own window.
    """

    id: str
    label: str
    name: str
    call: Call
    question: str = ""
    verb: str = ""
    style: Literal["", "primary", "danger"] = ""
    popup: bool = False
    on: bool | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """Where to look further: `href` is a page of the local server; in CloudWatch there are only words for it."""

    name: str
    href: str | None
    command: str
    query: str = ""
    """A saved query of Logs Insights."""


@dataclass(frozen=True, slots=True)
class PreviousKey:
    """The key before the last rotation, while it is accepted."""

    usage: str
    until: str
    in_use: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Deprovisioning is paused: how many users lost access until when, and who lost it, or kept it, in the last hour.

    `lost` and `refused` are None when the log cannot be read; each has some users and how many there are besides.
    """

    summary: str
    lost: tuple[tuple[str, ...], int] | None = None
    refused: tuple[tuple[str, ...], int] | None = None


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A set-up link that opens the page still, in words, and the control that closes it."""

    summary: str
    revoke: Control


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account. `problem` is set instead of everything else when its secret cannot be used."""

    account: str
    problem: str | None = None
    scim: Control | None = None
    groups: Control | None = None
    unusual: tuple[str, ...] = ()
    masked_key: str = ""
    key_made: str = ""
    key_age: str = ""
    key_urgency: Urgency = ""
    users: str = ""
    users_at: Where | None = None
    errors: str = ""
    has_errors: bool = False
    errors_at: Where | None = None
    last_success: str = ""
    previous: PreviousKey | None = None
    pause: Pause | None = None
    is_empty: bool = False
    """True when nothing has come from an identity provider yet."""
    links: tuple[OpenLink, ...] = ()
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class ValuesView:
    """The two values to paste, and the names of the fields that they belong in: provider, of the URL, of the key."""

    account: str
    base_url: str
    key: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """A set-up link that was just made: this is the one time that it is shown."""

    account: str
    link: str
    until: str


@dataclass(frozen=True, slots=True)
class ConnectView:
    """How to connect an account's identity provider; the key is masked."""

    account: str
    consoles: tuple[ConsoleSetup, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The whole page; `endpoint` is the function that the controls call.

    `accounts` is None when they cannot be listed. `refused_name` is what was typed into the field, and `refusal` why it
    was refused. `made` has the values of an account that was just created.
    """

    base_url: str
    endpoint: str
    accounts: tuple[AccountView, ...] | None
    choice: Choice
    selection: Selection | None
    sorts: dict[str, str]
    add: Control
    find: Control
    refresh: Control
    earlier: Control | None
    later: Control | None
    note: str | None = None
    error: str | None = None
    refused_name: str = ""
    refusal: str | None = None
    made: ValuesView | None = None
