"""A browser, and the local service with its settings page in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from local.service import LocalService
from support.repository import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Everything that Chromium would do besides showing the page is switched off: there is no network in tests.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def page(browser: Browser, service: LocalService) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.goto(service.address)
    opened.get_by_role("heading", name="Accounts").wait_for()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The directory of the pictures for the docs; `make screenshots` copies them."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
