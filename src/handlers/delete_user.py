"""DELETE /Users/{id}: remove a user (RFC 7644 section 3.6)."""

from __future__ import annotations

from http import HTTPStatus

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import users_of


@endpoint("DeleteUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """204; the user's userName and addresses are free at once."""
    request.concerns(users_of(request).delete(request.resource_id, request.header("if-match")))
    return HttpResponse(HTTPStatus.NO_CONTENT)
