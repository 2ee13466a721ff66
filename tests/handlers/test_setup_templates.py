"""The templates of the set-up page: what an administrator reads in each state of a link."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from domain.accounts.consoles import console_setups
from handlers.setup.view import SetupView
from support.setup_pages import ADDRESS_TAKEN, BASE_URL, KEY, NOW, REFUSED, STATES, fragment, setup_view

HOSTILE = "<img src=x onerror=alert(1)>"


def text_of(html: str) -> str:
    """The text of a fragment, with one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def shown(view: SetupView) -> str:
    return text_of(fragment("view.html", view=view))


@pytest.mark.parametrize("view", STATES.values(), ids=STATES)
def test_every_state_says_whose_link_it_is_and_how_far_it_got(view: SetupView) -> None:
    html = fragment("view.html", view=view)

    assert "For the account acme . This link works until 4 December 2026, 09:30 UTC" in text_of(html)
    done = re.findall(r'data-light="([\w-]+)" data-state="done"', html)
    assert done == [light.name for light in view.lights if light.since]
    assert len(set(re.findall(r' id="([^"]+)"', html))) == html.count(' id="')


@pytest.mark.parametrize("view", STATES.values(), ids=STATES)
def test_no_state_has_inline_style_or_script(view: SetupView) -> None:
    html = fragment("view.html", view=view) + fragment("page.html")

    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=)", html) == []
    assert set(re.findall(r'(?:src|href|action)="([^"]+)"', html)) == {
        "setup/setup.css",
        "setup/setup.js",
        "setup/icon.svg",
    }


@pytest.mark.parametrize("groups", [True, False], ids=["groups", "no groups"])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["jumpcloud", "entra", "okta"])
def test_the_chosen_provider_has_every_field_and_step_of_its_console(place: int, groups: bool) -> None:
    console = console_setups(BASE_URL, "rck_acme_********mple", groups=groups)[place]

    html = fragment("view.html", view=setup_view(console.idp, groups=groups)).replace("&#34;", '"')
    text = text_of(html)

    for field in console.form:
        assert field.label in text
        assert field.kind in ("checkboxes", "advice") or field.value in html
    tight = re.sub(r"\s", "", text)
    assert [step for step in console.steps if re.sub(r"\s", "", step) not in tight] == []
    assert html.count('role="img"') == 1 + sum(bool(step.controls) for step in console.guide)
    assert all("Drawing of" in label for label in re.findall(r'role="img" aria-label="([^"]*)', html))


def test_values_wait_for_the_choice_of_a_provider() -> None:
    html = fragment("view.html", view=setup_view(None))

    assert BASE_URL not in html
    assert "Choose one to see its steps" in html


def test_the_key_can_be_shown_until_it_was() -> None:
    before = fragment("view.html", view=setup_view())
    after = fragment("view.html", view=setup_view(revealed_at=NOW))

    assert "Show the Connector Key" in before
    assert "Show the Connector Key" not in after
    assert "Already shown by this link" in after
    assert "rck_acme_" not in after


def test_an_account_that_is_off_is_said_first() -> None:
    assert "Provisioning is switched off" in shown(setup_view(enabled=False, on=4))
    assert "Provisioning works" not in shown(setup_view(enabled=False, on=4))
    assert "Provisioning is switched off" not in shown(setup_view())


def test_after_the_first_user_it_is_a_status_page() -> None:
    html = fragment("view.html", view=setup_view(on=4, users=1_284))

    assert "Provisioning works" in html
    assert re.search(r'<details id="guide"[^>]* open', html) is None
    assert "Users 1,284" in text_of(html)


@pytest.mark.parametrize("idp", ["entra", "okta"])
def test_a_provider_that_never_activates_has_no_light_for_it(idp: str) -> None:
    waiting = setup_view(idp)  # type: ignore[arg-type]  # a name of the parameter
    on = setup_view(idp, on=3)  # type: ignore[arg-type]  # a name of the parameter

    assert ">Activation<" not in fragment("view.html", view=waiting)
    assert "0 of 3" in shown(waiting)
    assert ">Activation<" in fragment("view.html", view=on)


def test_refused_requests_have_a_reason_a_remedy_and_a_number() -> None:
    text = shown(setup_view(failures=(ADDRESS_TAKEN, replace(ADDRESS_TAKEN, times=1, operation="ReplaceUser"))))

    assert ADDRESS_TAKEN.explanation in text
    assert f"What to do: {ADDRESS_TAKEN.remedy}" in text
    assert "3 times" in text
    assert "1 times" not in text


def test_what_is_not_known_is_not_said_to_be_nothing() -> None:
    text = shown(setup_view(groups=True, users=None, user_groups=None, up_to_date=False))

    assert "Users not known Groups not known" in text
    assert "this list may be incomplete" in text


def test_every_value_is_text() -> None:
    failure = replace(ADDRESS_TAKEN, operation=HOSTILE, reason=HOSTILE, explanation=HOSTILE, remedy=HOSTILE)
    view = setup_view(
        account=HOSTILE, base_url=HOSTILE, consoles=console_setups(HOSTILE, HOSTILE, groups=True), failures=(failure,)
    )
    html = (
        fragment("view.html", view=view)
        + fragment("key.html", account=HOSTILE, base_url=HOSTILE, key=HOSTILE)
        + fragment("refused.html", title=HOSTILE, explanation=HOSTILE, remedy=HOSTILE)
    )

    assert "<img" not in html
    assert html.count("&lt;img") >= 10


def test_the_key_and_a_refusal_are_whole() -> None:
    assert KEY in fragment("key.html", account="acme", base_url=BASE_URL, key=KEY)
    assert text_of(fragment("refused.html", **REFUSED)) == " ".join(REFUSED.values())
