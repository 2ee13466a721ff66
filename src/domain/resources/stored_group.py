"""A group as the table keeps it; its members are items of their own (`domain.ports.GroupStore`)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from domain.documents import Json
from domain.resources.comparison import unique_form
from domain.resources.stored_resource import StoredResource, document_of


class GroupKeys(NamedTuple):
    """The values under which a group is found: its name normalised."""

    name: str
    external_id: str | None


@dataclass(frozen=True)
class StoredGroup(StoredResource):
    """One group at one version, without its members.

    `replaced` is True if a replacement (PUT) wrote this version: a property of the write, not of the group.
    `under_way` is True if a large change of the members is decided, but not done completely (docs/decisions/041).
    """

    replaced: bool = field(default=False, compare=False)
    under_way: bool = field(default=False, compare=False)

    @classmethod
    def new(cls, group_id: str, attributes: Json, now: str) -> StoredGroup:
        """Return the first version of a group; `attributes` has no members."""
        return cls(group_id, 1, now, now, document_of(attributes))

    def changed_to(self, attributes: Json, now: str, *, replaced: bool = False) -> StoredGroup:
        """Return the next version, or this object itself when nothing but the members may change."""
        if attributes == self.attributes:
            return self
        document = document_of(attributes, self.attributes)
        return replace(
            self, version=self.version + 1, last_modified=now, document=document, replaced=replaced, write_id=""
        )

    def touched(self, now: str, *, replaced: bool = False) -> StoredGroup:
        """Return the next version with the same attributes: the members changed."""
        return replace(self, version=self.version + 1, last_modified=now, replaced=replaced, write_id="")

    @property
    def display_name(self) -> str:
        """The name of the group."""
        name: str = self.attributes["displayName"]
        return name

    @cached_property
    def keys(self) -> GroupKeys:
        """The values under which the unique index and the externalId look-up find this group."""
        return GroupKeys(unique_form(self.display_name), self.attributes.get("externalId"))
