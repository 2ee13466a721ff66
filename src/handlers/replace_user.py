"""PUT /Users/{id}: replace a user's attributes (RFC 7644 section 3.5.1)."""

from __future__ import annotations

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import shown, users_of


@endpoint("ReplaceUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource as it now is; a body that changes nothing writes nothing."""
    user = users_of(request).replace(request.resource_id, request.body(), request.header("if-match"))
    return request.resource(shown(request, user))
