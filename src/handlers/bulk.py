"""POST /Bulk: many operations in one request (RFC 7644 section 3.7)."""

from __future__ import annotations

from http import HTTPStatus

from domain.bulk import BulkJob
from domain.limits import MAX_BULK_PAYLOAD
from domain.stored_user import encode
from handlers.changing import users_of
from handlers.endpoint import ScimRequest, endpoint
from handlers.http import HttpResponse


@endpoint("Bulk")
def handler(request: ScimRequest) -> HttpResponse:
    """200 with every operation's own status; 413 when there are too many operations or bytes."""
    body = request.http.json_object(MAX_BULK_PAYLOAD)
    job = BulkJob(users_of(request), request.deadline, request.renderer.location)
    return HttpResponse(HTTPStatus.OK, encode(job.run(body)))
