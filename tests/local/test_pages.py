"""The pages of the local server over HTTP: what is served, to whom, and with which protection."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from local.pages.site import PLACES
from local.service import LocalService


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.mark.parametrize("path", [place.path for place in PLACES if place.path != "/"])
def test_a_page_is_html_with_a_strict_policy_and_without_inline_script_or_style(
    service: LocalService, path: str
) -> None:
    answer = httpx.get(service.address + path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text)
    assert 'aria-current="page"' in answer.text
    assert httpx.post(service.address + path).status_code == 405


def test_the_files_that_a_page_names_are_served(service: LocalService) -> None:
    for place in PLACES[1:]:
        for named in re.findall(r'(?:src|href)="(/[^"]+\.\w+)"', httpx.get(service.address + place.path).text):
            assert httpx.get(service.address + named).status_code == 200, named


@pytest.mark.parametrize("path", ["/favicon.ico", "/favicon.svg", "/robots.txt", "/apple-touch-icon.png"])
def test_what_browsers_ask_for_by_themselves_is_no_scim_traffic(service: LocalService, path: str) -> None:
    lines = service.activity_file.read_text()

    assert httpx.get(service.address + path).status_code in (200, 404)

    assert service.activity_file.read_text() == lines
