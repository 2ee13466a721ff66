"""Bulk operations (RFC 7644 section 3.7): many changes in one request, each on its own, with references among them.

Every operation stands alone: one that fails does not undo the others. `"bulkId:x"` in an operation's data or path
stands for the id of the user that the POST with that bulkId creates. Operations run in the order given, except that an
operation runs after those that it refers to. For references in a circle the users are created first and the references
set afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from domain.changes.users import Users
from domain.documents import Json
from domain.errors import InvalidSyntax, InvalidValue, NotFound, PayloadTooLarge, ScimError, ServiceUnavailable
from domain.limits import MAX_BULK_OPERATIONS
from domain.messages import BULK_REQUEST_URN, BULK_RESPONSE_URN, require_message
from domain.ports import Deadline
from domain.quoting import quoted
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER

_PREFIX: Final = "bulkId:"
_TIME_FOR_ONE: Final = 1.0
"""Seconds that must be left to start another operation."""


class UnresolvedReference(ScimError):
    """A bulkId refers to a user that was not created (RFC 7644 section 3.7.1)."""

    status = HTTPStatus.CONFLICT
    scim_type = "invalidValue"
    reason = "unresolved-bulk-id"


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation as sent; a client finds its result by `bulk_id`."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Json

    @property
    def target(self) -> str | None:
        """The id in `/Users/{id}`, None for any other path."""
        match [segment for segment in self.path.split("/") if segment]:
            case [endpoint, user_id] if f"/{endpoint}" == USER.endpoint:
                return user_id
            case _:
                return None

    def check_path(self) -> None:
        """Raise NotFound unless the method may be sent to the path."""
        is_collection = "/" + self.path.strip("/") == USER.endpoint
        if (is_collection if self.method == "POST" else self.target) not in (None, False):
            return
        shape = USER.endpoint if self.method == "POST" else f"{USER.endpoint}/{{id}}"
        raise NotFound(
            f"path is {quoted(self.path)}; a {self.method} goes to {shape}. Groups are not provisioned here.",
            reason="no-such-endpoint",
        )


@dataclass(slots=True)
class OperationResult:
    """The result of one operation."""

    status: HTTPStatus
    user_id: str | None = None
    version: str | None = None
    error: ScimError | None = None


@dataclass(frozen=True, slots=True)
class FailedOperation:
    """A failed operation: its position in the request, from 0, the id of its path or its user, and the error."""

    position: int
    method: str
    user_id: str | None
    error: ScimError


@dataclass(slots=True)
class BulkJob:
    """One bulk request on the users of one account; `location` gives a user's URI.

    `admit` is called with the number of operations before the first is performed, and may raise.
    """

    users: Users
    deadline: Deadline
    location: Callable[[str], str]
    admit: Callable[[int], None]
    _results: dict[int, OperationResult] = field(default_factory=dict)
    _running: list[int] = field(default_factory=list)
    _deferred: list[tuple[int, BulkOperation]] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=dict)
    _operations: tuple[BulkOperation, ...] = ()

    def run(self, body: Json) -> Json:
        """Perform the request; return the BulkResponse with the result of every operation performed, in order."""
        body = self.users.reader.message(body, BULK_REQUEST_URN)
        fail_on_errors = _fail_on_errors(body)
        self._operations = _operations(body)
        for position, operation in enumerate(self._operations):
            # Only a POST names what others may refer to; elsewhere a bulkId is only a name for the client's own use.
            if operation.method == "POST" and operation.bulk_id is not None:
                if operation.bulk_id in self._positions:
                    raise InvalidSyntax(f"Operations has the bulkId {quoted(operation.bulk_id)} twice.")
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
            FailedOperation(position, operation.method, result.user_id or operation.target, result.error)
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
            for bulk_id in _references(operation):
                if bulk_id in self._positions:
                    self._perform(self._positions[bulk_id])
            self._results[position] = self._result(position, operation)
        except ScimError as error:
            self._results[position] = OperationResult(error.status, error=error)
        finally:
            self._running.pop()

    def _result(self, position: int, operation: BulkOperation) -> OperationResult:
        if self.deadline.remaining() < _TIME_FOR_ONE:
            raise ServiceUnavailable("There was no time left for this operation. Send it again in another request.")
        operation.check_path()
        target = operation.target
        if target is not None and target.startswith(_PREFIX):
            target = self._resolved(target)
        data = self._resolve(operation.data, defer=operation.method == "POST")
        if data.deferred:
            self._deferred.append((position, operation))
        match operation.method:
            case "POST":
                return _done(HTTPStatus.CREATED, self.users.create(data.value))
            case "PUT":
                return _done(HTTPStatus.OK, self.users.replace(str(target), data.value, operation.version))
            case "PATCH":
                return _done(HTTPStatus.OK, self.users.patch(str(target), data.value, operation.version))
            case _:
                self.users.delete(str(target), operation.version)
                return OperationResult(HTTPStatus.NO_CONTENT, user_id=target)

    def _settle_circles(self) -> None:
        """Set the references that were left out because the user they name did not exist yet."""
        for position, operation in self._deferred:
            result = self._results[position]
            if result.user_id is None or result.error is not None:
                continue
            try:
                changed = self.users.replace(result.user_id, self._resolve(operation.data, defer=False).value)
                result.version = changed.etag
            except ScimError as error:
                result.status, result.error = error.status, error

    def _resolve(self, value: Any, *, defer: bool) -> _Resolved:
        """Return `value` with its references replaced; with `defer`, without those to users not created yet."""
        if isinstance(value, str) and value.startswith(_PREFIX):
            position = self._positions.get(value.removeprefix(_PREFIX))
            if defer and position in self._running:
                return _Resolved(None, deferred=True)
            return _Resolved(self._resolved(value))
        if isinstance(value, dict):
            members = {name: self._resolve(member, defer=defer) for name, member in value.items()}
            deferred = any(member.deferred for member in members.values())
            return _Resolved({name: member.value for name, member in members.items()}, deferred)
        if isinstance(value, list):
            items = [self._resolve(item, defer=defer) for item in value]
            return _Resolved([item.value for item in items], any(item.deferred for item in items))
        return _Resolved(value)

    def _resolved(self, reference: str) -> str:
        bulk_id = reference.removeprefix(_PREFIX)
        position = self._positions.get(bulk_id)
        if position is None:
            raise UnresolvedReference(f"There is no POST operation with the bulkId {quoted(bulk_id)} in this request.")
        result = self._results.get(position)
        if result is None or result.user_id is None or result.error is not None:
            raise UnresolvedReference(f"The user with the bulkId {quoted(bulk_id)} was not created, so it has no id.")
        return result.user_id

    def _answer(self, operation: BulkOperation, result: OperationResult) -> Json:
        answer: Json = {"method": operation.method}
        if operation.bulk_id is not None:
            answer["bulkId"] = operation.bulk_id
        if result.version is not None:
            answer["version"] = result.version
        target = operation.target or _PREFIX
        user_id = result.user_id or (None if target.startswith(_PREFIX) else target)
        if user_id is not None:
            answer["location"] = self.location(user_id)
        answer["status"] = str(result.status.value)
        if result.error is not None:
            answer["response"] = result.error.body()
        return answer


@dataclass(frozen=True, slots=True)
class _Resolved:
    value: Any
    deferred: bool = False


def _done(status: HTTPStatus, user: StoredUser) -> OperationResult:
    return OperationResult(status, user.id, user.etag)


def _fail_on_errors(body: Json) -> int:
    require_message(body, BULK_REQUEST_URN)
    value = body.get("failOnErrors", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue("failOnErrors must be an integer, 0 or greater.")
    return value


def _operations(body: Json) -> tuple[BulkOperation, ...]:
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations must be an array with at least one operation.")
    if len(operations) > MAX_BULK_OPERATIONS:
        raise PayloadTooLarge(
            f"Operations has {len(operations)} operations; {MAX_BULK_OPERATIONS} are accepted. "
            "Send them in several requests."
        )
    return tuple(_operation(operation, f"Operations[{position}]") for position, operation in enumerate(operations))


def _operation(operation: Any, place: str) -> BulkOperation:
    if not isinstance(operation, dict):
        raise InvalidSyntax(f"{place} must be an object.")
    method, path, data = operation.get("method"), operation.get("path"), operation.get("data")
    bulk_id, version = operation.get("bulkId"), operation.get("version")
    if not isinstance(method, str) or method.upper() not in ("POST", "PUT", "PATCH", "DELETE"):
        raise InvalidSyntax(f"{place}.method must be POST, PUT, PATCH or DELETE.")
    method = method.upper()
    if not isinstance(path, str):
        raise InvalidSyntax(f"{place}.path must be a string.")
    if not isinstance(bulk_id, str | None) or (method == "POST" and not bulk_id):
        raise InvalidSyntax(f"{place}.bulkId must be a string; a POST must have one.")
    if not isinstance(version, str | None):
        raise InvalidSyntax(f"{place}.version must be a string.")
    if data is None and method == "DELETE":
        data = {}
    if not isinstance(data, dict):
        raise InvalidSyntax(f"{place}.data must be an object.")
    return BulkOperation(method, path, bulk_id, version, data)


def _references(operation: BulkOperation) -> Iterator[str]:
    """Yield the bulkIds that an operation's path and data name."""
    pending: list[Any] = [operation.target, operation.data]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and value.startswith(_PREFIX):
            yield value.removeprefix(_PREFIX)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
