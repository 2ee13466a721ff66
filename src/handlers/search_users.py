"""POST /Users/.search and POST /.search: query with a body (RFC 7644 section 3.4.3)."""

from __future__ import annotations

from http import HTTPStatus

from domain.messages import SEARCH_REQUEST_URN, require_message
from domain.queries.listing import Query
from domain.queries.projection import Projection
from domain.resources.user_schema import USER
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.routes import segments
from handlers.user_queries import directory_of


@endpoint("SearchUsers", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse; at the root of users and groups, where the account has groups, else of users."""
    reader = reader_for(request.user_type, tolerant=request.caller.settings.is_tolerant, noted=request.noted)
    body = reader.message(request.parameter_reader.of_body(request.body()), SEARCH_REQUEST_URN)
    require_message(body, SEARCH_REQUEST_URN)
    query = Query.of(body)
    if request.caller.settings.groups and segments(request.http.path)[:1] != ["Users"]:
        from handlers.group_queries import everything_of  # accounts without groups need none of it

        return HttpResponse(HTTPStatus.OK, everything_of(request, body).text(query))
    renderer = request.renderer_for(
        Projection.of(request.user_type, body.get("attributes"), body.get("excludedAttributes"))
    )
    return HttpResponse(HTTPStatus.OK, directory_of(request, renderer).search(query).text(renderer))
