"""POST /Users/.search and POST /.search: query with a body (RFC 7644 section 3.4.3)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from domain import parameters
from domain.messages import require_message
from domain.queries.listing import Query
from domain.queries.projection import Projection
from domain.tolerances import tolerate_message
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse
from handlers.user_queries import directory_of, looks_up

SEARCH_REQUEST_URN: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@endpoint("SearchUsers")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse; users are the only resources, so both endpoints answer alike."""
    body = parameters.of_body(request.http.json_object(), request.applied)
    if request.applied is not None:
        body = tolerate_message(body, SEARCH_REQUEST_URN, request.applied)
    require_message(body, SEARCH_REQUEST_URN)
    renderer = request.renderer_for(Projection.of(body.get("attributes"), body.get("excludedAttributes")))
    query = Query.of(body)
    looks_up(request, query)
    return HttpResponse(HTTPStatus.OK, directory_of(request, renderer).search(query).text(renderer))
