"""GET /Groups: list and filter groups (RFC 7644 section 3.4.2, RFC 9865)."""

from __future__ import annotations

from http import HTTPStatus

from domain.queries.listing import Query
from handlers.endpoint import ScimRequest
from handlers.group_queries import directory_of
from handlers.groups import group_endpoint
from handlers.http import HttpResponse


@group_endpoint("ListGroups")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse, also when no group matches."""
    query = Query.of(request.parameters)
    result = directory_of(request, request.renderer).search(query)
    return HttpResponse(HTTPStatus.OK, result.text(request.renderer))
