"""Where an operation applies: its path, parsed once and cached, as identity providers send the same few paths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from domain.documents import Json
from domain.filter import (
    And,
    Cost,
    PatchPath,
    Predicate,
    Present,
    ValuePath,
    compile_element,
    cost_of_filter,
    parse_patch_path,
)
from domain.resources.attributes import Attribute, ResourceType


@dataclass(frozen=True, slots=True)
class Target:
    """A path, with its value filter as a predicate over one value of the attribute (None without a filter)."""

    path: PatchPath
    matches: Predicate | None
    cost: Cost
    """Comparisons needed to find the values, given the resource's attributes."""
    noun: str
    """What error messages call the resource."""

    @property
    def steps(self) -> tuple[Attribute, ...]:
        """The attributes from the resource down to the one named before any brackets."""
        return self.path.path.steps

    @property
    def is_apart(self) -> bool:
        """True if the path leads to values that are stored apart from the document (`Attribute.is_apart`)."""
        return self.steps[0].is_apart  # only whole attributes of the resource are

    @property
    def attribute(self) -> Attribute:
        """The attribute that the operation's value belongs to.

        For `emails[type eq "work"]` this is one value of emails: the same attribute, but not multi-valued.
        """
        if self.path.sub_attribute is not None:
            return self.path.sub_attribute
        return self.steps[-1] if self.matches is None else self.steps[-1].single


@lru_cache(maxsize=256)
def target_of(path: str, resource_type: ResourceType) -> Target:
    """Return the target that a path names; raises InvalidPath."""
    parsed = parse_patch_path(path, resource_type)
    if parsed.value_filter is None:
        # A whole attribute is written without a look at its values. `emails.type` is written in each of them, which
        # takes about twice as long as to compare it.
        each = cost_of_filter(And((Present(parsed.path), Present(parsed.path))))
        return Target(parsed, None, each if len(parsed.path.steps) > 1 else _nothing, resource_type.noun)
    looked_at = ValuePath(parsed.path, parsed.value_filter)
    return Target(parsed, compile_element(parsed.value_filter), cost_of_filter(looked_at), resource_type.noun)


def _nothing(attributes: Json) -> int:
    return 0
