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
from handlers.user_queries import directory_of


@endpoint("SearchUsers", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse; users are the only resources, so both endpoints answer alike."""
    reader = reader_for(USER, tolerant=request.caller.settings.is_tolerant, noted=request.noted)
    body = reader.message(request.parameter_reader.of_body(request.body()), SEARCH_REQUEST_URN)
    require_message(body, SEARCH_REQUEST_URN)
    renderer = request.renderer_for(Projection.of(USER, body.get("attributes"), body.get("excludedAttributes")))
    query = Query.of(body)
    return HttpResponse(HTTPStatus.OK, directory_of(request, renderer).search(query).text(renderer))
