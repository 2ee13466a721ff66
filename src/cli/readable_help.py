"""Help texts with paragraphs that fill the window, and switches without a type."""

from __future__ import annotations

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption


def make_readable(command: TyperGroup | TyperCommand) -> None:
    """Rewrite the help of a command and of all its subcommands.

    typer keeps the line breaks of a docstring, and shows a switch as `<bool>`, as if it took a value.
    """
    if command.help:
        command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in command.help.split("\n\n"))
    for option in (*command.params, command.get_help_option(typer.Context(command))):
        if isinstance(option, TyperOption) and option.is_flag:
            option.metavar = ""
    for below in command.commands.values() if isinstance(command, TyperGroup) else ():
        if isinstance(below, TyperGroup | TyperCommand):
            make_readable(below)
