"""The content of requests and answers: one schema in both media types of SCIM (RFC 7644 sections 3.1 and 3.8)."""

from __future__ import annotations

from domain.documents import Json
from handlers.http import JSON, MEDIA_TYPE

MEDIA_TYPES = (MEDIA_TYPE.partition(";")[0], JSON)


def content_of(schema: Json, examples: Json) -> Json:
    """Return the content of a body with this schema and these examples, by media type."""
    media = {"schema": schema} | ({"examples": examples} if examples else {})
    return dict.fromkeys(MEDIA_TYPES, media)
