"""Documents, records, files and commands that help texts, error texts, pages, templates and comments name exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from support import operator_commands
from support.documents import anchors
from support.repository import ROOT

SOURCES = sorted(
    chain(
        (
            ROOT / name
            for name in ("Makefile", "pyproject.toml", "samconfig.toml", "template.yaml", "observability.yaml")
        ),
        (path for path in (ROOT / "docs").rglob("*") if path.suffix in (".yaml", ".json")),
        (path for path in (ROOT / ".github").rglob("*.yml")),
        (
            path
            for path in (ROOT / "examples").rglob("*")
            if path.suffix in (".py", ".ts") and "node_modules" not in path.parts
        ),
        *(
            (path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".html", ".js", ".css"))
            for folder in ("src", "artifact", "bench", "verify_aws")
        ),
    )
)
_PATH = re.compile(r"(?<![\w/.-])(?:docs|tests|examples|scripts|artifact|verify_aws)/[\w/-]+(?:\.[a-z]+)*(?:#[\w-]+)?")
_RECORD = re.compile(r"docs/decisions/(\d{3})(?![\w-])")
_COMMAND = re.compile(r"\brollcall((?: (?:--[a-z-]+|[a-z][a-z-]+|[A-Z]+)\b)+)")
# What commands make, what stands for a date, and a page of Okta's documentation, by which a tolerance names its source.
NOT_HERE = re.compile(r"/(?:build|node_modules)$|DATE|^docs/reference/scim/scim-20$")


def references(text: str) -> Iterator[tuple[int, str]]:
    """Each reference of a text, with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _PATH.finditer(line):
            # `.../docs/x` belongs to another repository, `docs/{page}` and `docs/a-` are put together.
            if not NOT_HERE.search(found[0]) and line[found.end() : found.end() + 1] not in ("{", "$", "*", "-", "_"):
                yield number, found[0]


def fault(reference: str) -> str | None:
    """What is wrong with a reference; None if it leads somewhere."""
    path, _, anchor = reference.partition("#")
    if record := _RECORD.fullmatch(path):
        return None if list((ROOT / "docs" / "decisions").glob(f"{record[1]}-*.md")) else f"no record {path}"
    target = ROOT / path
    if not target.exists():
        return f"no file {path}"
    return f"no heading {anchor} in {path}" if anchor and anchor not in anchors(target) else None


def test_every_reference_to_a_file_leads_there() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {wrong}"
        for path in SOURCES
        for line, reference in references(path.read_text(encoding="utf-8"))
        if (wrong := fault(reference))
    ]

    assert found == []


def commands_of(text: str) -> list[str]:
    """What a text names as commands: words after `rollcall` of which the first is a command or a group."""
    known = set(operator_commands.names())
    found = [words.split() for words in _COMMAND.findall(" ".join(text.split()))]
    return [" ".join(words) for words in found if words[0] in known]


@pytest.mark.parametrize("path", [path for path in SOURCES if path.suffix == ".yaml"], ids=lambda path: path.name)
def test_every_command_that_a_template_names_exists(path: Path) -> None:
    found = commands_of(path.read_text(encoding="utf-8"))

    assert [wrong for words in found if (wrong := wrong_beginning(words.split()))] == []


def wrong_beginning(words: list[str]) -> str | None:
    """What is wrong with the longest beginning of the words that can be a command: a sentence may go on after it."""
    wrong = [operator_commands.fault(words[:end], whole=False) for end in range(1, len(words) + 1)]
    return None if any(each is None for each in wrong[1:] or wrong) else wrong[-1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See docs/deploi.md for more.", "no file docs/deploi.md"),
        ("(docs/decisions/999)", "no record docs/decisions/999"),
        ("Runbook: docs/runbook.md#nothing-of-it.", "no heading nothing-of-it in docs/runbook.md"),
        ("# tests/nowhere/test_it.py has the rest", "no file tests/nowhere/test_it.py"),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(text: str, found: str) -> None:
    assert [(line, fault(reference)) for line, reference in references(f"\n{text}\n")] == [(2, found)]


def test_a_command_that_a_template_names_wrongly_is_found() -> None:
    [words] = commands_of("To publish them:\n  rollcall events redeliver once")

    assert wrong_beginning(words.split()) == "rollcall events: No such command 'redeliver'. Did you mean 'redrive'?"
