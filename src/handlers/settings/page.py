"""The settings page as HTML for a custom widget of CloudWatch: no script, controls by `cwdb-action`.

CloudWatch runs a control's action by calling the function again with the JSON inside `cwdb-action`, after asking the
question in `confirmation`. The local server's script does the same, and adds what a widget cannot have.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from domain.accounts.account import Connector
from domain.accounts.consoles import console_setups
from handlers.pages import templates_of
from handlers.settings.listing import SORTS, Choice, Selection
from handlers.settings.view import AccountView, ConnectView, Control, InvitationView, SettingsView, ValuesView

_TEMPLATES: Final = templates_of("handlers.settings")
STYLE: Final = files("handlers.settings").joinpath("assets/settings.css").read_text(encoding="utf-8")
"""CloudWatch takes styles only inside of a widget, so every answer has it."""

_GUIDES: Final = {"jumpcloud": "docs/jumpcloud.md", "entra": "docs/entra-id.md", "okta": "docs/okta.md"}
"""The pages of the documentation, by identity provider."""


def page_html(view: SettingsView, theme: str) -> str:
    """Return the page, for a dashboard that is `light` or `dark`, or follows the computer (`auto`)."""
    return _rendered("page.html", theme, page=view)


def values_html(base_url: str, connector: Connector, title: str, theme: str) -> str:
    """Return the two values to paste, for the pop-up after Reveal and Rotate."""
    return _rendered("values.html", theme, title=title, values=values(base_url, connector))


def connect_html(base_url: str, connector: Connector, theme: str) -> str:
    """Return how to connect an identity provider, for a pop-up; with the masked key."""
    key = connector.current.key.masked
    curl = f'curl --header "Authorization: Bearer $CONNECTOR_KEY" "{base_url}/Users?count=1"'
    consoles = console_setups(base_url, key, groups=connector.settings.groups)
    return _rendered("connect.html", theme, connect=ConnectView(connector.account, consoles, curl), guides=_GUIDES)


def invitation_html(account: str, link: str, until: datetime, theme: str) -> str:
    """Return a set-up link that was just made, for a pop-up; it is shown this once."""
    view = InvitationView(account, link, f"{until.astimezone(UTC):%d %b %Y %H:%M} UTC")
    return _rendered("invitation.html", theme, invitation=view)


def values(base_url: str, connector: Connector) -> ValuesView:
    """Return the Base URL and the key of an account, and the fields in each identity provider that they belong in."""
    key = connector.current.key.text
    fields = []
    for console in console_setups(base_url, key, groups=connector.settings.groups):
        labels = {field.kind: field.label for field in console.form}
        fields.append((console.name, labels["base-url"], labels["key"]))
    return ValuesView(connector.account, base_url, key, tuple(fields))


def settings_view(
    base_url: str,
    endpoint: str,
    accounts: tuple[AccountView, ...] | None,
    choice: Choice,
    selection: Selection | None,
    **rest: Any,
) -> SettingsView:
    """Return the page of these accounts, and the controls that concern none of them; `rest` is as in `SettingsView`."""
    page, pages = (selection.page, selection.pages) if selection else (1, 1)
    return SettingsView(
        base_url,
        endpoint,
        accounts,
        choice,
        selection,
        SORTS,
        add=Control("add", "Enable SCIM", "Enable SCIM for the new account", {"action": "add"}, style="primary"),
        find=Control("find", "Search", "Search the accounts", {"action": "refresh"}),
        refresh=Control("refresh", "Refresh", "Refresh the accounts", {"action": "refresh", "page": page}),
        earlier=_turn("Previous page", page - 1) if page > 1 else None,
        later=_turn("Next page", page + 1) if page < pages else None,
        **rest,
    )


def _turn(label: str, page: int) -> Control:
    return Control(label.lower().replace(" ", "-"), label, f"{label} of accounts", {"action": "refresh", "page": page})


def _rendered(template: str, theme: str, **values: Any) -> str:
    known = theme if theme in ("dark", "auto") else "light"
    return _TEMPLATES.get_template(template).render(style=STYLE, theme=known, **values)
