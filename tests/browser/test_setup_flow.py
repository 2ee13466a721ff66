"""The set-up page on the local server: from the invitation to the first user, and links that open nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from adapters.secrets.setup_links import SetupLinks
from handlers.routes import SETUP_PATH
from local.service import SECRET_PREFIX, LocalService
from operations.simulation.running import simulate
from support.setup_site import button, light

pytestmark = pytest.mark.browser


@pytest.fixture
def invited(service: LocalService) -> str:
    """A link to the set-up page of the account acme."""
    service.accounts.enable("acme")
    links = SetupLinks(service.clients.secretsmanager, SECRET_PREFIX, lambda: "operator")
    token, _ = links.invite("acme", timedelta(days=7), None)
    return f"{service.address}{SETUP_PATH}#{token.text}"


@pytest.fixture
def visitor(browser: Browser, service: LocalService) -> Iterator[Page]:
    """A tab on the local server; nothing foreign may be asked for, and nothing said in the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.address)
    tab = context.new_page()
    urls: list[str] = []
    referrers: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: urls.append(request.url.partition("#")[0]))
    tab.on("request", lambda request: referrers.append(request.headers.get("referer", "")))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield tab
    assert [url for url in urls if not url.startswith(f"{service.address}{SETUP_PATH}") or "rcs_" in url] == []
    assert set(referrers) == {""}
    assert [text for text in said if not text.startswith("Failed to load resource")] == []
    context.close()


def test_from_the_invitation_to_the_first_user(visitor: Page, service: LocalService, invited: str) -> None:
    visitor.goto(invited)
    visitor.get_by_role("radio", name="JumpCloud").check()
    button(visitor, "Copy Base URL").click()
    expect(visitor.get_by_role("status")).to_have_text("Base URL: copied.")
    base_url = visitor.evaluate("navigator.clipboard.readText()")
    button(visitor, "Show the Connector Key").click()
    button(visitor, "Show it now").click()
    button(visitor, "Copy Connector Key").click()
    expect(visitor.get_by_role("status")).to_have_text("Connector Key: copied.")
    key = visitor.evaluate("navigator.clipboard.readText()")
    assert base_url == service.base_url
    expect(light(visitor, "First request")).to_contain_text("Waiting")

    outcome = simulate(base_url, key, "jumpcloud", "first-sync", users=1, run="flow")

    assert outcome.ok, outcome
    expect(light(visitor, "First user")).to_contain_text("Done", timeout=20_000)
    for name in ("First request", "Connection test", "Activation"):
        expect(light(visitor, name)).to_contain_text("Done")
    expect(visitor.get_by_role("heading", name="Provisioning works")).to_be_visible()
    expect(visitor.get_by_role("region", name="Refused requests")).to_contain_text("What to do:")
    expect(visitor.get_by_text(key, exact=True)).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("heading", name="Provisioning works")).to_be_visible()
    assert key not in visitor.content()


def test_the_key_is_shown_once_for_each_link(visitor: Page, service: LocalService, invited: str) -> None:
    visitor.goto(invited)
    visitor.get_by_role("radio", name="Okta").check()
    button(visitor, "Show the Connector Key").click()
    button(visitor, "Show it now").click()
    expect(button(visitor, "Copy Connector Key")).to_be_visible()

    answer = httpx.post(
        f"{service.address}{SETUP_PATH}/reveal",
        headers={"Authorization": f"Bearer {invited.partition('#')[2]}", "Content-Type": "application/json"},
        json={},
    )

    assert answer.status_code == 409
    assert "already shown" in answer.text
    assert "rck_acme_" not in answer.text


def test_a_link_of_another_account_shows_that_account_alone(visitor: Page, service: LocalService, invited: str) -> None:
    service.accounts.enable("other")
    visitor.goto(invited.replace("rcs_acme_", "rcs_other_"))

    expect(visitor.get_by_role("alert")).to_contain_text("This link does not work")
    assert "acme" not in visitor.get_by_role("main").inner_text()


def test_a_link_that_is_closed_ends_the_page(visitor: Page, service: LocalService, invited: str) -> None:
    visitor.goto(invited)
    visitor.get_by_role("heading", name="Progress").wait_for()
    links = SetupLinks(service.clients.secretsmanager, SECRET_PREFIX, lambda: "operator")
    links.revoke("acme", None)

    visitor.reload()

    expect(visitor.get_by_role("alert")).to_contain_text("This link does not work")
