"""DELETE /Groups/{id}: remove a group and end its memberships (RFC 7644 section 3.6)."""

from __future__ import annotations

from http import HTTPStatus

from handlers.endpoint import ScimRequest
from handlers.group_changes import groups_of
from handlers.groups import group_endpoint
from handlers.http import HttpResponse


@group_endpoint("DeleteGroup")
def handler(request: ScimRequest) -> HttpResponse:
    """204; the group's displayName is free at once, and no user is changed."""
    groups_of(request).delete(request.resource_id, request.header("if-match"))
    return HttpResponse(HTTPStatus.NO_CONTENT)
