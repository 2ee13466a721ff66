"""The log line of a request, from which metric filters of observability.yaml count.

The record is an allow-list: only the fields of `RequestRecord` reach the log, and none of them contains a body, a
filter value, a name of a person, an address or a key; `user`, which is masked, is set only where the operator has
allowed it. The one text of a client is the name of an attribute that no schema has (`domain.tolerances.names`).
Adopted and reactivated users, and what a bulk request failed to do or took access from, have lines of their own.
"""

from __future__ import annotations

import logging
import sys
import traceback
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any, Final

from adapters.clock import is_id
from adapters.dynamodb import Usage
from adapters.logs.log import Log
from domain.effects import Effects

SLOW_MS: Final = 1000
"""From this duration on, a line has the ids of the invocation and of its trace."""


class Concerning:
    """A line that names the resource concerned: it has a field for the ids of each type, such as `user_id`."""

    __slots__ = ()

    def concerns(self, noun: str, resource_id: str | None) -> None:
        """Name the resource; `noun` is that of its type."""
        setattr(self, f"{noun}_id", resource_id)


@dataclass(slots=True)
class OperationRecord(Concerning):
    """A failed operation of a bulk request; `position` is its place in the request, from 0."""

    position: int
    """The place of the operation in the request, from 0."""
    operation: str
    """The operation as a request of its own would have it, such as `CreateUser`."""
    status: int
    """The status of the operation in the answer."""
    scim_type: str | None
    attribute: str | None
    expected: str | None
    strict: bool | None
    reason: str
    remedy: str
    user: str | None
    user_id: str | None = None
    group_id: str | None = None


@dataclass(slots=True)
class RequestRecord(Concerning):
    """The log fields of one request, filled in while it is served; docs/reference/log-fields.md has their texts."""

    operation: str
    """The operation, such as `CreateUser`; `Unrouted` for a path or method that the API does not have."""
    invocation_id: str
    """Lambda's id of the invocation, which Lambda's own lines have, too. Only of a failure of the service, and of a
    request that took a second or longer; such a line also has the id of the trace, `xray_trace_id`."""
    cold_start: bool
    """If the request was the first that the container served."""
    request_id: str | None = None
    """API Gateway's id of the request, which the access log has, too."""
    account: str | None = None
    """The account of the Connector Key. With it but without `key_used` the key was refused: it is not the account's
    current one, or SCIM is off for the account."""
    key_used: str | None = None
    """`current` or `previous`: which of the account's keys the request had."""
    stale: bool | None = None
    """If Secrets Manager did not answer, and the key was checked against what was read up to an hour ago."""
    previous_key_hours_left: float | None = None
    """How many hours of its grace period are left to the previous key. Only of a request with that key."""
    user_id: str | None = None
    """The id of the user concerned; in a refusal, the id that the path names."""
    group_id: str | None = None
    """The id of the group concerned; in a refusal, the id that the path names."""
    user: str | None = None
    """The same user as `a***@example.com`, or the one whom a filter looks up. Only with the parameter
    `LogPersonalData`."""
    status: int = 0
    """The HTTP status of the answer."""
    scim_type: str | None = None
    """The `scimType` of the answer, if it is an error that has one."""
    attribute: str | None = None
    """The attribute or parameter that was refused, as the schema or the protocol calls it; never a client's word."""
    expected: str | None = None
    """What the attribute or parameter may be. In every 400; never what it was."""
    strict: bool | None = None
    """If the account's mode `strict` is the only reason why the request was refused."""
    reason: str | None = None
    """Why the request was refused or failed: [one of these words](errors.md)."""
    remedy: str | None = None
    """What to do about it, in fixed words."""
    duration_ms: float = 0.0
    """How long the function took, in milliseconds."""
    usage: Usage = field(default_factory=Usage)
    counted_as: int = 0
    """As how many requests it counted for the account's rate, if more than one."""
    rate_unchecked: bool = False
    """If the table did not answer when the account's rate was to be checked, and the request was served."""
    unlogged_refusals: int = 0
    """How many other refusals this line stands for, which have no line of their own: with reason `rate-limited`, or
    without an account with `too-many-wrong-keys`."""
    tolerances: list[str] = field(default_factory=list)
    """The names of the [tolerances](../tolerances.md) that were needed."""
    unknown_user_attributes: list[str] | None = None
    """Attributes of users that the request named and no schema has: full names, no values. Each once a day for an
    account and container, at most 20 in a line."""
    unknown_group_attributes: list[str] | None = None
    """The same of groups."""
    effects: Effects = field(default_factory=Effects)
    bulk_operations: int | None = None
    """How many operations a bulk request had."""
    bulk_failures: list[OperationRecord] = field(default_factory=list)
    """How many of them failed; each has a line `bulk-operation`. Only of a bulk request."""
    cause: str | None = None
    """For a failure of the service: the class of the error and its place in the code, never its text. With reason
    `killed`: where the request was when its time ended."""
    secret: str | None = None
    """The name of the secret that could not be read or used. Its last part is `*` if Secrets Manager does not answer
    and the account was not read before."""

    def names_unknown(self, noun: str, names: list[str]) -> None:
        """Name attributes that no schema has; `noun` is that of their resource type."""
        setattr(self, f"unknown_{noun}_attributes", names)

    @property
    def is_failure(self) -> bool:
        """True if the service failed."""
        return _is_failure(self.status)

    @property
    def any_id(self) -> str:
        """What the lines of a request have in common; without a gateway it is the invocation's id."""
        return self.request_id or self.invocation_id

    @property
    def _is_traced(self) -> bool:
        """True if somebody may look for the request among Lambda's lines and traces: it failed, or took long."""
        return self.is_failure or self.duration_ms >= SLOW_MS

    @property
    def _tolerances_applied(self) -> int:
        """How many tolerances were needed."""
        return len(self.tolerances)

    @property
    def _half_used(self) -> bool:
        """If the request took access away when half of the account's limit was used up, and nothing was refused."""
        return self.effects.half_used and not self.effects.refused and self.status < 400

    def fields(self) -> dict[str, object]:
        """The fields of the log line, without empty ones."""
        flat: dict[str, object] = {each.name: getattr(self, each.name) for each in dataclass_fields(self)} | {
            "dynamodb_calls": self.usage.calls,
            "dynamodb_units": self.usage.units,
            "dynamodb_retries": self.usage.retries or None,
            "users_deactivated": self.effects.deactivated or None,
            "users_removed": self.effects.removed or None,
            "users_displaced": self.effects.displaced or None,
            "users_adopted": len(self.effects.adopted) or None,
            "users_taken_back": len(self.effects.taken_back) or None,
            "members_joined": self.effects.members_joined or None,
            "members_left": self.effects.members_left or None,
            "members_left_out": self.effects.members_left_out or None,
            "deprovisioning_used": self.effects.guard_used,
            "deprovisioning_allowed": self.effects.guard_allowed,
            "deprovisioning_refused": self.effects.refused or None,
            "deprovisioning_half_used": self._half_used or None,
            "cold_start": self.cold_start or None,
            "tolerances_applied": self._tolerances_applied or None,
            "bulk_failures": len(self.bulk_failures) if self.bulk_operations is not None else None,
            "counted_as": self.counted_as if self.counted_as > 1 else None,
            "rate_unchecked": self.rate_unchecked or None,
            "unlogged_refusals": self.unlogged_refusals or None,
        }
        del flat["usage"], flat["effects"]
        if not self._is_traced:
            del flat["invocation_id"]
        return {"request_id": self.any_id} | {
            name: value for name, value in flat.items() if value is not None and value != []
        }


