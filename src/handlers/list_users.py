"""GET /Users: list and filter users (RFC 7644 section 3.4.2, RFC 9865)."""

from __future__ import annotations

from http import HTTPStatus

from domain.queries.listing import Query
from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_queries import directory_of


@endpoint("ListUsers", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse, also when no user matches."""
    query = Query.of(request.parameters)
    result = directory_of(request, request.renderer).search(query)
    return HttpResponse(HTTPStatus.OK, result.text(request.renderer))
