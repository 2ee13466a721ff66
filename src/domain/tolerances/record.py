"""The form of a tolerance: a name, where the quirk was seen, and what is done about it at which stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.documents import Json
from domain.patch import Operation, Target
from domain.resources.attributes import Attribute

Operations = Sequence[Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One quirk. Its hooks are pure, and give None (`value`: the very value) where there is nothing to forgive.

    `spelling`: the name of an attribute, without brackets: of a path, of a member, in a list of names.
    `resource`: the body of a POST or PUT, names canonical. `replacement`: the body of a PUT beside what is stored.
    `in_parameters`: `domain.parameters` reads it. `envelope`: any message of the protocol, with the URN of its kind.
    `message`: the body of a PATCH, before it is read. `reading`: one operation, into others, before its path is read.
    `operations`: all of a PATCH, so read.
    `value`: any value beside the attribute that it is for, from the outermost inwards, of a body or an operation; in a
    list, None drops the item. `settled`: the same of an array or object once all in it is rewritten, not in removals.
    `operation`: one operation, its path read (None without one), with the attributes at that moment.
    `patched`: the values of an attribute that has several, before and after all operations.
    `leniency`: the flag of `domain.filter.Leniency`. `lookup`: a value that no index knows.
    """

    name: str
    source: str
    spelling: Callable[[str], str | None] | None = None
    resource: Callable[[Json], Json | None] | None = None
    replacement: Callable[[Json, Json], Json | None] | None = None
    in_parameters: bool | None = None
    envelope: Callable[[Json, str], Json | None] | None = None
    message: Callable[[Json], Json | None] | None = None
    reading: Callable[[Operation], Operations | None] | None = None
    operations: Callable[[Operations], Operations | None] | None = None
    value: Callable[[Attribute, Any], Any] | None = None
    settled: Callable[[Attribute, Any], Any] | None = None
    operation: Callable[[Operation, Target | None, Json], Operations | None] | None = None
    patched: Callable[[Attribute, list[Any], list[Any]], list[Any]] | None = None
    leniency: str | None = None
    lookup: Callable[[str], str | None] | None = None
