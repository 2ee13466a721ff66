"""The record that describes one tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.documents import Json
from domain.patch import Operation, Target
from domain.resources.attributes import Attribute, ResourceType

Operations = Sequence[Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One quirk: its name, where it was seen (`source`), and a hook for each stage at which it is handled.

    `only_for` names the resource types that it concerns; None for all.
    Hooks are pure. They return None, or `value` and `settled` the same object, where there is nothing to forgive.
    Those of a body, a name or an operation are also given the type of the resource. In the order in which a request
    meets them:

    - `in_parameters`: True if `domain.parameters` reads it.
    - `envelope`: the body of any message of the protocol, with the URN of its kind.
    - `message`: the body of a PATCH before it is parsed.
    - `spelling`: the name of an attribute, without brackets, in a path, a member or a list of names.
    - `reading`: one operation, rewritten into others before its path is parsed.
    - `operations`: all operations of a PATCH after `reading`.
    - `resource`: the body of a POST or PUT, names canonical.
    - `value`: any value with its attribute, from the outermost inwards, of a body or an operation; an item of a list
      that becomes None is dropped. Only the attributes that `concerns` accepts are passed, all without it.
    - `settled`: likewise, but an array or object after all that it holds is rewritten; not in removals.
    - `operation`: one operation with its path parsed (None without a path) and the resource's attributes at that
      moment.
    - `replacement`: the body of a PUT, with the stored attributes.
    - `patched`: the values of a multi-valued attribute before and after all operations.
    - `listed`: a removal of values that are stored apart (`Attribute.is_apart`), with a value and without a filter. No
      other hook on operations is given those that lead to such values.
    - `leaves_out`: True if a value that refers to no resource may be left out.
    - `leniency`: the flag of `domain.filter.Leniency`.
    - `lookup`: a value that no index entry has.
    """

    name: str
    source: str
    only_for: frozenset[str] | None = None
    spelling: Callable[[str, ResourceType], str | None] | None = None
    resource: Callable[[Json, ResourceType], Json | None] | None = None
    replacement: Callable[[Json, Json], Json | None] | None = None
    in_parameters: bool | None = None
    envelope: Callable[[Json, str], Json | None] | None = None
    message: Callable[[Json], Json | None] | None = None
    reading: Callable[[Operation, ResourceType], Operations | None] | None = None
    operations: Callable[[Operations, ResourceType], Operations | None] | None = None
    concerns: Callable[[Attribute], bool] | None = None
    value: Callable[[Attribute, Any], Any] | None = None
    settled: Callable[[Attribute, Any], Any] | None = None
    operation: Callable[[Operation, Target | None, Json, ResourceType], Operations | None] | None = None
    patched: Callable[[Attribute, list[Any], list[Any]], list[Any]] | None = None
    listed: Callable[[Operation], Operation | None] | None = None
    leaves_out: Callable[[Attribute], bool] | None = None
    leniency: str | None = None
    lookup: Callable[[str], str | None] | None = None
