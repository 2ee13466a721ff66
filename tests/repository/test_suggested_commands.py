"""Commands that the source suggests to the operator are commands that `rollcall` has, with those options."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator

import pytest
import typer

from cli.main import app
from domain import remedies
from support.repository import ROOT

SOURCES = sorted((ROOT / "src").rglob("*.py"))
_COMMAND = re.compile(r"\brollcall((?:\s+(?:--[a-z][a-z-]*(?:=\S+)?|[A-Za-z][\w-]*))+)")
REMEDIES: dict[str, Callable[[], str]] = {
    "activity": lambda: remedies.LOST_ACCESS,
    "show_user by name": lambda: remedies.show_user("acme", "userName", "ada"),
    "show_user by address": lambda: remedies.show_user("default", "emails.value", "ada@example.com"),
    "show_group": lambda: remedies.show_group("acme", "All of Sales"),
    "show_account": lambda: remedies.show_account("acme", reveal=True),
    "enable_account": lambda: remedies.enable_account("acme", replace=True),
    "match_existing_by_email": lambda: remedies.match_existing_by_email("acme"),
    "groups_on": lambda: remedies.groups_on("acme"),
    "extensions_on": lambda: remedies.extensions_on("acme"),
    "raise_rate": lambda: remedies.raise_rate("acme"),
    "tolerant": lambda: remedies.tolerant("acme"),
    "resume": lambda: remedies.resume("acme"),
    "let_through": lambda: remedies.let_through("acme"),
}


def texts(path: str) -> Iterator[str]:
    """The literal texts of a module; what a text inserts is an X, or nothing where it is the command's own options."""
    parts: set[ast.AST] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.JoinedStr):
            text = ""
            for part in node.values:
                parts.add(part)
                if isinstance(part, ast.Constant):
                    text += str(part.value)
                elif not text.endswith("rollcall"):
                    text += "X"
            yield text
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.value


def problem(words: list[str]) -> str | None:
    """Return the fault of a command line; None for words that do not begin like one, such as a sentence."""
    command = typer.main.get_command(app)
    followed: list[str] = []
    for word in words:
        if not isinstance(command, typer.core.TyperGroup):
            break
        following = command.commands.get(word)
        if following is None:
            return f"no {word} in rollcall {' '.join(followed)}" if followed and not word.startswith("-") else None
        command, followed = following, [*followed, word]
    known = {
        option
        for each in (typer.main.get_command(app), command)
        for parameter in each.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no {unknown} in rollcall {' '.join(followed)}" if followed and unknown else None


@pytest.mark.parametrize("path", [str(path.relative_to(ROOT)) for path in SOURCES if "rollcall" in path.read_text()])
def test_every_command_in_a_text_exists_with_its_options(path: str) -> None:
    problems = [problem(words.split()) for text in texts(path) for words in _COMMAND.findall(text)]

    assert [each for each in problems if each is not None] == []


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_is_a_whole_command(name: str) -> None:
    program, *words = shlex.split(REMEDIES[name]())
    command = typer.main.get_command(app)
    while isinstance(command, typer.core.TyperGroup):
        command, words = command.commands[words[0]], words[1:]

    assert program == "rollcall"
    command.make_context(name, words)


def test_every_remedy_is_tested() -> None:
    functions = {
        name for name, each in vars(remedies).items() if callable(each) and each.__module__ == "domain.remedies"
    }

    assert {name.partition(" ")[0] for name in REMEDIES} - {"activity"} == functions
