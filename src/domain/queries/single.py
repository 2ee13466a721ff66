"""Reading one resource (RFC 7644 section 3.4.1), apart from changing one: reading functions load no validation."""

from __future__ import annotations

from typing import TypeVar

from domain.errors import NotFound
from domain.ports import Readable
from domain.quoting import quoted
from domain.resources.attributes import ResourceType
from domain.resources.stored_resource import StoredResource

Record = TypeVar("Record", bound=StoredResource)


def existing(store: Readable[Record], resource_id: str, resource_type: ResourceType) -> Record:
    """Return the resource of that id, an inactive user too; raises NotFound for any other id."""
    stored = store.get(resource_id)
    if stored is None:
        raise not_found(resource_id, resource_type)
    return stored


def not_found(resource_id: str, resource_type: ResourceType) -> NotFound:
    """Return the error for an id that no resource of the type has: `reason` is "no-such-user" or "no-such-group"."""
    noun = resource_type.noun
    name = next((index.name for index in resource_type.indexes if index.is_sorted), "externalId")
    return NotFound(
        f"There is no {noun} with id {quoted(resource_id)}. It may have been deleted; look the {noun} up by {name}.",
        reason=f"no-such-{noun}",
        remedy=f"Provision the {noun} again in the identity provider: it looks the {noun} up and creates it if it is "
        "gone.",
    )
