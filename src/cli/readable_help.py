"""Help texts with paragraphs that fill the window, and switches without a type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

HELP: Final = ["--help", "-h"]
"""The options that show the help of a command."""


def without_types(options: Iterable[object]) -> None:
    """Show switches without a type."""
    for option in options:
        if isinstance(option, TyperOption) and option.is_flag:
            option.metavar = ""


def make_readable(command: TyperGroup | TyperCommand) -> None:
    """Rewrite the help of a command and of all its subcommands.

    typer keeps the line breaks of a docstring, and shows a switch as `<bool>`, as if it took a value.
    """
    if command.help:
        command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in command.help.split("\n\n"))
    without_types((*command.params, command.get_help_option(typer.Context(command, help_option_names=HELP))))
    for below in command.commands.values() if isinstance(command, TyperGroup) else ():
        if isinstance(below, TyperGroup | TyperCommand):
            make_readable(below)
