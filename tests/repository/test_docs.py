"""Targets, variables, limits, tolerances, reasons and tests that documents name exist."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from domain import limits
from domain.tolerances import TOLERANCES
from support.child_processes import run
from support.documents import contents, named
from support.repository import ROOT

SOURCE = "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.py")))
CONNECTION_GUIDES = [ROOT / "docs" / f"{name}.md" for name in ("jumpcloud", "entra-id", "okta")]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")


def prose(document: Path) -> str:
    """The text outside of fenced blocks."""
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def test_make_help_and_contributing_list_every_target() -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    done = run(["make", "help"], cwd=ROOT, check=True)
    helped = re.findall(r"^  make ([a-z-]+) ", done.stdout, re.MULTILINE)
    table = re.findall(r"^\| `make ([a-z-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    # These only check the settings of another target.
    assert set(helped) == targets - {"known-section", "one-region"}
    assert table == helped


def test_every_variable_that_the_readme_names_is_read() -> None:
    spans = [span.text for span in contents(ROOT / "README.md").spans]
    variables = {text for text in spans if re.fullmatch(r"[A-Z][A-Z0-9_]{3,}", text)}
    assert variables

    assert {variable for variable in variables if f'"{variable}"' not in SOURCE} == set()


@pytest.mark.parametrize("document", CONNECTION_GUIDES, ids=named)
def test_every_reason_in_a_guide_is_one_that_is_logged(document: Path) -> None:
    answers = re.findall(r"\b[345]\d\d, ((?:`[a-z-]+`(?:, | or )?)+)", document.read_text())
    reasons = {reason for answer in answers for reason in _CODE_SPAN.findall(answer)}
    assert reasons

    assert {reason for reason in reasons if f'"{reason}"' not in SOURCE} == set()


def test_every_tolerance_is_documented_in_order_with_its_source() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (.*) \|$", (ROOT / "docs" / "tolerances.md").read_text(), re.MULTILINE)

    assert rows == [(tolerance.name, tolerance.source) for tolerance in TOLERANCES]


def test_every_test_in_the_threat_model_exists() -> None:
    existing = {
        test
        for path in (ROOT / "tests").rglob("test_*.py")
        for test in re.findall(r"def (test_\w+)\(", path.read_text())
    }

    named_tests = set(re.findall(r"`(test_\w+)`", prose(ROOT / "docs" / "security.md")))

    assert named_tests
    assert named_tests - existing == set()


def test_every_threat_names_a_test() -> None:
    table = re.compile(r"^\| \w+ \| What stops it \| Test \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
    rows = "".join(table.findall(prose(ROOT / "docs" / "security.md"))).splitlines()
    assert rows

    assert [row for row in rows if not re.search(r"\| `test_\w+`(?:, `test_\w+`)* \|$", row)] == []


def test_every_bound_is_documented_with_its_value() -> None:
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    bounds = {name: value for name, value in vars(limits).items() if name.isupper()}

    documented = re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+(?: days)?) \|", text, re.MULTILINE)

    assert dict(documented) == {
        name: f"{value.days} days" if isinstance(value, timedelta) else f"{value:,}" for name, value in bounds.items()
    }
