"""Result of `pip install .`: a wheel with its data, and every package that its modules import."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.child_processes import run
from support.declared import EXAMPLE
from support.repository import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FUNCTIONS = ("domain", "adapters", "handlers")
ROOMS = {"": FUNCTIONS, "cli": ("operations", "cli"), "local": ("reference", "local")}
"""By extra, the packages of src/ whose imports it declares; the empty name is an installation without an extra."""

_IMPORTS_ALL = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + sys.argv[1:2]
from importlib import import_module
from pkgutil import walk_packages
for room in sys.argv[2:]:
    for module in walk_packages(import_module(room).__path__, f"{room}."):
        import_module(module.name)
"""
_ROLLCALL = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + sys.argv[1:2]
sys.argv[:] = ["rollcall", *sys.argv[2:]]
from cli.start import main
main()
"""


def required(extra: str) -> list[Requirement]:
    """The packages that pyproject.toml declares for an installation with that extra."""
    return [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"].get(extra, [])]


def declared(extra: str) -> set[str]:
    """The names of the packages that pyproject.toml declares for an installation with that extra."""
    return {canonicalize_name(requirement.name) for requirement in required(extra)}


def imported(room: str) -> set[str]:
    """The packages of others that a room of src/ imports, by the names of their distributions."""
    providers = packages_distributions()
    names = {name for path in (ROOT / "src" / room).rglob("*.py") for name in _imports(ast.parse(path.read_bytes()))}
    return {
        canonicalize_name(providers[name][0])
        for name in names
        if name in providers and not (ROOT / "src" / name).is_dir()
    }


def _imports(tree: ast.AST) -> Iterator[str]:
    """The top-level modules that a tree imports when it runs, those of functions included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]
        yield from _imports(node)


@pytest.mark.parametrize("extra", ROOMS)
def test_imported_packages_are_declared_packages(extra: str) -> None:
    found = {name for room in ROOMS[extra] for name in imported(room)}

    assert found <= declared(extra)
    assert declared(extra) - declared("") <= found if extra else found == declared("")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip would build, unpacked."""
    source, into = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copy(ROOT / "pyproject.toml", source)
    others = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", source / "src", symlinks=True, ignore=others)
    (source / "schemas").mkdir()
    (source / "schemas" / "acme.json").write_text(json.dumps(EXAMPLE))
    program = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    done = run([sys.executable, "-c", program, into], cwd=source)
    assert done.returncode == 0, done.stderr
    [archive] = into.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
    archive.unlink()
    return into


def test_a_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    source = ROOT / "src"
    expected = {
        str(path.relative_to(source))
        for path in source.rglob("*")
        if path.is_file() and not re.search(r"__pycache__|\.egg-info", str(path))
    }

    assert expected <= {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}


def test_a_wheel_has_the_declared_extensions_where_the_command_looks(wheel: Path) -> None:
    assert [path.name for path in (wheel / "adapters" / "schemas").iterdir()] == ["acme.json"]


def installed(wheel: Path, extra: str, into: Path) -> Path:
    """A folder with the wheel and with what an installation with that extra brings, nothing else."""
    into.mkdir()
    for path in wheel.iterdir():
        (into / path.name).symlink_to(path)
    seen: set[str] = set()
    waiting = required(extra)
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        package = distribution(requirement.name)
        for name in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            if not (into / name).exists():
                (into / name).symlink_to(Path(str(package.locate_file(name))))
        extras = ("", *requirement.extras)
        waiting += [
            needed
            for needed in map(Requirement, package.requires or ())
            if needed.marker is None or any(needed.marker.evaluate({"extra": one}) for one in extras)
        ]
    return into


@pytest.mark.parametrize("extra", ROOMS)
def test_an_installation_imports_every_module_of_its_part(wheel: Path, extra: str, tmp_path: Path) -> None:
    rooms = (*FUNCTIONS, *ROOMS[extra])
    path = installed(wheel, extra, tmp_path / "installed")

    done = run([sys.executable, "-I", "-S", "-c", _IMPORTS_ALL, path, *rooms], cwd=tmp_path)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["account", "list", "--help"]], ids=" ".join)
def test_the_command_starts_with_the_packages_of_its_extra_alone(
    wheel: Path, arguments: list[str], tmp_path: Path
) -> None:
    path = installed(wheel, "cli", tmp_path / "installed")

    done = run([sys.executable, "-I", "-S", "-c", _ROLLCALL, path, *arguments], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "rollcall" in done.stdout


@pytest.mark.parametrize("project", ["examples/typescript", "tests/newman"])
def test_the_lock_file_of_a_node_project_has_versions_and_hashes_and_no_address(project: str) -> None:
    text = (ROOT / project / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}

    assert "://" not in text
    assert [name for name, package in packages.items() if not {"version", "integrity"} <= package.keys()] == []
