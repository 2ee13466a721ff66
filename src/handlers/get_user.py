"""GET /Users/{id}: retrieve a known user (RFC 7644 section 3.4.1)."""

from __future__ import annotations

from http import HTTPStatus

from domain.changes.preconditions import is_unchanged
from domain.queries.single import existing
from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse


@endpoint("GetUser", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource; 304 when If-None-Match names its version; 404 for an unknown id."""
    user = existing(request.account.users, request.resource_id, USER)
    request.concerns(user)
    if is_unchanged(request.header("if-none-match"), user):
        return HttpResponse(HTTPStatus.NOT_MODIFIED, headers={"ETag": user.etag})
    if request.caller.settings.groups:
        from handlers.relations import with_groups  # accounts without groups need none of it

        return request.resource(with_groups(request, user))
    return request.resource(user)
