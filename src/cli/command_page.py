"""docs/reference/commands.md and settings.md: the commands of `rollcall` from their help, and the settings of accounts.

In `cli`, since only what imports the commands can read them, and nothing below may import them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cli.account_settings import Setting, possible_values, set_setting, value_in
from domain.accounts.account import Settings
from reference.markdown import code, codes, page, prose, table

_INTRODUCTION: Final = """
With `--help`, a command shows the same in the terminal. What needs which rights: [Who may see and press
what](../operations.md#who-may-see-and-press-what). With `--json` a command answers in the form of the [JSON Schema of
answers](../command-answers.schema.json).
"""
_SETTINGS: Final = """
An account has these settings. `rollcall account set NAME SETTING VALUE` changes one, `rollcall account show NAME`
shows all. A change takes effect within a minute.
"""

_OF_TYPER: Final = ("install_completion", "show_completion")
_WORDS: Final = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "FILE"}
"""What an option without a metavar takes, by its type."""


def command_page(app: typer.Typer) -> str:
    """The page about all commands of an application."""
    root = typer.main.get_command(app)
    commands = list(_commands(root, "rollcall"))
    contents = (f"[`{path}`](#{path.replace(' ', '-')})" for path, _ in commands)
    return page(
        "Commands of rollcall",
        "`src/cli`",
        _text(root.help),
        prose(_INTRODUCTION),
        "\n".join(f"- {each}" for each in contents),
        "## Options of every command",
        _text(root.epilog),
        _parameters(root),
        *(_section(path, command) for path, command in commands),
    )


def settings_page() -> str:
    """The page about the settings of an account."""
    texts = dict(_paragraphs(set_setting.__doc__ or ""))
    parts = [prose(_SETTINGS)]
    for setting in sorted(Setting):
        default = value_in(Settings(), setting)
        facts = [f"- Values: {_choices(possible_values(setting))}", f"- Default: {code(default)}"]
        parts += [f"## {setting.value}", texts[setting.value], "\n".join(facts)]
    return page("Settings of an account", "`src/cli/account_settings.py`", *parts)


def _choices(values: str | Iterable[str]) -> str:
    return values if isinstance(values, str) else codes(values)


def _paragraphs(documentation: str) -> Iterator[tuple[str, str]]:
    """The paragraphs about settings, each by its setting's name."""
    for paragraph in documentation.split("\n\n"):
        text = " ".join(paragraph.split())
        if found := re.match(r"\[bold\]([\w-]+)\[/bold\], ", text):
            meaning = text[found.end() :].partition(": ")[2]  # before it are the values, which `possible_values` has
            yield found[1], meaning[0].upper() + meaning[1:]


def _commands(group: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command by what is typed for it, in the order of the help."""
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from _commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


def _section(path: str, command: TyperCommand) -> str:
    given = [_usage(each) for each in command.params if isinstance(each, TyperArgument)]
    given += ["[OPTIONS]"] if any(isinstance(each, TyperOption) for each in command.params) else []
    parts = [f"## {path}", f"Usage: {' '.join([path, *given])}", _text(command.help)]
    return "\n\n".join([*parts, _parameters(command)]).rstrip()


def _usage(argument: TyperArgument) -> str:
    name = _plain_name(argument)
    return name if argument.required else f"[{name}]"


def _plain_name(argument: TyperArgument) -> str:
    return str(argument.metavar or argument.name).strip("[]")


def _parameters(command: Any) -> str:
    rows = [_row(each) for each in command.params if each.name not in _OF_TYPER]
    return (
        table(["Argument or option", "Value", "Default", "Meaning"], rows)
        if rows
        else "It takes no options of its own."
    )


def _row(parameter: Any) -> list[str]:
    if isinstance(parameter, TyperArgument):
        return [code(_plain_name(parameter)), "", _default(parameter), _text(parameter.help)]
    names = codes([*parameter.opts, *parameter.secondary_opts])
    return [names, "" if parameter.is_flag else _value(parameter), _default(parameter), _meaning(parameter)]


def _value(option: Any) -> str:
    """What an option takes."""
    annotation = option.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return codes(each.value for each in annotation)
    if get_origin(annotation) is Literal:
        return codes(get_args(annotation))
    return code(str(option.metavar or _WORDS[annotation]))


def _meaning(option: Any) -> str:
    variable = f" Environment variable: `{option.envvar}`." if option.envvar else ""
    return _text(option.help) + variable


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    default = parameter.default
    return "" if default is None or default is False or callable(default) or default == [] else code(_plain(default))


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


def _text(markup: str | None) -> str:
    """A help text as Markdown."""
    text = re.sub(r"\[bold\](.*?)\[/bold\]", r"`\1`", markup or "")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
