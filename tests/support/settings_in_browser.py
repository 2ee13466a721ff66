"""The settings page in a browser: its controls by role and name, and requests to the service behind it."""

from __future__ import annotations

import httpx
from playwright.sync_api import Locator, Page

from domain.accounts.connector_key import ConnectorKey
from local.service import LocalService

URN = "urn:ietf:params:scim:schemas:core:2.0:User"


def card(page: Page, account: str) -> Locator:
    """The card of an account."""
    return page.get_by_role("listitem", name=account, exact=True)


def button(page: Page, name: str) -> Locator:
    """A button by its whole name."""
    return page.get_by_role("button", name=name, exact=True)


def switch(page: Page, name: str) -> Locator:
    """A switch by its whole name."""
    return page.get_by_role("switch", name=name, exact=True)


def confirm(page: Page, verb: str) -> None:
    """Press a button of the dialog."""
    page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()


def fact(page: Page, account: str, name: str) -> Locator:
    """The value below a heading of an account's card."""
    return card(page, account).locator("div", has=page.get_by_role("term").filter(has_text=name)).locator("dd").last


def key_shown(page: Page) -> str:
    """The Connector Key in the pop-up, which is then closed."""
    key = page.get_by_role("dialog").locator("code").filter(has_text="rck_").inner_text()
    confirm(page, "Close")
    return key


def status_with(service: LocalService, key: str) -> int:
    """What the API answers to a key."""
    return httpx.get(f"{service.base_url}/Users", headers={"Authorization": f"Bearer {key}"}).status_code


def create(service: LocalService, name: str, key: ConnectorKey | None = None) -> int:
    """Create a user, in the account default or in that of the key; the status."""
    headers = {"Authorization": f"Bearer {(key or service.key).text}"}
    body = {"schemas": [URN], "userName": name}
    return httpx.post(f"{service.base_url}/Users", headers=headers, json=body).status_code
