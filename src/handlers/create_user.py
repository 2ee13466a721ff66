"""POST /Users: create a user (RFC 7644 section 3.3)."""

from __future__ import annotations

from http import HTTPStatus

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import shown, users_of


@endpoint("CreateUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """201 with the whole resource and its Location; 409 when userName or an address is taken."""
    user = users_of(request).create(request.body())
    return request.resource(shown(request, user), HTTPStatus.CREATED)
