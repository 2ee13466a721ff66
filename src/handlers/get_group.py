"""GET /Groups/{id}: retrieve a known group (RFC 7644 section 3.4.1)."""

from __future__ import annotations

from http import HTTPStatus

from domain.changes.preconditions import is_unchanged
from domain.queries.single import existing
from domain.resources.group_schema import GROUP
from handlers.endpoint import ScimRequest
from handlers.groups import group_endpoint, shows_members, store_of
from handlers.http import HttpResponse


@group_endpoint("GetGroup")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource; 304 when If-None-Match names its version; 404 for an unknown id."""
    if known := request.header("if-none-match"):
        group = existing(store_of(request), request.resource_id, GROUP)
        if is_unchanged(known, group):
            return HttpResponse(HTTPStatus.NOT_MODIFIED, headers={"ETag": group.etag})
    return group_answer(request)


def group_answer(request: ScimRequest) -> HttpResponse:
    """Return the answer with the group of the path; its members are read only if the answer shows them."""
    if not shows_members(request):
        return request.resource(existing(store_of(request), request.resource_id, GROUP))
    from domain.queries.single_group import group_as_shown  # most requests about groups show no members

    return request.resource(group_as_shown(store_of(request), request.resource_id, request.renderer))
