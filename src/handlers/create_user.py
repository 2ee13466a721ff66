"""POST /Users: create a user (RFC 7644 section 3.3)."""

from __future__ import annotations

from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import created


@endpoint("CreateUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """201 with the whole resource and its Location; 409 when userName or an address is taken."""
    return created(request)
