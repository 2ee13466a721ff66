"""GET /ServiceProviderConfig, /ResourceTypes and /Schemas: what the service can do (RFC 7644 section 4)."""

from __future__ import annotations

from http import HTTPStatus

from domain.documents import Json, encode
from domain.errors import Forbidden
from domain.messages import list_response
from domain.resources import discovery
from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint, served_types
from handlers.http import HttpResponse
from handlers.routes import segments


@endpoint("Discovery", USER, table=False)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with one resource or a ListResponse of all; a filter is refused with 403, as section 4 demands."""
    if request.parameter("filter") is not None:
        raise Forbidden(
            "Discovery endpoints do not accept a filter (RFC 7644 section 4).",
            reason="filter-on-discovery",
            remedy="Have the identity provider read the discovery endpoints without a filter.",
        )
    base_url, types = request.http.base_url, served_types(request)
    match segments(request.http.path):
        case ["ServiceProviderConfig"]:
            return _answer(discovery.service_provider_config(base_url))
        case ["ResourceTypes"]:
            return _answer(list_response(discovery.resource_types(types, base_url)))
        case ["ResourceTypes", name]:
            return _answer(discovery.resource_type(types, name, base_url))
        case ["Schemas", urn]:
            return _answer(discovery.schema(types, urn, base_url))
        case _:
            return _answer(list_response(discovery.schemas(types, base_url)))


def _answer(body: Json) -> HttpResponse:
    return HttpResponse(HTTPStatus.OK, encode(body))
