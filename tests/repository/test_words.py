"""`make lint` checks the spelling and the words of what people read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.child_processes import CompletedProcess, run
from support.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def checked(page: Path, text: str) -> CompletedProcess[str]:
    """Check a page with that text as `make lint` would."""
    page.write_text(text, encoding="utf-8")
    return run([sys.executable, "-m", "codespell_lib", page], cwd=ROOT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The operator recieves a notice.", "recieves ==> receives"),
        ("Nobody is notified.", "Nobody ==> No one, No user"),
        ("The stack is made anew.", "anew ==> again, new"),
    ],
    ids=["misspelling", "capital letter", "unusual word"],
)
def test_a_planted_word_is_found_with_its_line_and_what_to_write(tmp_path: Path, text: str, found: str) -> None:
    done = checked(tmp_path / "page.md", f"# A page\n\n{text}\n")

    assert done.returncode != 0
    assert f"page.md:3: {found}" in done.stdout


def test_a_word_in_the_help_of_a_command_is_found(tmp_path: Path) -> None:
    done = checked(tmp_path / "command.py", 'Option(help="Delete whoever is named.")\n')

    assert done.returncode != 0
    assert "whoever ==> anyone who" in done.stdout


def test_terms_of_scim_and_names_are_right(tmp_path: Path) -> None:
    text = "`urn:ietf:params:scim:api:messages:2.0:PatchOp`, caseExact, externalId, JumpCloud, Okta, `falso`\n"

    done = checked(tmp_path / "page.md", text)

    assert (done.returncode, done.stdout) == (0, "")


def test_make_lint_checks_every_document_and_the_command() -> None:
    [tools] = re.findall(r"^lint:([^#]*)", MAKEFILE, re.MULTILINE)
    [arguments] = re.findall(r"^\t@\$\(BIN\)/codespell (.*) \\$", MAKEFILE, re.MULTILINE)
    named = {path for pattern in arguments.split() for path in ROOT.glob(pattern)}

    def is_named(path: Path) -> bool:
        return bool({path, *path.parents} & named)

    assert "lint-words" in tools.split()
    assert is_named(ROOT / "src" / "cli" / "main.py")
    assert is_named(ROOT / "template.yaml")
    documents = [
        page
        for folder in ("docs", "examples", "schemas", "src", "tests", "bench", "scripts")
        for page in (ROOT / folder).rglob("*.md")
        if not {"node_modules", ".venv"} & set(page.parts)
    ]
    assert [page for page in (*documents, *ROOT.glob("*.md")) if not is_named(page)] == []
