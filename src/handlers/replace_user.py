"""PUT /Users/{id}: replace a user's attributes (RFC 7644 section 3.5.1)."""

from __future__ import annotations

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import changed


@endpoint("ReplaceUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource as it now is; a body that changes nothing writes nothing."""
    return changed(
        request, lambda users: users.replace(request.resource_id, request.body(), request.header("if-match"))
    )
