"""The pages of the local server in a real browser: what a developer sees of requests, users, groups and events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local.pages.site import PLACES
from local.service import LocalService
from support.accessibility import faults
from support.people import user
from support.scim_http import ScimClient

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='broken in'\">"
OFF = {"op": "replace", "path": "active", "value": False}
RENDERED = 30_000
"""Milliseconds that Swagger UI may take on a busy machine to show all operations, or an answer."""
PAGES = [place.path for place in PLACES if place.path != "/"]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A server on which something has happened."""
    with LocalService() as running:
        running.accounts.configure("default", groups=True)
        yield running


@pytest.fixture(scope="module")
def client(service: LocalService) -> ScimClient:
    return ScimClient(service.base_url, service.key.text)


@pytest.fixture(scope="module")
def ada(client: ScimClient) -> str:
    """A user with a group, a refused request after, and a name that is HTML."""
    made: str = client.create(user("ada", displayName=HOSTILE, title="Guide"))["id"]
    client.request("POST", "/Groups", body={"displayName": "Tour Guides", "members": [{"value": made}]})
    client.request("POST", "/Users", body=user("ada"))
    client.patch(made, OFF)
    client.get("/Users", "filter=userName%20eq%20%22grace@example.com%22")
    ScimClient(client.base_url, "wrong").get("/Users")
    return made


@pytest.fixture
def page(browser: Browser, service: LocalService, ada: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=service.address)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    said = list[str]()
    opened = context.new_page()
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert [
        fault for fault in said if "404" not in fault and "401" not in fault and "ERR_CONNECTION" not in fault
    ] == []


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def row(page: Page, text: str) -> Any:
    return page.get_by_role("listitem").filter(has_text=text).first


def test_a_refused_request_shows_why_what_to_do_and_both_bodies(page: Page, pictures: Path) -> None:
    page.goto("/requests")
    refused = row(page, "409 user-name-exists")
    refused.locator("summary").press("Enter")

    expect(refused.get_by_text("Find the user who has the value")).to_be_visible()
    expect(refused.get_by_role("group", name="Request body")).to_contain_text('"userName": "ada')
    expect(refused.get_by_role("group", name="Answer")).to_contain_text('"scimType": "uniqueness"')
    page.screenshot(path=pictures / "workbench.png")
    refused.get_by_role("button", name="Copy as curl").click()
    expect(refused.get_by_role("button", name="Copied")).to_be_visible()
    assert copied(page).startswith("curl -i -X POST")
    assert "$KEY" in copied(page)
    refused.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    page.goto(copied(page))
    expect(page.locator("details[open]")).to_contain_text("Find the user who has the value")


def test_requests_are_filtered_paused_and_cleared(page: Page, client: ScimClient) -> None:
    page.goto("/requests")
    expect(row(page, "401 no-key").or_(row(page, "401"))).to_be_visible()
    page.get_by_label("Failed only").check()
    expect(page.get_by_role("listitem").filter(has_text="201")).to_have_count(0)
    page.get_by_label("Search").fill("uniqueness-nosuch")
    expect(page.get_by_text("No request matches.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Failed only")).to_be_checked()
    page.goto("/requests")
    page.get_by_role("button", name="Pause").click()
    client.get("/Users/paused-one")
    page.get_by_role("button", name="Continue (1 new)").click()
    expect(row(page, "/Users/paused-one")).to_be_visible()


def test_names_and_bodies_of_users_are_text_and_nothing_else(page: Page, ada: str) -> None:
    page.goto("/requests")
    row(page, "201").locator("summary").click()
    expect(page.get_by_role("group", name="Answer").first).to_be_visible()
    page.goto("/users?account=default")
    expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    page.get_by_role("link", name="ada").click()
    expect(page.get_by_role("group", name="Resource")).to_contain_text("onerror")
    assert page.locator("main img").count() == 0
    assert "broken" not in page.title()


