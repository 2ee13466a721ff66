"""docs/reference/errors.md has every reason that the source writes, with the status that a client gets."""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType
from unittest.mock import patch

import pytest

from domain.accounts.explanations import REASONS
from domain.errors import Forbidden
from reference.pages.errors import error_page, request_reasons, row_reasons, served_reasons, status_of
from reference.reason_texts import LOG_REASONS, ROW_REASONS
from reference.reasons import UnreadableReason, Written, reasons_in, written_reasons
from support.metric_sources import written
from support.repository import ROOT

RAISING = """
from domain.errors import Forbidden, NotFound
from handlers.groups import require_groups
def use(dark, name):
    {0}
"""


def found(statement: str) -> list[Written]:
    """The reasons of a statement, as if the module of groups had it."""
    return list(reasons_in(RAISING.format(statement), "handlers/groups.py"))


def test_reasons_are_found_in_every_form_in_which_they_are_written() -> None:
    [one] = found('raise NotFound("x", reason="too-dark", remedy=f"Light {name}.")')
    assert (one.reason, one.made.__name__, one.remedies) == ("too-dark", "NotFound", ("Light NAME.",))
    assert [each.reason for each in found('raise NotFound("x", reason="dark" if dark else "bright")')] == [
        "dark",
        "bright",
    ]
    assert [each.reason for each in found('raise NotFound("x")')] == ["not-found"]


@pytest.mark.parametrize("reason", ["name.lower()", "f'no-{name}'", "{'a': 'dark'}.get('a')"])
def test_a_reason_in_a_form_that_cannot_be_read_is_an_error(reason: str) -> None:
    with pytest.raises(UnreadableReason, match=re.escape(f"handlers/groups.py:5: {reason}")):
        found(f'raise NotFound("x", reason={reason})')


def test_a_reason_that_a_function_is_given_is_of_the_error_that_it_returns() -> None:
    text = "def error_of(name: str, reason: str) -> Forbidden:\n    return Forbidden(name, reason=reason)\n"
    module = ModuleType("handlers.another")
    exec("from __future__ import annotations\nfrom domain.errors import Forbidden\n" + text, vars(module))
    with patch.dict(sys.modules, {module.__name__: module}):
        [one] = reasons_in(text + 'error_of("x", "too-dark")', "handlers/another.py")
        assert (one.reason, one.made) == ("too-dark", Forbidden)
        with pytest.raises(UnreadableReason, match="call the parameter why reason"):
            list(reasons_in(text.replace("reason: str", "why: str").replace("=reason", "=why"), "handlers/another.py"))


def test_every_reason_that_is_written_is_in_a_section_of_the_page() -> None:
    """One in a call of a helper whose result is not known would be in none."""
    page = error_page()

    assert [each.place for each in written_reasons() if f"`{each.reason}`" not in page] == []


def test_a_reason_that_is_added_is_on_the_page() -> None:
    more = found('raise NotFound("x", reason="no-such-user", remedy="Look behind the door.")')

    assert "Look behind the door." not in error_page()
    assert "- Remedy: Look behind the door." in error_page([*written_reasons(), *more])


def test_every_reason_has_a_text_and_every_text_a_reason() -> None:
    assert request_reasons().keys() == REASONS
    assert served_reasons().keys() == LOG_REASONS.keys()
    assert row_reasons().keys() == ROW_REASONS.keys()


def test_no_reason_is_missed_that_a_plain_search_finds() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for room in ("domain", "adapters", "handlers")
        for path in (ROOT / "src" / room).rglob("*.py")
    ]
    literal = {name for text in texts for name in re.findall(r'\breason(?:: str)? ?= ?"([a-z-]+)"', text)}
    # Base classes, whose every use has a reason of its own.
    assert literal - {each.reason for each in written_reasons()} == {
        "bad-request",
        "forbidden",
        "unauthorized",
        "uniqueness",
    }


def test_every_refusal_that_clients_get_has_its_reason_and_status_on_the_page() -> None:
    lines = [line for line in map(json.loads, written()) if "reason" in line and "status" in line]

    assert len({line["reason"] for line in lines}) > 5
    assert {line["reason"]: line["status"] for line in lines if line["status"] not in status_of(line["reason"])} == {}
