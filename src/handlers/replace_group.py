"""PUT /Groups/{id}: replace a group's attributes and members (RFC 7644 section 3.5.1)."""

from __future__ import annotations

from handlers.endpoint import ScimRequest
from handlers.group_changes import groups_of
from handlers.groups import group_endpoint, shows_members, whole_answer
from handlers.http import HttpResponse


@group_endpoint("ReplaceGroup")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with the resource as it now is; a body that changes nothing writes nothing."""
    shown = shows_members(request)  # reads the parameters: wrong ones are refused before anything is written
    whole = groups_of(request).replace(
        request.resource_id, request.body(), request.header("if-match"), shows_members=shown
    )
    return whole_answer(request, whole)
