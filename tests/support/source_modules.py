"""The modules of src/ and what they import, read from their text: imports inside functions too."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from support.repository import ROOT

SRC = ROOT / "src"


def _name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in SRC.rglob("*.py")}
"""The file of each module and package, by its dotted name."""


def imported(start: Collection[str]) -> set[str]:
    """The modules of src/ that these modules import, directly or not, with themselves and the packages around them."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        while name and name not in MODULES:
            name = name.rpartition(".")[0]  # an attribute of a module, or a module of others
        if name and name not in found:
            found.add(name)
            waiting += [name.rpartition(".")[0], *_imports(MODULES[name])]
    return found


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
