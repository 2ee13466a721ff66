"""POST /Groups: create a group (RFC 7644 section 3.3)."""

from __future__ import annotations

from http import HTTPStatus

from handlers.endpoint import ScimRequest
from handlers.group_changes import groups_of
from handlers.groups import group_endpoint, whole_answer
from handlers.http import HttpResponse


@group_endpoint("CreateGroup")
def handler(request: ScimRequest) -> HttpResponse:
    """201 with the whole resource and its Location; 409 when displayName is taken."""
    _ = request.renderer  # wrong parameters are refused before anything is written
    return whole_answer(request, groups_of(request).create(request.body()), HTTPStatus.CREATED)