def test_a_user_has_groups_requests_and_events(page: Page, ada: str) -> None:
    page.goto(f"/users?account=default&id={ada}")

    expect(page.get_by_role("region", name="Events").get_by_text("UserDeactivated", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Requests").get_by_text("PATCH")).to_be_visible()
    page.get_by_role("link", name="Tour Guides").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tour Guides")
    expect(page.get_by_role("region", name="Members").get_by_role("link")).to_have_count(1)


def test_events_arrive_as_they_are_published(page: Page, client: ScimClient) -> None:
    page.goto("/events")
    expect(row(page, "UserDeactivated")).to_be_visible()

    client.create(user("late"))

    newest = page.get_by_role("list").get_by_role("listitem").first
    expect(newest).to_contain_text("UserProvisioned")
    newest.locator("summary").click()
    expect(newest.get_by_role("group", name="Event")).to_contain_text('"source": "rollcall"')
    page.get_by_label("Kind").select_option("UserDeactivated")
    expect(page.get_by_role("listitem").filter(has_text="UserProvisioned")).to_have_count(0)


def test_an_identity_provider_is_played_with_the_keyboard_alone(page: Page, service: LocalService) -> None:
    account = service.new_account().account
    page.goto("/simulate")
    page.get_by_role("combobox", name="Account").select_option(account)
    page.get_by_role("radio", name="First sync").focus()
    page.keyboard.press("Space")
    page.get_by_label("Users", exact=True).fill("3")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Everything matches the directory")).to_be_focused(timeout=60_000)
    expect(page.get_by_text("3 users and 0 groups compared")).to_be_visible()
    page.goto(f"/users?account={account}")
    expect(page.locator("tbody tr")).to_have_count(3)


def open_operation(page: Page, summary: str) -> None:
    """Open an operation of the page API with the keyboard."""
    page.get_by_role("button", name=summary, exact=False).first.press("Enter")


def test_an_operation_is_tried_with_the_keyboard_alone(page: Page, service: LocalService) -> None:
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="API", exact=True).press("Enter")
    use = page.get_by_role("button", name="Use its key")
    expect(use).to_be_enabled(timeout=RENDERED)
    use.press("Enter")
    expect(page.get_by_label("Connector Key", exact=True)).to_have_value(service.key.text, timeout=RENDERED)

    open_operation(page, "List users")
    page.get_by_role("button", name="Try it out").press("Enter")
    page.get_by_role("textbox", name="filter").fill('title eq "Guide"')
    page.get_by_role("button", name="Execute").press("Enter")

    answer = page.get_by_role("table").filter(has_text="Response body").last
    expect(answer).to_contain_text("200", timeout=RENDERED)
    expect(answer).to_contain_text('"totalResults": 1')
    expect(page.locator("main")).to_contain_text('"Authorization: Bearer $KEY"')
    assert service.key.text not in page.locator("body").inner_text()
    assert page.evaluate("Object.values({...localStorage, ...sessionStorage}).length") == 0
    assert {url.split("/", 3)[2] for url in asked if not url.startswith("data:")} == {service.address.split("/")[2]}


def test_a_key_that_is_wrong_is_answered_401_and_no_key_is_none(page: Page) -> None:
    page.goto("/api")
    for key in ("", "wr\u00f6ng \u2603 \"key'", "rck_default_nosuch"):
        page.get_by_label("Connector Key", exact=True).fill(key)
        if key == "":
            open_operation(page, "Get what the service can do")
            page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.get_by_role("table").filter(has_text="Details")).to_contain_text("401", timeout=RENDERED)
        page.get_by_role("button", name="Clear").click()


def test_the_pages_say_when_the_server_is_gone(browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    try:
        with LocalService() as service:
            page.goto(service.address + "/requests")
            expect(page.get_by_text("No requests yet.")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("Start it again with make run", timeout=30_000)
    finally:
        context.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_and_has_no_fault_that_axe_knows(page: Page, path: str, ada: str) -> None:
    page.goto(path)
    expect(page.get_by_role("navigation").locator("[aria-current]")).to_have_count(1)
    if path == "/simulate":
        expect(page.get_by_role("radio", name="Everything")).to_be_visible()
    if path == "/api":
        open_operation(page, "List users")
        page.get_by_role("button", name="Try it out").click()
    if path in ("/requests", "/events"):
        page.locator("summary").first.click()
        expect(page.locator("details pre").first).to_be_visible()
    assert faults(page, "best-practice") == []
    if path == "/users":
        page.goto(f"/users?account=default&id={ada}")
        expect(page.get_by_role("region", name="Events")).to_be_visible()
        assert faults(page, "best-practice") == []
