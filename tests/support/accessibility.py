"""What people with a screen reader, a keyboard, a small screen or a dark theme meet on a page."""

from __future__ import annotations

from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS: Final = (360, 768, 1280)
_RULES: Final[dict[Literal["light", "dark"], list[str]]] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast"],  # the rest does not depend on colours
}
_DARK_WIDTH: Final = WIDTHS[-1]
_RUN: Final = "only => axe.run({resultTypes: ['violations'], runOnly: only}).then(result => result.violations)"


def faults(page: Page, *more: str) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and `more` rules, and sideways scrolling, at each width.

    The contrast in dark is checked at one width: no colour depends on the width. The page keeps the last of these.
    """
    page.evaluate(Axe().axe_script)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"scrolls sideways at {width}")
        for scheme, rules in _RULES.items():
            if scheme == "dark" and width != _DARK_WIDTH:
                continue
            page.emulate_media(color_scheme=scheme)
            page.evaluate("() => new Promise(requestAnimationFrame)")  # a script may follow the scheme
            violations: list[dict[str, Any]] = page.evaluate(_RUN, [*rules, *more] if scheme == "light" else rules)
            found += [f"{width} {scheme} {each['id']}: {each['nodes'][0]['html']}" for each in violations]
    return found
