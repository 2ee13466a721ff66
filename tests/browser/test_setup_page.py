"""The set-up page in a browser: what a customer's administrator sees, presses and hears, in each state of a link."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from handlers.setup.view import SetupView
from support.accessibility import faults
from support.setup_pages import ADDRESS_TAKEN, BASE_URL, KEY, NOW, REFUSED, STATES
from support.setup_site import LINK, ORIGIN, Refusal, SetupSite, button, light

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def site() -> SetupSite:
    return SetupSite()


@pytest.fixture
def tab(context: BrowserContext, site: SetupSite) -> Iterator[Page]:
    """A tab whose clock the test can put forward."""
    opened = context.new_page()
    opened.clock.install(time=NOW)
    site.serve(opened)
    yield opened
    opened.close()
    assert site.foreign == []


@pytest.fixture
def calm(site: SetupSite) -> Iterator[None]:
    """For tests in which nothing may appear in the browser's console."""
    yield
    assert site.complaints == []


def open_link(tab: Page, link: str = LINK) -> None:
    tab.goto(link)
    tab.get_by_role("heading", name="Progress").wait_for()


def after_a_while(tab: Page, seconds: int = 6) -> None:
    """Put the page's clock forward, past its next look."""
    tab.clock.run_for(seconds * 1000)


def looks(tab: Page, times: int = 1) -> None:
    """Let the page look so many times, and wait until it has seen the last answer but one."""
    for _ in range(times):
        with tab.expect_response("**/setup/view"):
            after_a_while(tab)


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("view", STATES.values(), ids=STATES)
def test_every_state_is_accessible_at_every_width_in_light_and_dark(
    tab: Page, site: SetupSite, view: SetupView
) -> None:
    site.view = view
    open_link(tab)

    assert faults(tab) == []


@pytest.mark.usefixtures("calm")
def test_without_a_code_in_the_address_the_page_says_what_is_missing(tab: Page, site: SetupSite) -> None:
    tab.goto(LINK.partition("#")[0])

    expect(tab.get_by_role("heading", name="This address is not complete")).to_be_visible()
    assert faults(tab) == []
    assert site.asked == []


def test_a_refused_link_says_why_and_asks_no_more(tab: Page, site: SetupSite) -> None:
    site.refusal = Refusal(401)
    tab.goto(LINK)

    expect(tab.get_by_role("alert")).to_contain_text(REFUSED["title"])
    expect(tab.get_by_role("alert")).to_contain_text(REFUSED["remedy"])
    after_a_while(tab, 600)
    assert faults(tab) == []
    assert len(site.asked) == 1


def test_without_javascript_the_page_says_that_it_needs_it(browser: Browser, site: SetupSite) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    site.serve(tab)
    tab.goto(LINK)

    expect(tab.get_by_role("heading", name="This page needs JavaScript")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("calm")
def test_lights_go_on_by_themselves_and_are_announced_once(tab: Page, site: SetupSite) -> None:
    site.view = STATES["jumpcloud"]
    open_link(tab)
    expect(light(tab, "Connection test")).to_contain_text("Not yet")
    expect(tab.get_by_role("status")).to_be_empty()

    site.view = STATES["key shown before"]
    after_a_while(tab)

    expect(light(tab, "Connection test")).to_contain_text("Done, 27 Nov 2026, 10:13")
    expect(tab.get_by_role("status")).to_have_text("First request: done. Connection test: done.")
    tab.evaluate("document.getElementById('status').textContent = ''")
    looks(tab, 2)
    after_a_while(tab, 1)
    expect(tab.get_by_role("status")).to_be_empty()


@pytest.mark.usefixtures("calm")
def test_a_refused_request_appears_with_its_remedy_and_is_announced(tab: Page, site: SetupSite) -> None:
    site.view = STATES["key shown before"]
    open_link(tab)

    site.view = STATES["refused requests"]
    after_a_while(tab)

    expect(tab.get_by_role("region", name="Refused requests")).to_contain_text(ADDRESS_TAKEN.remedy)
    expect(tab.get_by_role("status")).to_contain_text(ADDRESS_TAKEN.explanation)


@pytest.mark.usefixtures("calm")
def test_a_look_keeps_focus_the_closed_steps_and_the_key(tab: Page, site: SetupSite) -> None:
    site.view = STATES["jumpcloud"]
    open_link(tab)
    button(tab, "Show the Connector Key").click()
    button(tab, "Show it now").click()
    button(tab, "Copy Connector Key").focus()

    site.set(groups=True, consoles=STATES["entra with groups"].consoles)
    after_a_while(tab)

    expect(tab.get_by_role("heading", name='in this application" on')).to_be_visible()
    expect(tab.get_by_text(KEY, exact=True)).to_be_visible()
    expect(button(tab, "Copy Connector Key")).to_be_focused()
    steps = tab.locator("summary").filter(has_text="Set-up steps")
    steps.click()
    site.view = STATES["everything green"]
    after_a_while(tab)
    expect(tab.get_by_role("heading", name="Provisioning works")).to_be_visible()
    expect(tab.get_by_role("radio", name="Okta")).to_be_hidden()
    steps.click()
    expect(tab.get_by_text(KEY, exact=True)).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("heading", name="Provisioning works")).to_be_visible()
    assert KEY not in tab.content()


