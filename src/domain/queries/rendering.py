"""From stored users to answers: the resource with `id` and `meta`, as text or as JSON values.

The usual answer, a whole resource, is put together from the stored text without parsing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.documents import Json, encode
from domain.messages import LIST_RESPONSE_URN
from domain.queries.projection import Projection
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders resources: `base_url` is that of the service, `projection` the attributes to return."""

    base_url: str
    projection: Projection

    def location(self, user_id: str) -> str:
        """Return the URI of a user (RFC 7643 section 3.1, `meta.location`)."""
        return f"{self.base_url}{USER.endpoint}/{user_id}"

    def text(self, user: StoredUser) -> str:
        """Return the resource as JSON text."""
        if not self.projection.returns_everything:
            return encode(self.projection.apply(self.resource(user)))
        # Ids and dates are generated here and need no escaping. The document starts with "{" and is not empty.
        return (
            f'{{"id":"{user.id}","meta":{{"resourceType":"User","created":"{user.created}",'
            f'"lastModified":"{user.last_modified}","location":"{self.location(user.id)}",'
            f'"version":"W/\\"{user.version}\\""}},{user.text[1:]}'
        )

    def resource(self, user: StoredUser) -> Json:
        """Return the whole resource as JSON values, before projection."""
        return {
            **user.attributes,
            "id": user.id,
            "meta": {
                "resourceType": "User",
                "created": user.created,
                "lastModified": user.last_modified,
                "location": self.location(user.id),
                "version": user.etag,
            },
        }

    def list_text(self, users: Iterable[StoredUser], **members: int | str | None) -> str:
        """Return a ListResponse (RFC 7644 section 3.4.2) as JSON text; members that are None are left out."""
        head = {"schemas": [LIST_RESPONSE_URN]} | {name: value for name, value in members.items() if value is not None}
        return f'{encode(head)[:-1]},"Resources":[{",".join(map(self.text, users))}]}}'
