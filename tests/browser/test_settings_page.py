"""The settings page in a real browser: what an administrator presses, and what the API answers after it."""

from __future__ import annotations

import getpass

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from adapters.clock import MonotonicDeadline
from domain.accounts.deprovisioning import Limit
from local.service import LocalService
from support.settings_in_browser import button, card, confirm, create, fact, key_shown, status_with, switch

pytestmark = pytest.mark.browser

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def test_an_account_from_enabling_to_revoking(page: Page, service: LocalService) -> None:
    page.get_by_label("New account", exact=True).fill("acme")
    page.keyboard.press("Enter")
    expect(page.get_by_text("SCIM is on for acme.").first).to_be_visible()
    expect(page.get_by_label("New account", exact=True)).to_have_value("")
    made = page.locator("code").filter(has_text="rck_acme_").first.inner_text()
    assert status_with(service, made) == 200
    expect(card(page, "acme")).to_contain_text("Next: connect your identity provider.")
    expect(card(page, "acme")).to_contain_text(f"by {getpass.getuser()}")

    button(page, "Reveal key of acme").click()
    confirm(page, "Reveal key")
    expect(page.get_by_role("dialog", name="Base URL and Connector Key of acme")).to_contain_text(service.base_url)
    first = key_shown(page)
    assert first == made

    switch(page, "SCIM of acme").click()
    confirm(page, "Disable SCIM")
    expect(switch(page, "SCIM of acme")).not_to_be_checked()
    assert status_with(service, first) == 403

    switch(page, "SCIM of acme").click()
    confirm(page, "Enable SCIM")
    expect(switch(page, "SCIM of acme")).to_be_checked()
    assert status_with(service, first) == 200

    button(page, "Rotate key of acme").click()
    confirm(page, "Rotate key")
    expect(page.get_by_role("dialog", name="New key for acme")).to_be_visible()
    second = key_shown(page)
    assert [status_with(service, key) for key in (second, first)] == [200, 200]

    button(page, "Refresh the accounts").click()
    expect(fact(page, "acme", "Previous key")).to_contain_text("still used")
    button(page, "Revoke previous key of acme").click()
    confirm(page, "Revoke previous key")
    expect(page.get_by_text("The previous key of acme is revoked.").first).to_be_visible()
    expect(card(page, "acme")).to_be_focused()
    assert [status_with(service, key) for key in (second, first)] == [200, 401]


def test_groups_are_switched_on_and_after_a_question_off_again(page: Page) -> None:
    switch(page, "Groups of default").click()
    confirm(page, "Switch groups on")
    expect(switch(page, "Groups of default")).to_be_checked()
    expect(page.get_by_text("Groups are on for default").first).to_be_visible()

    switch(page, "Groups of default").click()
    expect(page.get_by_role("dialog", name="Switch groups off for default?")).to_have_accessible_description(
        "Groups and their members are kept, but /Groups returns 404 until groups are on again."
    )
    confirm(page, "Switch groups off")
    expect(switch(page, "Groups of default")).not_to_be_checked()


@pytest.mark.parametrize("typed", ["", "Acme", "<img src=x onerror=alert(1)>"])
def test_a_bad_account_name_is_an_error_at_the_field_without_a_question(page: Page, typed: str) -> None:
    page.get_by_label("New account", exact=True).fill(typed)
    button(page, "Enable SCIM for the new account").click()

    field = page.get_by_label("New account", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value(typed)
    expect(field).to_be_focused()
    assert "1 to 40 characters" in page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator("#widget img").count() == 0


def test_copy_really_copies_and_says_so(page: Page, service: LocalService) -> None:
    button(page, "Copy Base URL").click()
    expect(page.get_by_role("status")).to_have_text("Base URL copied.")
    assert page.evaluate("navigator.clipboard.readText()") == service.base_url

    button(page, "Reveal key of default").click()
    confirm(page, "Reveal key")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Copy Connector Key").click()
    expect(dialog.get_by_role("status")).to_have_text("Connector Key copied.")
    assert page.evaluate("navigator.clipboard.readText()") == service.key.text


def test_users_and_failures_are_one_click_away(page: Page, service: LocalService) -> None:
    assert [create(service, name) for name in ("ada", "ada")] == [201, 409]

    button(page, "Refresh the accounts").click()

    expect(fact(page, "default", "Last success")).to_have_text("just now")
    users, errors = (card(page, "default").get_by_role("link", name=of) for of in ("Users of", "Failures of"))
    expect(users).to_have_text("1")
    expect(errors).to_have_text("1")
    errors.click()
    expect(page).to_have_url(f"{service.address}/requests?account=default&failed=1")
    page.go_back()
    users.click()
    expect(page).to_have_url(f"{service.address}/users?account=default")


def test_an_administrator_is_invited_and_the_link_revoked(page: Page, service: LocalService) -> None:
    button(page, "Invite administrator of default").click()
    confirm(page, "Invite administrator")
    dialog = page.get_by_role("dialog", name="Set-up link for default")
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.get_by_role("status")).to_have_text("link copied.")
    assert str(page.evaluate("navigator.clipboard.readText()")).startswith(f"{service.address}/setup#rcs_default_")
    confirm(page, "Close")

    link = card(page, "default").get_by_text("key not shown yet")
    expect(link).to_be_visible()
    card(page, "default").get_by_role("button", name="Revoke link").click()
    confirm(page, "Revoke link")
    expect(link).to_have_count(0)