def test_a_server_that_is_gone_is_said_and_found_again(tab: Page, site: SetupSite) -> None:
    site.view = STATES["okta"]
    open_link(tab)
    site.is_down = True
    after_a_while(tab)

    banner = tab.get_by_role("alert")
    expect(banner).to_contain_text("The service does not answer")
    expect(tab.get_by_text("Not live")).to_be_visible()
    expect(button(tab, "Copy Base URL")).to_be_visible()
    assert faults(tab) == []
    button(tab, "Try again now").click()
    expect(banner).to_be_visible()

    site.is_down = False
    button(tab, "Try again now").click()
    expect(banner).to_be_hidden()
    expect(tab.get_by_role("heading", level=1)).to_be_focused()


@pytest.mark.parametrize("html", [True, False], ids=["by the service", "by the gateway"])
def test_a_page_that_is_throttled_waits_as_long_as_it_should(tab: Page, site: SetupSite, html: bool) -> None:
    site.view = STATES["okta"]
    open_link(tab)
    site.refusal = Refusal(429, html=html, retry_after=30)
    after_a_while(tab)
    expect(tab.get_by_role("alert")).to_contain_text(REFUSED["title"] if html else "Too many requests")
    asked = len(site.asked)

    after_a_while(tab, 20)
    assert len(site.asked) == asked

    site.refusal = None
    after_a_while(tab, 11)
    expect(tab.get_by_role("alert")).to_be_hidden()


@pytest.mark.usefixtures("calm")
def test_looks_become_rare_and_end_while_the_page_is_hidden(tab: Page, site: SetupSite) -> None:
    site.view = STATES["okta"]
    open_link(tab)
    for _ in range(3):
        after_a_while(tab)
        expect(tab.get_by_text("Live", exact=True)).to_be_visible()
    often = len(site.asked)
    tab.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    after_a_while(tab, 3600)
    assert len(site.asked) == often

    with tab.expect_response("**/setup/view"):
        tab.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    after_a_while(tab)
    assert len(site.asked) == often + 1, "an hour later, one look in five seconds would be too many"


@pytest.mark.usefixtures("calm")
def test_the_whole_way_by_keyboard(tab: Page, site: SetupSite) -> None:
    open_link(tab)
    press = tab.keyboard.press

    press("Tab")
    expect(tab.locator("summary")).to_be_focused()
    press("Tab")
    expect(tab.get_by_role("radio", name="JumpCloud")).to_be_focused()
    press("Space")
    expect(tab.get_by_role("heading", name="Open the page in JumpCloud")).to_be_visible()
    press("ArrowDown")
    expect(tab.get_by_role("heading", name="Open the page in Microsoft Entra ID")).to_be_visible()
    expect(tab.get_by_role("radio", name="Microsoft Entra ID")).to_be_focused()
    press("Tab")
    expect(button(tab, "Copy Base URL")).to_be_focused()
    press("Tab")
    expect(button(tab, "Show the Connector Key")).to_be_focused()
    press("Enter")
    expect(tab.get_by_role("dialog", name="Show the Connector Key?")).to_be_visible()
    press("Escape")
    expect(button(tab, "Show the Connector Key")).to_be_focused()
    assert "reveal" not in [name for name, _ in site.asked]
    press("Enter")
    press("Tab")
    expect(button(tab, "Show it now")).to_be_focused()
    press("Enter")
    expect(tab.get_by_role("group", name="Connector Key")).to_be_focused()
    expect(tab.get_by_role("status")).to_have_text("The Connector Key is shown.")
    press("Tab")
    expect(button(tab, "Copy Connector Key")).to_be_focused()


