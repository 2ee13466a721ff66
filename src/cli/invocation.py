"""The global options of a command: the deployment, and the form of the answer."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.markup import escape

from cli.sentences import Sentence
from cli.wording import harmless, harmless_json
from domain.documents import Json
from operations.deployment import Deployment, deployed, local_server, two_regions
from operations.local_servers import PORT_VARIABLE, chosen, running

_SUGGESTED: Final = re.compile(
    r"""(?P<value>='[^']*'(?:"'"'[^']*')*|"(?:\\"|[^"])*")"""
    r"|\brollcall (?=(?:account|users|groups|activity|doctor|table|events|deploy|simulate)\b)"
)
"""A command, or a quoted value, in which nothing may be replaced."""


_WIDE: Final = 100_000
"""Columns of an output that is not a terminal: a program or a file gets every line whole."""


Wide = TypeVar("Wide", bound=Console)


class Output(Console):
    """Standard output."""

    def on_broken_pipe(self) -> None:
        """Leave it to the root command, which ends every command in the same way."""
        raise BrokenPipeError


def output() -> Output:
    """The console for answers: as wide as the terminal; without a terminal as wide as its longest line."""
    return _as_wide_as_its_lines(Output(highlight=False, soft_wrap=True))


def _as_wide_as_its_lines(console: Wide) -> Wide:
    if not console.is_terminal:
        console.width = _WIDE
    return console


@dataclass
class Invocation:
    """The global options. Answers go to standard output; notes, questions and progress to standard error."""

    stack_name: str = "rollcall"
    region: str | None = None
    profile: str | None = None
    local: bool = False
    as_json: bool = False
    table: str | None = None
    local_port: str | None = None

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment, with the table of --table instead of its own; raises `DeploymentError`."""
        if self.local:
            # What the command line says comes before what the environment says.
            given = None if self.local_port else os.environ.get("ROLLCALL_LOCAL_STATE")
            port = self.local_port or os.environ.get(PORT_VARIABLE) or None
            found = local_server(Path(given) if given else chosen(running(), Path.cwd(), port).file)
        else:
            self.note_two_regions()
            found = deployed(self.stack_name, self.region, self.profile)
        return replace(found, table_name=self.table) if self.table else found

    def note_two_regions(self) -> None:
        """Say once which region is meant when the environment names two."""
        if self.region is None and (line := two_regions(os.environ)) is not None:
            self.note(line)

    @cached_property
    def options(self) -> str:
        """The options that select this deployment, for commands in messages."""
        given = {"stack": self.stack_name if self.stack_name != "rollcall" else None, "region": self.region}
        given |= {"profile": self.profile, "table": self.table}
        if self.local:
            given = {"local-port": self.local_port, "table": self.table}
        named = "".join(f" --{name} {shlex.quote(value)}" for name, value in given.items() if value)
        return f" --local{named}" if self.local else named

    @cached_property
    def errors(self) -> Console:
        """The console for notes, questions and progress."""
        return _as_wide_as_its_lines(Console(stderr=True, highlight=False))

    def answer(self, value: BaseModel | Json | None, *human: RenderableType) -> None:
        """Print `value` as JSON with --json, else the lines and tables for a person."""
        if self.as_json:
            document = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
            sys.stdout.write(harmless_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")
            return
        console = output()
        for part in human:
            console.print(Sentence(part) if isinstance(part, str) else part)

    def note(self, text: str) -> None:
        """Print a line that is not part of the answer."""
        self.errors.print(Sentence(escape(harmless(self.with_options(text)))), soft_wrap=True)

    def with_options(self, text: str) -> str:
        """The text with the options of this deployment added to each command in it."""
        return _SUGGESTED.sub(lambda found: found["value"] or f"rollcall{self.options} ", text)

    def confirm(self, question: str, yes: bool) -> None:
        """Ask the operator unless `yes`; raises `typer.Abort` when the answer is no."""
        if yes:
            return
        with self._own_line():
            agreed = typer.confirm(question, err=True)
        if not agreed:
            raise typer.Abort

    def ask(self, question: str) -> str:
        """Ask the operator for a text; raises `typer.Abort` when there is none."""
        with self._own_line():
            return str(typer.prompt(question, err=True))

    @contextmanager
    def _own_line(self) -> Iterator[None]:
        """End the question's line when there is no answer, as in a script."""
        try:
            yield
        except typer.Abort:
            self.errors.print()
            raise


def invocation_of(context: typer.Context) -> Invocation:
    """The invocation that a command's context carries."""
    found = context.obj
    if not isinstance(found, Invocation):
        raise TypeError("the command was not started through cli.main")
    return found