def test_who_lost_access_is_named_before_resume(page: Page, service: LocalService) -> None:
    service.accounts.configure("default", deprovisioning_limit=Limit(1))
    create(service, "ada@example.com")
    headers = {"Authorization": f"Bearer {service.key.text}"}
    [user] = httpx.get(f"{service.base_url}/Users", headers=headers).json()["Resources"]
    change = {"schemas": [PATCH_URN], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    assert httpx.patch(f"{service.base_url}/Users/{user['id']}", headers=headers, json=change).status_code == 200
    service.table.account("default", MonotonicDeadline.after(60)).guard(Limit(1)).take()
    button(page, "Refresh the accounts").click()

    named = f"ada@example.com ({user['id']})"
    expect(card(page, "default")).to_contain_text(f"Lost access in the last hour: {named}.")
    button(page, "Resume deprovisioning for default").click()
    expect(page.get_by_role("dialog", name="Resume deprovisioning for default?")).to_contain_text(named)
    confirm(page, "Resume")
    expect(card(page, "default")).not_to_contain_text("Deprovisioning is paused")


def test_connect_shows_the_fields_of_each_identity_provider(page: Page, service: LocalService) -> None:
    button(page, "Connect default to an identity provider").click()

    dialog = page.get_by_role("dialog", name="Connect default")
    expect(dialog).to_contain_text(f"{service.base_url}/Users?count=1")
    dialog.get_by_text("Okta", exact=True).click()
    expect(dialog.get_by_text("Authorization (Bearer)")).to_be_visible()


def test_a_server_that_is_gone_is_said_and_retry_carries_on(browser: Browser) -> None:
    service = LocalService().start()
    page = browser.new_page()
    page.goto(service.address)
    page.get_by_role("heading", name="Accounts").wait_for()
    service.stop()

    button(page, "Refresh the accounts").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    again = LocalService(port=int(service.address.rpartition(":")[2])).start()
    page.get_by_role("button", name="Retry").click()

    expect(page.get_by_role("alert")).to_be_hidden()
    again.stop()
    page.close()


@pytest.mark.parametrize(("failure", "said"), [(None, "does not answer"), (503, "answered 503")])
def test_a_first_load_that_fails_says_so(
    browser: Browser, service: LocalService, failure: int | None, said: str
) -> None:
    page = browser.new_page()
    page.route("**/settings", lambda route: route.fulfill(status=failure) if failure else route.abort())

    page.goto(service.address)

    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.unroute("**/settings")
    page.get_by_role("button", name="Retry").click()
    expect(card(page, "default")).to_be_visible()
    page.close()


def test_many_accounts_are_searched_sorted_and_come_in_pages(page: Page, service: LocalService) -> None:
    for number in range(1, 31):
        service.accounts.enable(f"customer-{number}")
    create(service, "ada")
    create(service, "ada")
    names = page.get_by_role("listitem").get_by_role("heading")
    page.reload()
    expect(names).to_have_text([f"customer-{number}" for number in range(1, 26)])
    button(page, "Next page of accounts").click()
    expect(names).to_have_text([*(f"customer-{number}" for number in range(26, 31)), "default"])

    page.get_by_role("searchbox").press_sequentially("customer-2")
    expect(page.get_by_text("11 of 31 accounts").first).to_be_visible()
    expect(names).to_have_text(["customer-2", *(f"customer-{number}" for number in range(20, 30))])
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.get_by_role("searchbox").fill("")
    page.get_by_label("Sort by").select_option("Most errors first")
    expect(names.first).to_have_text("default")


def test_the_page_refreshes_by_itself_and_leaves_alone_whoever_works(browser: Browser, service: LocalService) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(service.address)
    users = card(page, "default").get_by_role("link", name="Users of")
    expect(users).to_have_text("0")
    rotate = button(page, "Rotate key of default")
    rotate.focus()

    create(service, "ada")
    page.clock.run_for(6_000)
    expect(users).to_have_text("1")
    expect(rotate).to_be_focused()

    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url))
    page.get_by_label("New account", exact=True).fill("glo")
    page.clock.run_for(20_000)
    page.get_by_label("New account", exact=True).fill("")
    rotate.click()
    page.clock.run_for(20_000)
    page.keyboard.press("Escape")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.clock.run_for(20_000)
    assert calls == []

    page.evaluate("delete document.hidden")
    create(service, "grace")
    page.clock.run_for(6_000)
    expect(users).to_have_text("2")
    page.close()
