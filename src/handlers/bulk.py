"""POST /Bulk: many operations in one request (RFC 7644 section 3.7)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from adapters.logs.telemetry import OperationRecord, own_id
from domain.changes.bulk import BulkJob, Changes, FailedOperation
from domain.documents import encode
from domain.limits import MAX_BULK_PAYLOAD
from domain.resources.attributes import ResourceType
from domain.resources.user_schema import USER
from handlers.endpoint import ScimRequest, at_fault, endpoint, served_types
from handlers.http import HttpResponse
from handlers.user_changes import users_of

_VERBS: Final = {"POST": "Create", "PUT": "Replace", "PATCH": "Patch", "DELETE": "Delete"}


@endpoint("Bulk", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with every operation's own status; 413 when there are too many operations or bytes."""
    types = served_types(request)
    body = request.http.json_object(*types, max_bytes=MAX_BULK_PAYLOAD)
    users = users_of(request)
    changes: dict[str, Changes] = {USER.endpoint: users}
    if len(types) > 1:
        from domain.resources.group_schema import GROUP
        from handlers.group_changes import groups_of  # accounts without groups need none of its modules

        changes[GROUP.endpoint] = groups_of(request)
    # The request itself has counted as one operation.
    job = BulkJob(
        changes,
        users.reader,
        request.deadline,
        lambda endpoint, resource_id: f"{request.http.base_url}{endpoint}/{resource_id}",
        lambda operations: request.count(operations - 1),
    )
    try:
        return HttpResponse(HTTPStatus.OK, encode(job.run(body)))
    finally:
        nouns = {each.endpoint: each for each in types}
        request.record.bulk_operations = job.operation_count
        request.record.bulk_failures = [
            _record(failed, nouns.get(failed.endpoint or "", USER), at_fault(failed.error, request.service))
            for failed in job.failures
        ]


def _record(failed: FailedOperation, resource_type: ResourceType, user: str | None) -> OperationRecord:
    """The failure for the log, under the operation's name as a request of its own."""
    error = failed.error
    record = OperationRecord(
        failed.position,
        _VERBS[failed.method] + resource_type.name,
        error.status.value,
        error.scim_type,
        error.attribute,
        error.expected,
        error.reason,
        error.remedy,
        user,
    )
    record.concerns(resource_type.noun, own_id(failed.resource_id))
    return record
