"""`make lint` checks the spelling and the words of what people read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support import phrases
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


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("page.md", "# A page\n\nThe run goes on.\n", 3),
        ("page.md", "A page whose run goes\non after a line's end.\n", 1),
        ("errors.py", 'DETAIL = (\n    "Nothing was changed. The pause goes "\n    f"on until {time}."\n)\n', 2),
        ("errors.py", "def run() -> None:\n    # A run that goes\n    # on.\n", 2),
        ("command.py", 'def run() -> None:\n    """Import users.\n\n    The import Goes\n    on.\n    """\n', 4),
    ],
    ids=["document", "end of a line", "two literals", "comment", "help"],
)
def test_a_planted_phrase_is_found_with_its_line_and_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, line: int
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert phrases.main([str(tmp_path)]) == 1
    assert re.fullmatch(rf"{tmp_path / name}:{line}: goes on ==> continue\n", capsys.readouterr().out, re.IGNORECASE)


def test_a_text_without_these_phrases_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("The import continues. There is no account yet, and it is no longer paused.\n", encoding="utf-8")

    assert phrases.main([str(page)]) == 0
    assert capsys.readouterr().out == ""


def test_each_phrase_of_the_list_has_words_to_write_instead() -> None:
    known = phrases.phrases(phrases.LIST.read_text(encoding="utf-8"))

    assert len(known) > 10
    assert all(each.instead.strip() and not each.pattern.search(each.instead) for each in known)


def test_make_lint_checks_every_document_and_all_sources() -> None:
    [tools] = re.findall(r"^lint:([^#]*)", MAKEFILE, re.MULTILINE)
    [texts] = re.findall(r"^TEXTS := (.*)$", MAKEFILE, re.MULTILINE)
    [recipe] = re.findall(r"^lint-words:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    named = {path for pattern in texts.split() for path in ROOT.glob(pattern)}

    def is_named(path: Path) -> bool:
        return bool({path, *path.parents} & named)

    assert "lint-words" in tools.split()
    assert "codespell $(TEXTS)" in recipe
    assert "support.phrases $(TEXTS)" in recipe
    assert re.search(r"codespell .* tests\b", recipe)
    programs = ["src/cli/main.py", "src/domain/errors.py", "verify_aws/screen.py", "artifact/build.py", "bench/load.py"]
    for name in (*programs, "scripts/dynamodb-local", "Makefile", "template.yaml"):
        assert is_named(ROOT / name), name
    documents = [
        page
        for folder in ("docs", "examples", "schemas", "src", "tests", "bench", "scripts")
        for page in (ROOT / folder).rglob("*.md")
        if not {"node_modules", ".venv"} & set(page.parts)
    ]
    assert [page for page in (*documents, *ROOT.glob("*.md")) if not is_named(page)] == []
