"""From stored resources to answers: the resource with `id` and `meta`, as text or as JSON values.

The usual answer, a whole resource, is put together from the stored text without parsing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.documents import Json, encode
from domain.messages import LIST_RESPONSE_URN
from domain.queries.projection import Projection
from domain.resources.attributes import ResourceType
from domain.resources.later_release import is_shown_whole, shown_part


class Stored(Protocol):
    """A resource at one version, as a store keeps it (`domain.resources.stored_user.StoredUser` for users)."""

    @property
    def id(self) -> str:
        """The id that this service gave the resource."""

    @property
    def version(self) -> int:
        """The number of the version."""

    @property
    def etag(self) -> str:
        """The weak entity tag of the version."""

    @property
    def created(self) -> str:
        """When the resource was created, in RFC 3339 UTC."""

    @property
    def last_modified(self) -> str:
        """When the resource last changed, in RFC 3339 UTC."""

    @property
    def attributes(self) -> Json:
        """The attributes without `id` and `meta`."""

    @property
    def text(self) -> str:
        """The attributes as JSON text."""


class Shows(Protocol):
    """Renders resources."""

    def text(self, stored: Stored, /) -> str:
        """Return the resource as JSON text."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders resources of one type: `base_url` is that of the service, `projection` the attributes to return."""

    base_url: str
    projection: Projection
    resource_type: ResourceType

    def location(self, resource_id: str) -> str:
        """Return the URI of a resource (RFC 7643 section 3.1, `meta.location`)."""
        return f"{self.base_url}{self.resource_type.endpoint}/{resource_id}"

    def wants(self, names: Iterable[str]) -> list[str]:
        """Return those of the attributes of which the projection shows anything."""
        return [name for name in names if name in self.projection.plan]

    def text(self, stored: Stored) -> str:
        """Return the resource as JSON text."""
        if not self.projection.returns_everything:
            return encode(self.projection.apply(self.resource(stored)))
        if not is_shown_whole(stored.text, self.resource_type):
            return encode(self.resource(stored))
        # Ids and dates are generated here and need no escaping. The document starts with "{" and is not empty.
        return (
            f'{{"id":"{stored.id}","meta":{{"resourceType":"{self.resource_type.name}","created":"{stored.created}",'
            f'"lastModified":"{stored.last_modified}","location":"{self.location(stored.id)}",'
            f'"version":"W/\\"{stored.version}\\""}},{stored.text[1:]}'
        )

    def resource(self, stored: Stored) -> Json:
        """Return the whole resource as JSON values, before projection."""
        return {
            **shown_part(stored.attributes, self.resource_type),
            "id": stored.id,
            "meta": {
                "resourceType": self.resource_type.name,
                "created": stored.created,
                "lastModified": stored.last_modified,
                "location": self.location(stored.id),
                "version": stored.etag,
            },
        }


def list_text(texts: Iterable[str], **members: int | str | None) -> str:
    """Return a ListResponse (RFC 7644 section 3.4.2) as JSON text; members that are None are left out."""
    head = {"schemas": [LIST_RESPONSE_URN]} | {name: value for name, value in members.items() if value is not None}
    return f'{encode(head)[:-1]},"Resources":[{",".join(texts)}]}}'
