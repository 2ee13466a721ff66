"""Commands of documents, judged as far as they can be without running them; an unknown program is a fault.

`whole=False` is for commands that a sentence names: arguments may be missing.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from handlers.routes import BASE_PATH, ROUTES
from support import aws_cli, operator_commands
from support.code_syntax import syntax_errors
from support.repository import ROOT
from support.shell import Command

_MAKEFILE: Final = (ROOT / "Makefile").read_text(encoding="utf-8")
_PYPROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_SAMCONFIG: Final[dict[str, Any]] = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
SOURCE: Final = "\n".join(
    path.read_text(encoding="utf-8")
    for pattern in (
        "src/**/*.py",
        "examples/python/*.py",
        "examples/typescript/src/*.ts",
        "verify_aws/*.py",
        "bench/*.py",
    )
    for path in sorted(ROOT.glob(pattern))
)

# The options that documents use of programs that are not of this repository: looked up in their manuals once.
OPTIONS: Final[Mapping[str, set[str]]] = {
    "apt-get install": set(),
    "cat": set(),
    "cd": set(),
    "cp": set(),
    "curl": {"-s", "-S", "-w", "-H", "-d", "-X", "--data-binary", "--fail-with-body"},
    "echo": set(),
    "env": {"-u"},
    "export": set(),
    "gh release download": {"--repo"},
    "git fetch": {"--tags"},
    "git log": {"-1", "--stat"},
    "git merge": set(),
    "git push": set(),
    "git tag": {"-s", "-m", "--sort"},
    "git worktree add": set(),
    "grep": {"-F", "-r", "-n"},
    "jq": {"-r"},
    "npx newman run": {"--env-var"},
    "openssl rand": {"-base64"},
    "read": {"-r"},
    "sam build": set(),
    "sam deploy": set(),
    "sam local": set(),
    "sam local invoke": {"--event"},
    "sam local start-api": set(),
    "sam package": set(),
    "sam validate": {"--lint"},
    "sed": set(),
    "sort": {"-u"},
    "sha256sum": {"--check", "--strict"},
    "shasum": {"-a", "--check"},
    "terraform apply": set(),
    "terraform destroy": set(),
    "umask": set(),
}


_OF_OTHERS: Final = {"AWS_REGION", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "PYTHONPATH", "PIP_INDEX_URL"}


class Wrong(Exception):
    """What is wrong with a command."""


def fault(command: Command, folder: Path, *, whole: bool = True) -> str | None:
    """What is wrong with a command that is run in a folder: that of an example, or the root of the repository."""
    try:
        _check(command, folder, whole)
    except Wrong as wrong:
        return str(wrong)
    return None


def known(program: str) -> bool:
    """Whether a word is the name of a program that documents run."""
    return bool(program) and (_judge(program) is not None or any(program == name.split()[0] for name in OPTIONS))


def _check(command: Command, folder: Path, whole: bool) -> None:
    if not command.words:
        return
    judge = _judge(command.program)
    if judge is not None:
        judge(command, folder, whole)
    else:
        _check_options(command)
    if command.program == "curl":
        _check_request(command)


def _judge(program: str) -> Callable[[Command, Path, bool], None] | None:
    match re.fullmatch(r"(?:(?:\.venv[\w-]*|rollcall)/bin/)?([\w.-]+)", program):
        case None:
            return _check_script if program.startswith((".ci/", "scripts/")) else None
        case found if found[1] in _JUDGES:
            return _JUDGES[found[1]]
        case found if found[0] != found[1] or found[1] in ("pytest", "mypy"):
            return _check_installed
    return None


def _check_rollcall(command: Command, folder: Path, whole: bool) -> None:
    if found := operator_commands.fault(command.words[1:], whole=whole):
        raise Wrong(found)


def _check_aws(command: Command, folder: Path, whole: bool) -> None:
    if found := aws_cli.fault(command.words[1:], whole=whole):
        raise Wrong(found)


def _check_make(command: Command, folder: Path, whole: bool) -> None:
    targets = set(re.findall(r"^([\w./-]+):", _MAKEFILE, re.MULTILINE))
    for word in command.words[1:]:
        name, equals, value = word.partition("=")
        if not equals and name not in targets and not re.fullmatch(r"-j\d", name):
            raise Wrong(f"make has no target {name}")
        if equals and not is_read(name):
            raise Wrong(f"nothing reads {name}")
        if name == "ENV" and value not in (*_SAMCONFIG, "NAME"):
            raise Wrong(f"samconfig.toml has no section {value}")
        if name in ("LOAD", "VERIFY"):
            _check_arguments({"LOAD": "bench/load.py", "VERIFY": "verify_aws/__main__.py"}[name], value.split())


def _check_python(command: Command, folder: Path, whole: bool) -> None:
    words = command.words[1:]
    match words:
        case ["-c", code]:
            try:
                ast.parse(code)
            except SyntaxError as error:
                raise Wrong(f"python -c: {error}") from None
        case ["-m", module, *_]:
            if importlib.util.find_spec(module) is None:
                raise Wrong(f"no module {module}")
        case [path, *arguments]:
            if not (folder / path).is_file():
                raise Wrong(f"no file {path}")
            _check_arguments(path, arguments, folder)
            named = command.variables.get("PYTHONPATH", "").split(":")
            imported = "\n".join(_with_imported(folder / path))
            if "\nfrom support" in imported and "sys.path" not in imported and "tests" not in named:
                raise Wrong(f"{path} imports from tests, which PYTHONPATH does not name")


def _with_imported(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """The texts of a program and of the modules in its folder that it imports."""
    text = path.read_text(encoding="utf-8")
    yield text
    for name in re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE):
        neighbour = path.with_name(f"{name}.py")
        if neighbour.is_file() and neighbour not in seen:
            yield from _with_imported(neighbour, seen | {path})


def _check_arguments(path: str, arguments: list[str], folder: Path = ROOT) -> None:
    """The options of a program are among those that it, or a module of its folder, defines."""
    texts = [each.read_text(encoding="utf-8") for each in (folder / path).parent.glob("*.py")]
    defined = {option for text in texts for option in re.findall(r'add_argument\(\s*"(--[\w-]+)"', text)}
    for option in arguments:
        if option.startswith("-") and option not in defined:
            raise Wrong(f"{path} has no option {option}")


def _check_pip(command: Command, folder: Path, whole: bool) -> None:
    match command.words[1:]:
        case ["install"] | ["install", "."]:
            return
        case ["install", "-r", path]:
            if not (folder / path).is_file():
                raise Wrong(f"no file {path}")
        case ["install", wanted] if not wanted.startswith("-"):
            for extra in re.findall(r"^\.(?:/.*)?\[(.*)\]$", wanted):
                if extra not in _PYPROJECT["project"]["optional-dependencies"]:
                    raise Wrong(f"the package has no extra {extra}")
        case _:
            raise Wrong(f"an unknown use of pip: {command.words}")


def _check_npm(command: Command, folder: Path, whole: bool) -> None:
    project = folder if (folder / "package.json").is_file() else ROOT / "examples" / "typescript"
    match command.words[1:]:
        case ["ci"]:
            if not (project / "package-lock.json").is_file():
                raise Wrong("npm ci needs package-lock.json")
        case ["run", script]:
            if script not in json.loads((project / "package.json").read_text(encoding="utf-8"))["scripts"]:
                raise Wrong(f"package.json has no script {script}")
        case _:
            raise Wrong(f"an unknown use of npm: {command.words}")


def _check_node(command: Command, folder: Path, whole: bool) -> None:
    match command.words[1:]:
        case ["-e" | "-p", code]:
            if syntax_errors("javascript", code):
                raise Wrong(f"node: no JavaScript: {code}")
        case [path, *_] if path.startswith("build/"):
            source = ROOT / "examples" / "typescript" / "src" / Path(path).with_suffix(".ts").name
            if not source.is_file():
                raise Wrong(f"no {source.name} is compiled to {path}")
        case _:
            raise Wrong(f"an unknown use of node: {command.words}")


def _check_script(command: Command, folder: Path, whole: bool) -> None:
    if not (ROOT / command.program).is_file():
        raise Wrong(f"no file {command.program}")


def _check_installed(command: Command, folder: Path, whole: bool) -> None:
    """A program of a package in .venv; `sam` and those of the other environments have their options listed here."""
    name = command.program.rpartition("/")[2]
    if any(listed.split()[0] == name for listed in OPTIONS):
        _check_options(Command(command.line, [name, *command.words[1:]]))
    elif name not in _scripts():
        raise Wrong(f"no package installs {name}")
    for word in command.words[1:]:
        if re.match(r"(tests|src|docs)/", word) and not (ROOT / word).exists():
            raise Wrong(f"no file {word}")


@cache
def _scripts() -> set[str]:
    return {entry.name for entry in entry_points(group="console_scripts")}


def _check_options(command: Command) -> None:
    words = " ".join(command.words)
    names = [name for name in OPTIONS if f"{words} ".startswith(f"{name} ")]
    if not names:
        raise Wrong(f"an unknown program: {' '.join(command.words[:3])}")
    name = max(names, key=len)
    for word in command.words[len(name.split()) :]:
        for option in _spelled_out(word):
            if option not in OPTIONS[name]:
                raise Wrong(f"is {option} an option of {name}? See its manual, then list it in {Path(__file__).name}")


def _spelled_out(word: str) -> list[str]:
    """The options in a word: `-sS` are two."""
    if word.startswith("--"):
        return [word.partition("=")[0]]
    if re.fullmatch(r"-[A-Za-z]{2,}", word) and word not in ("-base64",):
        return [f"-{letter}" for letter in word[1:]]
    return [word] if re.match(r"-[A-Za-z0-9]", word) else []


def _check_request(command: Command) -> None:
    """The address is of a route of the API, and a body is JSON."""
    for word in command.words:
        address = re.fullmatch(rf"(?:\$BASE(?:_URL)?|\S*{BASE_PATH})(/\S*)", word)
        if address and not any(re.fullmatch(_pattern(route.path), address[1].partition("?")[0]) for route in ROUTES):
            raise Wrong(f"the API has no {address[1]}")
        if word.startswith("{"):
            try:
                json.loads(word)
            except ValueError as error:
                raise Wrong(f"the body is no JSON: {error}") from None


def _pattern(path: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))


def is_read(name: str) -> bool:
    """Whether a program of the repository, or every AWS SDK, reads the variable."""
    return (
        bool(re.search(rf"[\"'.\[]{name}\b", SOURCE) or re.search(rf"\$[($]{name}\b", _MAKEFILE)) or name in _OF_OTHERS
    )


_JUDGES: Final[Mapping[str, Callable[[Command, Path, bool], None]]] = {
    "rollcall": _check_rollcall,
    "aws": _check_aws,
    "make": _check_make,
    "python": _check_python,
    "python3": _check_python,
    "pip": _check_pip,
    "npm": _check_npm,
    "node": _check_node,
}
