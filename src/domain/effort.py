"""What a request may still cost, counted before it is spent, so that work that multiplies is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

from domain.errors import OutOfTime, TooMany
from domain.limits import MAX_COMPARISONS, MAX_COMPARISONS_OF_A_QUERY
from domain.ports import Deadline
from domain.resources.attributes import ResourceType

_PARTS: Final = "Send the operations in several requests."


@dataclass(slots=True)
class Effort:
    """The comparisons with values of resources that a request has made, and how many it may make."""

    most: int
    refusal: str
    remedy: str
    attribute: str
    """What costs it: a parameter, or a member of the body."""
    deadline: Deadline | None = None
    spent: int = field(default=0)

    @classmethod
    def of_operations(cls, deadline: Deadline | None = None) -> Effort:
        """Return the effort of all PATCH operations of one request, a bulk request included."""
        return cls(
            MAX_COMPARISONS,
            "The paths of the operations need more than {most} comparisons with the user's values.",
            _PARTS,
            "Operations",
            deadline,
        )

    @classmethod
    def of_query(cls, resource_type: ResourceType, deadline: Deadline | None = None) -> Effort:
        """Return the effort of the filter of one query."""
        return cls(MAX_COMPARISONS_OF_A_QUERY, *_texts_of_a_query(resource_type), "filter", deadline)

    def spend(self, comparisons: int) -> None:
        """Count comparisons before they are made; raises TooMany beyond the bound, OutOfTime after the deadline."""
        self.spent += comparisons
        if self.spent > self.most:
            raise TooMany(
                f"{self.refusal.format(most=self.most)} {self.remedy}",
                attribute=self.attribute,
                expected=f"at most {self.most} comparisons",
                remedy=self.remedy,
            )
        if self.deadline is not None and self.deadline.remaining() <= 0:
            raise OutOfTime


@cache
def _texts_of_a_query(resource_type: ResourceType) -> tuple[str, str]:
    """Return the refusal and the remedy."""
    names = [index.paths[0][0] for index in resource_type.indexes]
    indexed = [name for name in names if name != "id" and name not in resource_type.relations]
    return (
        f"The filter would be compared more than {{most}} times with the values of {resource_type.noun}s.",
        f"Use fewer comparisons, or narrow the filter by {', '.join(indexed)} or id.",
    )
