"""PATCH /Groups/{id}: modify a group and its members by operations (RFC 7644 section 3.5.2)."""

from __future__ import annotations

from http import HTTPStatus

from domain.errors import ScimError
from handlers.endpoint import ScimRequest
from handlers.get_group import group_answer
from handlers.group_changes import groups_of
from handlers.groups import group_endpoint
from handlers.http import HttpResponse


@group_endpoint("PatchGroup")
def handler(request: ScimRequest) -> HttpResponse:
    """204; 200 with the resource when the query names attributes. All operations are applied, or none.

    A group may have many members, so they are read for the answer only if it was asked for.
    """
    answers = {"attributes", "excludedAttributes"} & request.parameters.keys()
    if answers:
        _ = request.renderer  # wrong parameters are refused before anything is written
    group = groups_of(request).patch(request.resource_id, request.body(), request.header("if-match"))
    done = HttpResponse(HTTPStatus.NO_CONTENT, headers={} if group is None else {"ETag": group.etag})
    if not answers:
        return done
    try:
        return group_answer(request)
    except ScimError:  # what was asked for is done, and an error would deny it
        return done
