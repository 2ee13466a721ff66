"""The settings page for everyone: by keyboard, on narrow screens, light and dark, and for screen readers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from adapters.clock import MonotonicDeadline
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import Limit
from local.service import LocalService
from support.accessibility import faults
from support.settings_in_browser import button, card, confirm, create, status_with, switch

pytestmark = pytest.mark.browser


def deactivate_first(service: LocalService, key: ConnectorKey) -> None:
    headers = {"Authorization": f"Bearer {key.text}"}
    user = httpx.get(f"{service.base_url}/Users?count=1", headers=headers).json()["Resources"][0]
    body = {"active": False, "userName": user["userName"], "schemas": user["schemas"]}
    httpx.put(f"{service.base_url}/Users/{user['id']}", headers=headers, json=body)


@pytest.fixture(scope="module")
def showcase() -> Iterator[LocalService]:
    """A service with accounts in every state that the page shows."""
    with LocalService() as service:
        accounts = service._accounts("ada@ops.example")
        keys = {name: accounts.enable(name).connector.current.key for name in ("acme", "globex", "initech", "umbrella")}
        for name, users in (("acme", 24), ("globex", 12), ("initech", 5)):
            for number in range(users):
                create(service, f"user{number}@{name}.example", keys[name])
        create(service, "user1@globex.example", keys["globex"])
        create(service, "user2@globex.example", keys["globex"])
        accounts.configure("acme", groups=True)
        accounts.configure("globex", mode="strict", deprovisioning_limit=Limit(1))
        accounts.rotate_key("initech")
        create(service, "late@initech.example", keys["initech"])
        accounts.disable("umbrella")
        deactivate_first(service, keys["globex"])
        service.table.account("globex", MonotonicDeadline.after(60)).guard(Limit(1)).take()
        service.clients.secretsmanager.create_secret(Name="rollcall/connectors/edited", SecretString="nonsense")
        yield service


def test_axe_finds_nothing_at_any_width_in_light_and_dark(browser: Browser, showcase: LocalService) -> None:
    page = browser.new_page()
    page.goto(showcase.address)
    card(page, "acme").wait_for()
    assert faults(page) == []

    page.get_by_label("New account", exact=True).fill("No name")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New account", exact=True)).to_have_attribute("aria-invalid", "true")
    button(page, "Connect acme to an identity provider").click()
    page.get_by_role("dialog", name="Connect acme").wait_for()
    assert faults(page) == []
    page.keyboard.press("Escape")
    button(page, "Reveal key of acme").click()
    assert faults(page) == []
    confirm(page, "Reveal key")
    page.get_by_role("dialog", name="Base URL and Connector Key of acme").wait_for()
    assert faults(page) == []
    page.close()


def test_the_pictures_for_the_docs_show_accounts_at_work(
    browser: Browser, showcase: LocalService, pictures: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1010}, color_scheme="light")
    page.goto(showcase.address)
    expect(card(page, "acme")).to_contain_text("just now")
    showcase_only = "for (const id of ['rc-of-edited', 'rc-of-default']) document.getElementById(id).hidden = true"
    page.evaluate(showcase_only)
    page.screenshot(path=pictures / "settings.png")
    page.set_viewport_size({"width": 1280, "height": 620})
    button(page, "Reveal key of acme").click()
    confirm(page, "Reveal key")
    page.get_by_role("dialog", name="Base URL and Connector Key of acme").wait_for()
    page.screenshot(path=pictures / "settings-values.png")
    page.close()


def reach(page: Page, control: Locator) -> None:
    """Press Tab until the control has focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if control.evaluate("at => at === document.activeElement"):
            return
    raise AssertionError("Tab does not reach it")


def test_everything_works_by_keyboard_and_focus_returns_to_where_it_was(page: Page, service: LocalService) -> None:
    scim, rotate = switch(page, "SCIM of default"), button(page, "Rotate key of default")

    reach(page, scim)
    assert scim.evaluate("at => getComputedStyle(at).outlineStyle") != "none"
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog", name="Disable SCIM for default?")).to_be_visible()
    expect(button(page, "Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(scim).to_be_focused()
    assert status_with(service, service.key.text) == 200

    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(scim).not_to_be_checked()
    expect(scim).to_be_focused()
    assert status_with(service, service.key.text) == 403

    reach(page, rotate)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="New key for default")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rotate).to_be_focused()


LONG = "a-legal-name-of-an-account-with-40-chars"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_long_names_push_nothing_out_of_view(page: Page, service: LocalService, width: int) -> None:
    service._accounts("x" * 120).enable(LONG)
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()

    button(page, f"Reveal key of {LONG}").click()
    confirm(page, "Reveal key")
    for place in (page.get_by_role("dialog"), card(page, LONG)):
        for control in place.locator("button, a, code, h3").all():
            box = control.bounding_box()
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for dialog_part in ("dialog", "body"):
        assert page.locator(dialog_part).evaluate("at => at.scrollWidth <= at.clientWidth")


def test_the_theme_follows_the_computers_as_it_changes(page: Page) -> None:
    for scheme, colour in (("dark", "rgb(22, 29, 38)"), ("light", "rgb(255, 255, 255)")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(page.locator(".rc")).to_have_css("background-color", colour)


def test_a_switch_can_be_seen_in_the_colours_that_its_user_forces(page: Page) -> None:
    page.emulate_media(forced_colors="active")

    tracks = [switch(page, f"{name} of default").locator(".rc-track") for name in ("SCIM", "Groups")]
    for track in tracks:
        expect(track).to_have_css("outline-style", "solid")
    on, off = (track.evaluate("at => getComputedStyle(at).backgroundColor") for track in tracks)
    assert on != off


def test_the_page_works_within_its_own_content_security_policy(browser: Browser, service: LocalService) -> None:
    said: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(service.address)
    primary = button(page, "Enable SCIM for the new account")
    at_rest = primary.evaluate("at => getComputedStyle(at).backgroundColor")
    injected = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === 1; }"
    )
    refused = [text for text in said if "Content Security Policy" in text]
    page.close()

    assert at_rest == "rgb(0, 89, 194)", "the widget has its styles"
    assert not injected
    assert len(refused) == 1, "the one that the test put in"


def test_no_other_site_can_press_the_buttons(service: LocalService) -> None:
    foreign = httpx.post(f"{service.address}/settings", json={"action": "reveal", "account": "default"})
    assert foreign.status_code == 403

    named_otherwise = httpx.post(
        f"{service.address}/settings",
        json={"action": "reveal", "account": "default"},
        headers={"X-Rollcall-Settings": "1", "Host": "evil.example"},
    )
    assert named_otherwise.status_code == 421
