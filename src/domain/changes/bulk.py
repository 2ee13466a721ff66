"""Bulk operations (RFC 7644 section 3.7): many changes in one request, each on its own, with references among them.

Every operation stands alone: one that fails does not undo the others. `"bulkId:x"` in an operation's data or path
stands for the id of what the POST with that bulkId creates. Operations run in the order given, except that an operation
runs after those that it refers to. For references in a circle the resources are created first and the references set
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol

from domain.changes.bulk_message import PREFIX, BulkOperation, fail_on_errors_of, operations_of, references_in
from domain.documents import Json
from domain.errors import InvalidSyntax, NotFound, ScimError, ServiceUnavailable
from domain.messages import BULK_REQUEST_URN, BULK_RESPONSE_URN
from domain.ports import Deadline
from domain.quoting import quoted
from domain.tolerances import Reader

_TIME_FOR_ONE: Final = 1.0
"""Seconds that must be left to start another operation."""


class UnresolvedReference(ScimError):
    """A bulkId refers to what was not created (RFC 7644 section 3.7.1)."""

    status = HTTPStatus.CONFLICT
    scim_type = "invalidValue"
    reason = "unresolved-bulk-id"
    remedy = "Find the operation that creates the resource: it failed, or is not in the request."


class Written(Protocol):
    """A resource as it was written."""

    @property
    def id(self) -> str: ...

    @property
    def etag(self) -> str: ...


class Changes(Protocol):
    """What can be done to the resources of one type: `domain.changes.users.Users`, `domain.changes.groups.Groups`."""

    def create(self, body: Json, /) -> Written: ...

    def replace(self, resource_id: str, body: Json, if_match: str | None = None, /) -> Written: ...

    def patch(self, resource_id: str, body: Json, if_match: str | None = None, /) -> Written | None:
        """Return the resource; None where its version is not known."""

    def delete(self, resource_id: str, if_match: str | None = None, /) -> Written: ...


def _nothing_more(operation: BulkOperation, error: ScimError) -> None:
    pass


def perform(changes: Changes, operation: BulkOperation) -> None:
    """Do one operation alone, its references taken as they are."""
    target = str(operation.target)
    match operation.method:
        case "POST":
            changes.create(operation.data)
        case "PUT":
            changes.replace(target, operation.data, operation.version)
        case "PATCH":
            changes.patch(target, operation.data, operation.version)


@dataclass(slots=True)
class OperationResult:
    """The result of one operation."""

    status: HTTPStatus
    resource_id: str | None = None
    version: str | None = None
    error: ScimError | None = None


@dataclass(frozen=True, slots=True)
class FailedOperation:
    """A failed operation: its position in the request, from 0, its endpoint and the id of its resource, and the error.

    `endpoint` is None for a path that goes to none of the endpoints.
    """

    position: int
    method: str
    endpoint: str | None
    resource_id: str | None
    error: ScimError


@dataclass(slots=True)
class BulkJob:
    """One bulk request of one account.

    - `changes` has what can be done to resources by their endpoint, such as `/Users`.
    - `reader` reads the message itself.
    - `location` gives the URI of a resource from its endpoint and id.
    - `explain` may add to the error of an operation that failed.
    - `admit` is called with the number of operations before the first is performed, and may raise.
    """

    changes: Mapping[str, Changes]
    reader: Reader
    deadline: Deadline
    location: Callable[[str, str], str]
    admit: Callable[[int], None]
    explain: Callable[[BulkOperation, ScimError], None] = _nothing_more
    _results: dict[int, OperationResult] = field(default_factory=dict)
    _running: list[int] = field(default_factory=list)
    _deferred: list[tuple[int, BulkOperation]] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=dict)
    _operations: tuple[BulkOperation, ...] = ()

    def run(self, body: Json) -> Json:
        """Perform the request; return the BulkResponse with the result of every operation performed, in order."""
        body = self.reader.message(body, BULK_REQUEST_URN)
        fail_on_errors = fail_on_errors_of(body)
        self._operations = operations_of(body)
        for position, operation in enumerate(self._operations):
            # Only a POST names what others may refer to; elsewhere a bulkId is only a name for the client's own use.
            if operation.method == "POST" and operation.bulk_id is not None:
                if operation.bulk_id in self._positions:
                    raise InvalidSyntax(
                        f"Operations has the bulkId {quoted(operation.bulk_id)} twice. Give each operation a "
                        "different bulkId.",
                        attribute="Operations.bulkId",
                        expected="a different bulkId for each operation",
                    )
                self._positions[operation.bulk_id] = position
        self.admit(len(self._operations))
        for position in range(len(self._operations)):
            if fail_on_errors and self._errors() >= fail_on_errors:
                break
            self._perform(position)
        self._settle_circles()
        return {
            "schemas": [BULK_RESPONSE_URN],
            "Operations": [
                self._answer(self._operations[position], result) for position, result in sorted(self._results.items())
            ],
        }

    @property
    def operation_count(self) -> int:
        """Number of operations in the request."""
        return len(self._operations)

    @property
    def failures(self) -> list[FailedOperation]:
        """The operations that failed so far, in the order of the request."""
        return [
            FailedOperation(
                position,
                operation.method,
                operation.endpoint if operation.endpoint in self.changes else None,
                result.resource_id or self._target(operation),
                result.error,
            )
            for position, result in sorted(self._results.items())
            if result.error is not None
            for operation in (self._operations[position],)
        ]

    def _errors(self) -> int:
        return sum(result.error is not None for result in self._results.values())

    def _perform(self, position: int) -> None:
        if position in self._results or position in self._running:
            return
        operation = self._operations[position]
        self._running.append(position)
        try:
            for bulk_id in references_in(operation):
                if bulk_id in self._positions:
                    self._perform(self._positions[bulk_id])
            self._results[position] = self._result(position, operation)
        except ScimError as error:
            self.explain(operation, error)
            self._results[position] = OperationResult(error.status, error=error)
        finally:
            self._running.pop()

    def _result(self, position: int, operation: BulkOperation) -> OperationResult:
        if self.deadline.remaining() < _TIME_FOR_ONE:
            raise ServiceUnavailable(
                "The request had no time left for this operation. Send the operation in another request."
            )
        changes = self._changes_at(operation)
        target = operation.target
        if target is not None and target.startswith(PREFIX):
            target = self._resolved(target)
        data = self._resolve(operation.data, defer=operation.method == "POST")
        if data.deferred:
            self._deferred.append((position, operation))
        match operation.method:
            case "POST":
                return _done(HTTPStatus.CREATED, changes.create(data.value))
            case "PUT":
                return _done(HTTPStatus.OK, changes.replace(str(target), data.value, operation.version))
            case "PATCH":
                patched = changes.patch(str(target), data.value, operation.version)
                return OperationResult(HTTPStatus.OK, target, None if patched is None else patched.etag)
            case _:
                changes.delete(str(target), operation.version)
                return OperationResult(HTTPStatus.NO_CONTENT, target)

    def _changes_at(self, operation: BulkOperation) -> Changes:
        """Return what can be done at an operation's path; raises NotFound unless its method may be sent there."""
        changes, is_post = self.changes.get(operation.endpoint), operation.method == "POST"
        is_collection = operation.path.strip("/") == operation.endpoint.strip("/")
        if changes is not None and (is_collection if is_post else operation.target is not None):
            return changes
        shapes = " or ".join(endpoint if is_post else f"{endpoint}/{{id}}" for endpoint in self.changes)
        raise NotFound(
            f"path is {quoted(operation.path)}; a {operation.method} goes to {shapes}."
            + (" Groups are off for this account." if len(self.changes) == 1 else ""),
            reason="no-such-endpoint",
        )

    def _target(self, operation: BulkOperation) -> str | None:
        """Return the id that an operation's path names at one of the endpoints, perhaps a bulkId."""
        return operation.target if operation.endpoint in self.changes else None

    def _settle_circles(self) -> None:
        """Set the references that were left out because what they name did not exist yet."""
        for position, operation in self._deferred:
            result = self._results[position]
            if result.resource_id is None or result.error is not None:
                continue
            try:
                data = self._resolve(operation.data, defer=False).value
                changed = self.changes[operation.endpoint].replace(result.resource_id, data)
                result.version = changed.etag
            except ScimError as error:
                result.status, result.error = error.status, error

    def _resolve(self, value: Any, *, defer: bool) -> _Resolved:
        """Return `value` with its references replaced; with `defer`, without those to what is not created yet.

        A value of a list goes as a whole, as in `{"members": [{"value": "bulkId:1"}]}`.
        """
        if isinstance(value, str) and value.startswith(PREFIX):
            position = self._positions.get(value.removeprefix(PREFIX))
            if defer and position in self._running:
                return _Resolved(None, deferred=True, is_gap=True)
            return _Resolved(self._resolved(value))
        if isinstance(value, dict):
            members = {name: self._resolve(member, defer=defer) for name, member in value.items()}
            deferred = any(member.deferred for member in members.values())
            resolved = {name: member.value for name, member in members.items()}
            has_gap = any(member.is_gap and member.value is None for member in members.values())
            return _Resolved(resolved, deferred, has_gap)
        if isinstance(value, list):
            items = [self._resolve(item, defer=defer) for item in value]
            return _Resolved([item.value for item in items if not item.is_gap], any(item.deferred for item in items))
        return _Resolved(value)

    def _resolved(self, reference: str) -> str:
        bulk_id = reference.removeprefix(PREFIX)
        position = self._positions.get(bulk_id)
        if position is None:
            raise UnresolvedReference(f"This request has no POST operation with the bulkId {quoted(bulk_id)}.")
        result = self._results.get(position)
        if result is None or result.resource_id is None or result.error is not None:
            raise UnresolvedReference(
                f"The operation with the bulkId {quoted(bulk_id)} created no resource, so there is no id to refer to."
            )
        return result.resource_id

    def _answer(self, operation: BulkOperation, result: OperationResult) -> Json:
        answer: Json = {"method": operation.method}
        if operation.bulk_id is not None:
            answer["bulkId"] = operation.bulk_id
        if result.version is not None:
            answer["version"] = result.version
        target = self._target(operation) or PREFIX
        resource_id = result.resource_id or (None if target.startswith(PREFIX) else target)
        if resource_id is not None:
            answer["location"] = self.location(operation.endpoint, resource_id)
        answer["status"] = str(result.status.value)
        if result.error is not None:
            answer["response"] = result.error.body()
        return answer


@dataclass(frozen=True, slots=True)
class _Resolved:
    value: Any
    deferred: bool = False
    """True if a reference is left out, here or within."""
    is_gap: bool = False
    """True for the reference itself, and for the object that it is a member of."""


def _done(status: HTTPStatus, written: Written) -> OperationResult:
    return OperationResult(status, written.id, written.etag)
