"""A line of the log as a row for a person: whom it concerns, the answer, why, and what to do."""

from __future__ import annotations

from typing import Final, NamedTuple

from adapters.logs.lines import Line, time_of
from operations.names import NO_NAMES, Concerned, Names, concerned_by
from operations.unknown_attributes import REMEDY, names_in

_ALSO: Final = {"adoption": "adopted", "take-back": "taken back", "let-through": "let through"}
"""What else happened to a user, by the message of its line."""


class ActivityRow(NamedTuple):
    """The columns of the table for one log line."""

    when: str
    account: str
    operation: str
    user: str
    group: str
    answer: str
    reason: str
    remedy: str


def row_of(line: Line, names: Names = NO_NAMES) -> ActivityRow:
    """The columns for a log line, with the names found for it."""
    message = line["message"]
    when = time_of(line).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    account, remedy, operation = (str(line.get(name, "")) for name in ("account", "remedy", "operation"))
    whom = {each.noun: _whom(each, line, names) for each in concerned_by(line)}
    user, group = whom.get("user", ""), whom.get("group", "")
    if message == "audit":
        by = f"by {line.get('actor', 'unknown')}, request {line.get('request_id', 'unknown')}"
        operation, about = (
            str(line.get("operation", "settings page")),
            str(line.get("reason") or line.get("attribute", "")),
        )
        return ActivityRow(when, account, operation, user, group, str(line.get("what", "")), about, by)
    answer = _ALSO.get(message) or (str(line.get("what", "")) if message == "lost-access" else _answer(line))
    in_bulk = " in Bulk" if message == "bulk-operation" else ""
    unknown = names_in(line)
    why = "; ".join(filter(None, (_why(line) or _members(line), *map(_unknown, unknown.values()))))
    return ActivityRow(
        when,
        account,
        operation + in_bulk,
        user,
        group,
        answer,
        why,
        remedy or next((REMEDY[each] for each in unknown), ""),
    )


def _whom(concerned: Concerned, line: Line, names: Names) -> str:
    """The name and the id; for a user or group that a request removed, or that is gone since, the id and "removed"."""
    name = names.of(concerned)
    if name is not None:
        return f"{name} ({concerned.id})"
    is_gone = names.looked_up and line.get("status", 200) < 400
    removed = line.get("operation") == f"Delete{concerned.noun.capitalize()}" and line.get("status", 500) < 400
    return f"{concerned.id} (removed)" if is_gone or removed else concerned.id


def _answer(line: Line) -> str:
    return " ".join(str(line[name]) for name in ("status", "scim_type") if name in line)


def _why(line: Line) -> str:
    """The reason, with the attribute at fault and what was expected of it."""
    why = str(line.get("reason", ""))
    if "attribute" in line:
        why += f": {line['attribute']}"
    if "expected" in line:
        why += f", expected {line['expected']}"
    return why


def _unknown(names: list[str]) -> str:
    """The attributes that no schema has, such as "no schema has shoeSize, hat"."""
    return f"no schema declares {', '.join(names)}"


def _members(line: Line) -> str:
    """What a request did to the members of groups, such as "3 joined, 1 left"."""
    counts = {"joined": "members_joined", "left": "members_left", "left out": "members_left_out"}
    return ", ".join(f"{line[name]} {what}" for what, name in counts.items() if line.get(name))