def place_of(error: Exception) -> str:
    """The class and place of an unexpected error, without its text, which may contain values of the request."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def place_of_thread(thread: int) -> str | None:
    """The place in the code where a thread of this process is; None when it has ended."""
    frame = sys._current_frames().get(thread)
    return None if frame is None else f"at {frame.f_code.co_name}:{frame.f_lineno}"


def own_id(text: str | None) -> str | None:
    """An id in a request, if it has the form of this service's ids; None for other text, such as an address.

    >>> own_id("2819c223-7f76-453a-919d-413861904646"), own_id("ada@example.com")
    ('2819c223-7f76-453a-919d-413861904646', None)
    """
    return text if text is not None and is_id(text) else None


def audit(log: Log, what: str, account: str, actor: str, request_id: str, **about: object) -> None:
    """Write an audit line: what was done or shown by an operator, and by whom as far as that is known.

    `about` are further fields of the line, such as `user_id`: ids and names of the schema, no values.
    """
    log.write("audit", {"what": what, "account": account, "actor": actor, "request_id": request_id, **about})


def setup_request(log: Log, status: int, fields: dict[str, str | None]) -> None:
    """Write the line of a request to the set-up page, without empty fields."""
    _write(log, "setup", status, {name: value for name, value in fields.items() if value} | {"status": status})


def emit(log: Log, record: RequestRecord) -> None:
    """Write the request's line (warning for a refusal, error for a failure of the service) and what may follow it."""
    _write(log, "request", record.status, record.fields())
    of_request = {"request_id": record.any_id, "account": record.account}
    for failed in record.bulk_failures:
        fields = {name: value for name, value in asdict(failed).items() if value is not None}
        _write(log, "bulk-operation", failed.status, of_request | fields)
    of_request["operation"] = record.operation
    for one in record.effects.adopted:
        reason = "adopted-without-privileges" if one.privileges_dropped else "adopted-existing-user"
        _write(log, "adoption", 200, of_request | {"user_id": one.user_id, "reason": reason})
    for user_id, by in record.effects.let_through.items():
        _write(
            log, "let-through", 200, of_request | {"user_id": user_id, "by": by, "reason": "let-through-by-operator"}
        )
    for user_id in record.effects.taken_back:
        _write(log, "take-back", 200, of_request | {"user_id": user_id, "reason": "took-back-deactivated-user"})
    for loss in record.effects.lost:
        if loss.user_id != record.user_id:  # whose line does not say who it was, as that of a bulk request
            _write(log, "lost-access", 200, of_request | loss._asdict())


def _write(log: Log, message: str, status: int, fields: dict[str, Any]) -> None:
    level = logging.ERROR if _is_failure(status) else logging.WARNING if status >= 400 else logging.INFO
    log.write(message, fields, level)


def _is_failure(status: int) -> bool:
    """True for a failure of the service; 501 is the right answer to what it does not support."""
    return status >= 500 and status != 501
