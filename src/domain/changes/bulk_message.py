"""The BulkRequest message (RFC 7644 section 3.7) and its operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidSyntax, InvalidValue, PayloadTooLarge
from domain.limits import MAX_BULK_OPERATIONS
from domain.messages import BULK_REQUEST_URN, require_message

METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
"""What an operation may do."""
PREFIX: Final = "bulkId:"
"""How a reference to what a POST of the same request creates begins."""


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation as sent; a client finds its result by `bulk_id`."""

    method: str
    path: str
    bulk_id: str | None
    version: str | None
    data: Json

    @property
    def endpoint(self) -> str:
        """What the path begins with, such as `/Users`."""
        return "/" + next((segment for segment in self.path.split("/") if segment), "")

    @property
    def target(self) -> str | None:
        """The id in `/Users/{id}`, None for any other path."""
        match [segment for segment in self.path.split("/") if segment]:
            case [_, resource_id]:
                return resource_id
            case _:
                return None


def fail_on_errors_of(body: Json) -> int:
    """Return after how many errors the request ends, 0 for never; raises InvalidSyntax for a body of another kind."""
    require_message(body, BULK_REQUEST_URN)
    value = body.get("failOnErrors", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue.must_be("an integer, 0 or greater", attribute="failOnErrors")
    return value


def operations_of(body: Json) -> tuple[BulkOperation, ...]:
    """Parse the operations in order; raises InvalidSyntax, PayloadTooLarge."""
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax.must_be("an array with at least one operation", attribute="Operations")
    if len(operations) > MAX_BULK_OPERATIONS:
        raise PayloadTooLarge(
            f"Operations has {len(operations)} operations; at most {MAX_BULK_OPERATIONS} are accepted. Send them in "
            "several requests."
        )
    return tuple(_operation(operation, f"Operations[{position}]") for position, operation in enumerate(operations))


def _operation(operation: Any, place: str) -> BulkOperation:
    if not isinstance(operation, dict):
        raise InvalidSyntax.must_be("an object", attribute="Operations", place=place)
    method, path, data = operation.get("method"), operation.get("path"), operation.get("data")
    bulk_id, version = operation.get("bulkId"), operation.get("version")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise InvalidSyntax.must_be(
            "POST, PUT, PATCH or DELETE", attribute="Operations.method", place=f"{place}.method"
        )
    method = method.upper()
    if not isinstance(path, str):
        raise InvalidSyntax.must_be("a string", attribute="Operations.path", place=f"{place}.path")
    if not isinstance(bulk_id, str | None) or (method == "POST" and not bulk_id):
        raise InvalidSyntax.must_be(
            "a string; a POST must have one", attribute="Operations.bulkId", place=f"{place}.bulkId"
        )
    if not isinstance(version, str | None):
        raise InvalidSyntax.must_be("a string", attribute="Operations.version", place=f"{place}.version")
    if data is None and method == "DELETE":
        data = {}
    if not isinstance(data, dict):
        raise InvalidSyntax.must_be("an object", attribute="Operations.data", place=f"{place}.data")
    return BulkOperation(method, path, bulk_id, version, data)


def references_in(operation: BulkOperation) -> Iterator[str]:
    """Yield the bulkIds that an operation's path and data name."""
    pending: list[Any] = [operation.target, operation.data]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and value.startswith(PREFIX):
            yield value.removeprefix(PREFIX)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
