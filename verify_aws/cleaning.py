"""The clean-up of a run: everything that it made is removed, whatever fails in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from verify_aws.remains import Kind


@dataclass(frozen=True, slots=True)
class Left:
    """Something that could not be removed: why, and the command that removes it."""

    kind: str
    name: str
    why: str
    command: str


@dataclass
class Removed:
    """The result of a clean-up."""

    counts: dict[str, int] = field(default_factory=dict)
    """How many were removed, by kind."""
    left: list[Left] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """The kinds that could not be looked for, each with the reason."""

    @property
    def complete(self) -> bool:
        """True if nothing is left, as far as each service says."""
        return not self.left and not self.unseen


LAST: Final = "bucket"
"""The kind whose tags name the run; it stays while anything else does."""
_LOOKS: Final = 5
"""How often to look again for what a service lists for some seconds after its deletion."""


def clean_up(
    of_run: list[Kind], say: Callable[[str], None] = lambda line: None, pause: Callable[[float], None] = time.sleep
) -> Removed:
    """Remove everything, whatever fails in between; what is left is in the result. Ctrl-C ends it at once."""
    result = Removed()
    waiting = list(of_run)
    try:
        while waiting:
            kind = waiting[0]
            if kind.title == LAST and not result.complete:
                break
            _remove(kind, result, say, pause)
            waiting.pop(0)
    except KeyboardInterrupt:
        pass
    for kind in waiting:
        why = "it marks the run until everything else is deleted" if kind.title == LAST else "the clean-up was stopped"
        _note(kind, why, result)
    return result


def _remove(kind: Kind, result: Removed, say: Callable[[str], None], pause: Callable[[float], None]) -> None:
    try:
        found = kind.find()
    except Exception as error:
        result.unseen.append(f"{kind.title}: {_said(error)}")
        return
    failed: dict[str, str] = {}
    for name in found:
        say(f"removing the {kind.title} {name}")
        try:
            kind.remove(name)
        except Exception as error:
            failed[name] = _said(error)
    gone = [name for name in found if name not in failed]
    for name in _still_there(kind, gone, pause):
        failed[name] = "it is still listed after its deletion"
    result.left += [Left(kind.title, name, why, kind.command(name)) for name, why in failed.items()]
    if count := len(found) - len(failed):
        result.counts[kind.title] = count


def _still_there(kind: Kind, gone: list[str], pause: Callable[[float], None]) -> list[str]:
    for look in range(_LOOKS):
        if not gone:
            return []
        if look:
            pause(2)
        listed = kind.find()
        gone = [name for name in gone if name in listed]
    return gone


def _note(kind: Kind, why: str, result: Removed) -> None:
    try:
        result.left += [Left(kind.title, name, why, kind.command(name)) for name in kind.find()]
    except Exception as error:
        result.unseen.append(f"{kind.title}: {_said(error)}")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
