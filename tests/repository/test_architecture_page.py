"""The guides to the code name files that exist, and the architecture page lists every room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.repository import ROOT

PAGE = ROOT / "docs" / "architecture.md"
# Decisions and the changelog are of their time, and may name what is gone.
GUIDES = [ROOT / "CONTRIBUTING.md", ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_ROOMS = "|".join(sorted(path.name for path in (ROOT / "src").iterdir() if (path / "__init__.py").exists()))
_FOLDERS = rf"(?:src/)?(?:{_ROOMS}|artifact|bench|docs|events|scripts|src|tests|verify_aws|\.ci|\.github)"
_PATH = re.compile(rf"(?<![\w./-])({_FOLDERS}/[\w./-]+|\w+\.(?:py|yaml|toml))(?![\w*<])")


def paths_in(text: str) -> set[str]:
    """The paths of the repository in the code spans of a text, and the bare names of files."""
    return {path for span in _CODE_SPAN.findall(text) for path in _PATH.findall(span)}


def exists(path: str) -> bool:
    """True for a path from the root or from `src`, and for the name of a file that is anywhere in `src`."""
    source = ROOT / "src"
    return (ROOT / path).exists() or (source / path).exists() or any(source.rglob(path))


def modules_of(room: str) -> set[str]:
    """The modules and rooms that are directly in a room of `src`."""
    found = (ROOT / "src" / room).iterdir()
    return {path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__"}


def listed(room: str) -> set[str]:
    """The names in the table that the page has for a room, without rooms within rooms."""
    _, _, rest = PAGE.read_text().partition(f"Within `src/{room}`")
    table, _, _ = rest.partition("\n\n|")[2].partition("\n\n")
    return {name for name in _CODE_SPAN.findall(table) if "/" not in name}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_every_file_that_a_guide_names_exists(guide: Path) -> None:
    assert {path for path in paths_in(guide.read_text()) if not exists(path)} == set()


def test_paths_are_found_in_the_guides() -> None:
    found = paths_in(PAGE.read_text())

    assert {"domain/limits.py", "src/adapters", "tests/support", "ports.py", ".ci/run"} - found == set()
    assert paths_in("`domain/no_such_file.py` `no_such_file.py`") == {"domain/no_such_file.py", "no_such_file.py"}


@pytest.mark.parametrize("room", ["domain", "adapters", "handlers", "operations", "reference"])
def test_the_architecture_page_lists_every_module_and_room(room: str) -> None:
    assert listed(room) == modules_of(room)
