"""The settings page in a real browser: what an administrator presses, and what the API answers after it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.service import LocalService

pytestmark = pytest.mark.browser


def row(page: Page, account: str) -> Locator:
    return page.locator("tbody tr").filter(has=page.get_by_text(account, exact=True))


def switch(page: Page, account: str) -> Locator:
    return row(page, account).locator("td").nth(1).locator("a.switch")


def groups_switch(page: Page, account: str) -> Locator:
    return row(page, account).locator("td").nth(2).locator("a.switch")


def press(page: Page, where: Locator | Page, button: str, *, confirmed: bool = True) -> None:
    """Press a button and, when it asks, answer."""
    where.locator("a.btn").get_by_text(button, exact=True).click()
    if confirmed:
        page.get_by_role("button", name="OK").click()


def key_shown(page: Page) -> str:
    """The Connector Key in the pop-up, which is then closed."""
    key = page.locator("dialog code").filter(has_text="rck_").inner_text()
    page.get_by_role("button", name="OK").click()
    return key


def status_with(service: LocalService, key: str) -> int:
    return httpx.get(f"{service.base_url}/Users", headers={"Authorization": f"Bearer {key}"}).status_code


def test_an_account_from_enabling_to_revoking(page: Page, service: LocalService, pictures: Path) -> None:
    page.get_by_label("Account").fill("acme")
    press(page, page, "Enable SCIM")
    expect(page.get_by_role("status")).to_have_text("SCIM is on for acme.")
    expect(page.locator("#widget dl")).to_contain_text(service.base_url)
    made = page.locator("#widget dl code").filter(has_text="rck_").inner_text()
    assert status_with(service, made) == 200

    press(page, row(page, "acme"), "Reveal key")
    expect(page.locator("dialog")).to_contain_text(service.base_url)
    page.screenshot(path=pictures / "settings-values.png")
    first = key_shown(page)
    assert first == made

    press(page, row(page, "acme"), "Disable")
    expect(switch(page, "acme")).to_have_text("Off")
    assert status_with(service, first) == 403

    press(page, row(page, "acme"), "Enable")
    expect(switch(page, "acme")).to_have_text("On")
    assert status_with(service, first) == 200
    press(page, row(page, "acme"), "Rotate key")
    expect(page.locator("dialog")).to_contain_text("New key for acme")
    second = key_shown(page)
    assert second != first
    assert status_with(service, second) == 200
    assert status_with(service, first) == 200

    press(page, page, "Refresh", confirmed=False)
    expect(row(page, "acme")).to_contain_text("still used")
    page.screenshot(path=pictures / "settings.png")

    press(page, row(page, "acme"), "Revoke previous")
    expect(page.get_by_role("status")).to_have_text("The previous key of acme is revoked.")
    assert status_with(service, first) == 401
    assert status_with(service, second) == 200


def test_groups_are_switched_on_and_after_a_question_off_again(page: Page, service: LocalService) -> None:
    groups_switch(page, "default").click()
    page.get_by_role("button", name="OK").click()
    expect(groups_switch(page, "default")).to_have_text("On")
    expect(page.get_by_role("status")).to_contain_text("Groups are on for default")

    groups_switch(page, "default").click()
    expect(page.locator("dialog")).to_contain_text("cannot be reached until groups are on again")
    page.get_by_role("button", name="OK").click()

    expect(groups_switch(page, "default")).to_have_text("Off")


def test_a_question_answered_with_cancel_changes_nothing(page: Page, service: LocalService) -> None:
    press(page, row(page, "default"), "Disable", confirmed=False)
    page.get_by_role("button", name="Cancel").click()

    expect(switch(page, "default")).to_have_text("On")
    assert status_with(service, service.key.text) == 200


def test_a_bad_account_name_is_reported_and_never_executed(page: Page) -> None:
    page.get_by_label("Account").fill("<img src=x onerror=alert(1)>")
    press(page, page, "Enable SCIM")

    expect(page.get_by_role("status")).to_contain_text("is not an account name")
    assert page.locator("#widget img").count() == 0


def test_users_errors_and_last_success_are_shown(page: Page, service: LocalService) -> None:
    headers = {"Authorization": f"Bearer {service.key.text}"}
    urn = "urn:ietf:params:scim:schemas:core:2.0:User"
    for status in (201, 409):
        created = httpx.post(f"{service.base_url}/Users", headers=headers, json={"schemas": [urn], "userName": "a"})
        assert created.status_code == status
    httpx.get(f"{service.base_url}/Users", headers=headers)

    press(page, page, "Refresh", confirmed=False)

    expect(row(page, "default").locator("td").nth(4)).to_have_text("1")
    expect(row(page, "default").locator("td").nth(5)).to_have_text("just now")
    expect(row(page, "default").locator("td").nth(6)).to_have_text("1")


def test_the_page_works_within_its_own_content_security_policy(browser: Browser, service: LocalService) -> None:
    said: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(service.address)
    page.get_by_text("User provisioning via SCIM").wait_for()
    at_rest = page.locator("#widget").evaluate("at => getComputedStyle(at).backgroundColor")
    injected = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === 1; }"
    )
    refused = [text for text in said if "Content Security Policy" in text]
    page.close()

    assert at_rest != "rgba(0, 0, 0, 0)", "styles are let in"
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
