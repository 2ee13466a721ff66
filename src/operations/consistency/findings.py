"""What a check of an account's items tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapters.dynamodb.keys import Collection


class Problem(StrEnum):
    """How items can disagree."""

    MISSING = "a user's value has no index item"
    WRONG_OWNER = "an index item names a user who does not have the value, and another has it"
    SHARED = "two users have a value that must be unique"
    ORPHAN = "an index item names a user who does not have the value"
    UNREADABLE = "a user's item is not one that this release can read"
    COUNTER = "a counter does not count the users"


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One disagreement: the key of the item at fault, which may be an address, and the ids of the users concerned."""

    problem: Problem
    collection: Collection
    sort_key: str
    user_ids: tuple[str, ...] = ()
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How many items of a stage have been checked, of how many there may be."""

    stage: str
    done: int
    expected: int