@pytest.mark.usefixtures("calm")
def test_values_are_copied(context: BrowserContext, tab: Page, site: SetupSite) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ORIGIN)
    site.view = STATES["jumpcloud"]
    open_link(tab)
    button(tab, "Copy Base URL").click()
    expect(tab.get_by_role("status")).to_have_text("Base URL: copied.")
    assert tab.evaluate("navigator.clipboard.readText()") == BASE_URL

    button(tab, "Show the Connector Key").click()
    assert faults(tab) == []
    button(tab, "Show it now").click()
    button(tab, "Copy Connector Key").click()
    expect(tab.get_by_role("status")).to_have_text("Connector Key: copied.")
    assert tab.evaluate("navigator.clipboard.readText()") == KEY
    assert faults(tab) == []
    assert KEY not in tab.evaluate("JSON.stringify([localStorage, sessionStorage, location.href, document.cookie])")


@pytest.mark.usefixtures("calm")
def test_where_copying_is_not_allowed_the_value_is_selected(tab: Page, site: SetupSite) -> None:
    tab.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    site.view = STATES["jumpcloud"]
    open_link(tab)

    button(tab, "Copy Base URL").click()

    expect(tab.get_by_role("status")).to_contain_text("is selected: press Ctrl+C")
    assert tab.evaluate("getSelection().toString()") == BASE_URL


def test_a_key_that_was_shown_in_another_tab_is_refused_with_the_reason(tab: Page, site: SetupSite) -> None:
    site.view = STATES["jumpcloud"]
    open_link(tab)
    button(tab, "Show the Connector Key").click()
    site.set(revealed_at=NOW)

    button(tab, "Show it now").click()

    expect(tab.get_by_role("group", name="Connector Key")).to_contain_text("Already shown by this link")
    expect(button(tab, "Copy Connector Key")).to_have_count(0)


def test_a_key_of_an_account_that_is_off_can_be_shown_later(tab: Page, site: SetupSite) -> None:
    site.view = STATES["account off"]
    open_link(tab)
    button(tab, "Show the Connector Key").click()
    button(tab, "Show it now").click()
    expect(tab.get_by_role("group", name="Connector Key")).to_contain_text(REFUSED["remedy"])

    site.set(enabled=True)
    button(tab, "Show the Connector Key").click()
    button(tab, "Show it now").click()

    expect(tab.get_by_text(KEY, exact=True)).to_be_visible()


@pytest.mark.usefixtures("calm")
def test_values_from_outside_are_text(tab: Page, site: SetupSite) -> None:
    site.view = STATES["refused requests"]
    site.set(account=HOSTILE)
    open_link(tab)

    expect(tab.get_by_role("main")).to_contain_text(HOSTILE)
    assert tab.locator("img").count() == 0


@pytest.mark.usefixtures("calm")
def test_pictures_for_the_docs(tab: Page, site: SetupSite, pictures: Path) -> None:
    site.view = STATES["jumpcloud"]
    site.set(lights=STATES["okta"].lights)
    open_link(tab)
    tab.set_viewport_size({"width": 1120, "height": 860})
    heading = tab.get_by_role("heading", name="Open the page in JumpCloud")
    heading.evaluate("it => scrollTo(0, it.getBoundingClientRect().top - 90)")
    tab.screenshot(path=pictures / "setup-steps.png")

    site.view = STATES["refused requests"]
    looks(tab)
    expect(tab.get_by_role("region", name="Refused requests")).to_contain_text(ADDRESS_TAKEN.remedy)
    tab.get_by_role("complementary").screenshot(path=pictures / "setup-refused.png")

    tab.set_viewport_size({"width": 390, "height": 760})
    tab.evaluate("scrollTo(0, 0)")
    tab.screenshot(path=pictures / "setup-phone.png")

    assert all((pictures / f"setup-{name}.png").stat().st_size < 120_000 for name in ("steps", "refused", "phone"))
