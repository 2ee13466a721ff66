"""POST /Bulk: many operations in one request (RFC 7644 section 3.7)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from adapters.logs.telemetry import OperationRecord, own_id
from domain.changes.bulk import BulkJob, FailedOperation
from domain.documents import encode
from domain.limits import MAX_BULK_PAYLOAD
from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, at_fault, endpoint
from handlers.http import HttpResponse
from handlers.user_changes import users_of

_OPERATIONS: Final = {"POST": "CreateUser", "PUT": "ReplaceUser", "PATCH": "PatchUser", "DELETE": "DeleteUser"}
"""The operation's name as a request of its own."""


@endpoint("Bulk", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with every operation's own status; 413 when there are too many operations or bytes."""
    body = request.http.json_object(USER, max_bytes=MAX_BULK_PAYLOAD)
    # The request itself has counted as one operation.
    users = users_of(request)
    job = BulkJob(
        {USER.endpoint: users},
        users.reader,
        request.deadline,
        lambda _, resource_id: request.renderer.location(resource_id),
        lambda operations: request.count(operations - 1),
    )
    try:
        return HttpResponse(HTTPStatus.OK, encode(job.run(body)))
    finally:
        request.record.bulk_operations = job.operation_count
        request.record.bulk_failures = [
            _record(failed, at_fault(failed.error, request.service)) for failed in job.failures
        ]


def _record(failed: FailedOperation, user: str | None) -> OperationRecord:
    error = failed.error
    return OperationRecord(
        failed.position,
        _OPERATIONS[failed.method],
        own_id(failed.resource_id),
        error.status.value,
        error.scim_type,
        error.attribute,
        error.reason,
        error.remedy,
        user,
    )
