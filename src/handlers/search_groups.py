"""POST /Groups/.search: query groups with a body (RFC 7644 section 3.4.3)."""

from __future__ import annotations

from http import HTTPStatus

from domain.limits import MAX_BODY_BYTES
from domain.messages import SEARCH_REQUEST_URN, require_message
from domain.queries.listing import Query
from domain.queries.projection import Projection
from domain.resources.group_schema import GROUP
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest
from handlers.group_queries import directory_of
from handlers.groups import group_endpoint
from handlers.http import HttpResponse


@group_endpoint("SearchGroups")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with a ListResponse, also when no group matches."""
    reader = reader_for(GROUP, tolerant=request.caller.settings.is_tolerant, noted=request.noted)
    body = reader.message(
        request.parameter_reader.of_body(request.http.json_object(GROUP, max_bytes=MAX_BODY_BYTES)), SEARCH_REQUEST_URN
    )
    require_message(body, SEARCH_REQUEST_URN)
    renderer = request.renderer_for(Projection.of(GROUP, body.get("attributes"), body.get("excludedAttributes")))
    query = Query.of(body)
    return HttpResponse(HTTPStatus.OK, directory_of(request, renderer).search(query).text(renderer))
