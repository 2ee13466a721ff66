"""PATCH /Users/{id}: modify a user by operations (RFC 7644 section 3.5.2)."""

from __future__ import annotations

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import changed


@endpoint("PatchUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource as it now is; all operations are applied, or none."""
    return changed(request, lambda users: users.patch(request.resource_id, request.body(), request.header("if-match")))
