"""Reports of a check of an account's items."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapters.dynamodb.keys import Collection


class Problem(StrEnum):
    """The kinds of disagreement between items."""

    MISSING = "the value of a user has no index item"
    WRONG_OWNER = "an index item names a user who does not have the value, and another user has it"
    SHARED = "two users have a value that must be unique"
    ORPHAN = "an index item names a user who does not have the value"
    UNREADABLE = "the item of a user or group cannot be read by this release"
    MEMBERSHIP = "a membership lacks one of its two items, or its user or group no longer exists"
    JOB = "a large change of a group's members is not finished"
    COUNTER = "a user counter has the wrong value"


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One problem: the key of the faulty item, which may contain an address, and the ids of the users concerned."""

    problem: Problem
    collection: Collection
    sort_key: str
    user_ids: tuple[str, ...] = ()
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The number of items checked in a stage, and the expected number."""

    stage: str
    done: int
    expected: int
