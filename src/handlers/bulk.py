"""POST /Bulk: many operations in one request (RFC 7644 section 3.7)."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from adapters.logs.telemetry import OperationRecord, own_id
from domain.changes.bulk import BulkJob, Changes, FailedOperation, perform
from domain.changes.bulk_message import BulkOperation
from domain.documents import encode
from domain.errors import BadRequest, ScimError
from domain.limits import MAX_BULK_PAYLOAD
from domain.resources.attributes import ResourceType
from domain.resources.user_schema import USER
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest, at_fault, endpoint, served_types
from handlers.http import HttpResponse
from handlers.user_changes import users_of

_VERBS: Final = {"POST": "Create", "PUT": "Replace", "PATCH": "Patch", "DELETE": "Delete"}

_EXPLAINED: Final = 10
"""Operations of one request whose refusal is looked into: each is read once more."""


@endpoint("Bulk", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """200 with every operation's own status; 413 when there are too many operations or bytes."""
    types = served_types(request)
    body = request.http.json_object(*types, max_bytes=MAX_BULK_PAYLOAD)
    changes = _changes_of(request)
    # The request itself has counted as one operation.
    job = BulkJob(
        changes,
        reader_for(request.user_type, tolerant=request.caller.settings.is_tolerant, noted=request.noted),
        request.deadline,
        lambda endpoint, resource_id: f"{request.http.base_url}{endpoint}/{resource_id}",
        lambda operations: request.count(operations - 1),
        _explained(request),
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


def _changes_of(request: ScimRequest) -> dict[str, Changes]:
    """What the account's identity provider can change, by endpoint."""
    changes: dict[str, Changes] = {USER.endpoint: users_of(request)}
    if request.caller.settings.groups:
        from domain.resources.group_schema import GROUP
        from handlers.group_changes import groups_of  # accounts without groups need none of its modules

        changes[GROUP.endpoint] = groups_of(request)
    return changes


def _explained(request: ScimRequest) -> Callable[[BulkOperation, ScimError], None]:
    """What says of the first refused operations whether the account's strict mode is why."""
    left = iter(range(_EXPLAINED))

    def explain(operation: BulkOperation, error: ScimError) -> None:
        if request.caller.settings.is_tolerant or not isinstance(error, BadRequest) or next(left, None) is None:
            return
        from handlers.strictness import blame_strict_mode  # few requests need it

        def serve(reading: ScimRequest) -> None:
            changes = _changes_of(reading).get(operation.endpoint)
            if changes is not None:
                perform(changes, operation)

        blame_strict_mode(request, error, serve)

    return explain


def _record(failed: FailedOperation, resource_type: ResourceType, user: str | None) -> OperationRecord:
    """The failure for the log, under the operation's name, as a separate request."""
    error = failed.error
    record = OperationRecord(
        failed.position,
        _VERBS[failed.method] + resource_type.name,
        error.status.value,
        error.scim_type,
        error.attribute,
        error.expected,
        error.strict,
        error.reason,
        error.remedy,
        user,
    )
    record.concerns(resource_type.noun, own_id(failed.resource_id))
    return record
