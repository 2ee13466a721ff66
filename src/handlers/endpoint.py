"""The common part of all SCIM functions: authenticate, decode, call, encode, map errors, log.

A handler module contains only its own part of RFC 7644, in a function decorated with `endpoint`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from http import HTTPStatus
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters import clock
from adapters.environment import on_lambda
from adapters.logs import telemetry
from adapters.secrets.authentication import Authenticated
from domain import parameters
from domain.accounts.rate import RateLimited, extra_requests
from domain.documents import Json
from domain.errors import BadRequest, OutOfTime, ScimError, ServiceUnavailable, TooManyWrongKeys, UniquenessConflict
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.mask import masked, masked_user
from domain.resources.user_schema import USER, user_type
from handlers.http import Event, HttpRequest, HttpResponse, accept_of
from handlers.service import Service, default_service

if TYPE_CHECKING:
    from adapters.dynamodb import DynamoDBAccount
    from domain.resources.attributes import ResourceType
    from domain.resources.stored_resource import StoredResource


class LambdaContext(Protocol):
    """The members of Lambda's context object that are used."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True)
class ScimRequest:
    """One authenticated request, with access to its own account only."""

    service: Service
    endpoint_type: ResourceType
    """The type of the endpoint's resources, of users without declared extensions."""
    http: HttpRequest
    caller: Authenticated
    deadline: clock.MonotonicDeadline
    record: telemetry.RequestRecord
    noted: set[str] = field(default_factory=set)
    """The names of the tolerances that the request needed; empty for an account in strict mode."""
    unknown: set[tuple[str, str]] = field(default_factory=set)
    """The attributes that the request names and no schema has, each with the noun of its resource type."""

    def __post_init__(self) -> None:
        self.record.concerns(self.resource_type.noun, telemetry.own_id(self.http.path_id))

    @cached_property
    def user_type(self) -> ResourceType:
        """The type of the account's users: with those declared extensions that are switched on for the account."""
        declared = self.service.extensions
        on = self.caller.settings.switched_on(declared)
        return user_type(on, () if on is declared else tuple(each for each in declared if each not in on))

    @property
    def resource_type(self) -> ResourceType:
        """The type of the endpoint's resources as the account has them, whose attributes the parameters name."""
        return self.user_type if self.endpoint_type is USER else self.endpoint_type

    @property
    def resource_id(self) -> str:
        """The `{id}` of the path; "" (never the id of a resource) if the path has none."""
        return self.http.path_id or ""

    def body(self) -> Json:
        """The body of a request about one resource, or a query."""
        return self.http.json_object(self.resource_type)

    @cached_property
    def parameter_reader(self) -> parameters.ParameterReader:
        """The reader of parameters for the account's mode."""
        tolerant = self.caller.settings.is_tolerant
        return parameters.Tolerant(self.resource_type, self.noted) if tolerant else parameters.STRICT

    @cached_property
    def account(self) -> DynamoDBAccount:
        """The caller's account in the table."""
        return self.service.open_table().account(self.caller.account, self.deadline, self.record.usage)

    def count(self, requests: int) -> None:
        """Count requests towards the account's rate; raises `RateLimited` when the rate is exceeded."""
        if requests <= 0:
            return
        if not self.service.pace.admit(self.caller.account, self.caller.settings.rate, self.record.usage, requests):
            self.record.rate_unchecked = True
        self.record.counted_as += requests

    def count_cpu(self, seconds: float) -> None:
        """Count further requests for CPU time beyond what the request has counted for."""
        extra = extra_requests(seconds, self.record.counted_as)
        # A container's first request also loads code and opens connections, which its account has not caused.
        if extra and not self.record.cold_start:
            self.service.pace.charge(self.caller.account, extra)
            self.record.counted_as += extra

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer for the attributes that the query asks for."""
        wanted, excluded = self.parameter("attributes"), self.parameter("excludedAttributes")
        return self.renderer_for(Projection.of(self.resource_type, wanted, excluded))

    def renderer_for(self, projection: Projection) -> Renderer:
        """The renderer for these attributes."""
        return Renderer(self.http.base_url, projection, self.resource_type)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query string."""
        return self.parameter_reader.of_query(self.http.query)

    def parameter(self, name: str) -> str | None:
        """A parameter of the query string."""
        return self.parameters.get(name)

    def header(self, name: str) -> str | None:
        """A header, its name in lower case."""
        return self.http.headers.get(name)

    def resource(self, stored: StoredResource, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
        """The answer with a resource as it is, its ETag and its Location (RFC 7644 sections 3.3, 3.4.1, 3.14)."""
        self.concerns(stored)
        headers = {"ETag": stored.etag, "Location": self.renderer.location(stored.id)}
        return HttpResponse(status, self.renderer.text(stored), headers)

    def concerns(self, stored: StoredResource) -> None:
        """Name the resource in the log line by id, and a user masked where logs may contain personal data."""
        self.record.concerns(self.resource_type.noun, stored.id)
        if self.service.environment.log_personal_data and "userName" in stored.attributes:
            self.record.user = masked_user(stored.attributes)


_PERSONAL: Final = ("userName", "emails.value")
"""Unique values by which people can be recognised; the name of a group is never in a log."""


def served_types(request: ScimRequest) -> tuple[ResourceType, ...]:
    """Return the resource types that the account's identity provider may manage."""
    if not request.caller.settings.groups:
        return (request.user_type,)
    from domain.resources.group_schema import GROUP  # accounts without groups need no second tree

    return (request.user_type, GROUP)


def at_fault(error: ScimError, service: Service) -> str | None:
    """Return the value that another user has already, masked; None where logs may not contain personal data."""
    if service.environment.log_personal_data and isinstance(error, UniquenessConflict) and error.attribute in _PERSONAL:
        return masked(error.value)
    return None


Serve = Callable[[ScimRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Handler:
    """A Lambda handler, called with event and context; `serve` answers the authenticated request."""

    operation: str
    resource_type: ResourceType
    serve: Serve
    service: Service | None = None

    def bound_to(self, service: Service) -> Handler:
        """Return this handler over that service."""
        return replace(self, service=service)

    def __call__(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        if self.service is None:
            raise RuntimeError(f"the handler of {self.operation} has no service: outside Lambda, call bound_to first")
        started, cpu = time.monotonic(), clock.cpu_seconds()
        service = self.service
        record = telemetry.RequestRecord(self.operation, context.aws_request_id, cold_start=next(service.cold))
        ends = started + context.get_remaining_time_in_millis() / 1000
        speak = partial(_killed, service, record, started, get_ident())
        under_way = service.last_words.begin(ends - clock.LAST_WORDS_SECONDS, speak)
        response = self._answer(service, event, context, record, cpu)
        if not service.last_words.end(under_way):
            # The same as in the log line, which is written already.
            return HttpResponse.of_error(_KILLED).as_proxy_result(accept_of(event))
        record.status = response.status.value
        record.duration_ms = _milliseconds_since(started)
        unlogged = service.refusals.line(record.account, refused=record.reason in _REFUSED_BY_THE_THOUSAND)
        if unlogged is not None:
            record.unlogged_refusals = unlogged
            telemetry.emit(service.log, record)
        return response.as_proxy_result(accept_of(event))

    def _answer(
        self, service: Service, event: Event, context: LambdaContext, record: telemetry.RequestRecord, cpu: float
    ) -> HttpResponse:
        try:
            http = HttpRequest.of(event, service.environment.base_url)
            record.request_id = http.request_id
            caller = service.authenticator.authenticate(http.headers.get("authorization"), http.address)
            record.account, record.key_used = caller.account, caller.key_used
            record.stale = caller.stale or None
            record.previous_key_hours_left = caller.hours_of_grace_left(clock.instant())
            seconds = context.get_remaining_time_in_millis() / 1000 - clock.RESERVE_SECONDS
            deadline = clock.MonotonicDeadline.after(seconds)
            request = ScimRequest(service, self.resource_type, http, caller, deadline, record)
            request.count(1)
            try:
                return self.serve(request).checked()
            except BadRequest as error:
                if not caller.settings.is_tolerant:
                    from handlers.strictness import blame_strict_mode  # few requests need it

                    blame_strict_mode(request, error, self.serve)
                raise
            finally:
                record.tolerances = sorted(request.noted)
                for noun, names in service.named.new(caller.account, request.unknown).items():
                    record.names_unknown(noun, names)
                request.count_cpu(clock.cpu_seconds() - cpu)
        except ScimError as error:
            record.account = record.account or error.account
            record.scim_type, record.attribute = error.scim_type, error.attribute
            record.expected, record.strict = error.expected, error.strict
            record.reason, record.remedy = error.reason, error.remedy
            record.user = at_fault(error, service) or record.user
            record.cause = type(error.__cause__).__name__ if error.__cause__ else None
            record.secret = error.secret_name
            return HttpResponse.of_error(error)
        except Exception as error:  # answer and alarm, without a traceback that may contain personal data
            record.reason, record.remedy = _UNEXPECTED.reason, _UNEXPECTED.remedy
            record.cause = telemetry.place_of(error)
            return HttpResponse.of_error(_UNEXPECTED)


_REFUSED_BY_THE_THOUSAND: Final = (RateLimited.reason, TooManyWrongKeys.reason)
"""The reasons of refusals that come in floods, which do not get a log line each."""
_UNEXPECTED: Final = ServiceUnavailable(
    "The service failed unexpectedly and logged the failure. Repeat the request; if this continues, contact the "
    "service's operator.",
    reason="unexpected",
    remedy="There is a defect, or a permission or resource is missing: cause shows where. See the runbook.",
)
_KILLED: Final = ServiceUnavailable(
    OutOfTime().detail,
    reason="killed",
    remedy="Find out what took so long: cause shows where the request was. See the runbook.",
)


def _killed(service: Service, record: telemetry.RequestRecord, started: float, thread: int) -> None:
    """Write the log line of a request that will not end in time, with its current place in the code."""
    record = replace(record, status=_KILLED.status.value, duration_ms=_milliseconds_since(started))
    record.reason, record.remedy = _KILLED.reason, _KILLED.remedy
    record.cause = telemetry.place_of_thread(thread)
    telemetry.emit(service.log, record)


def _milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)


def endpoint(operation: str, resource_type: ResourceType, *, table: bool = True) -> Callable[[Serve], Handler]:
    """Make a Lambda handler of a function from request to answer; `operation` names it in logs and metrics.

    `resource_type` is that of the endpoint; `USER` where an endpoint has none of its own.

    Lambda gives a start more CPU than a request, so the clients are made here, while the function starts; `table` is
    False for a function that reads and writes no users. Elsewhere a handler serves when it is bound to a service.
    """
    service = None
    if on_lambda():
        service = default_service()
        if table:
            service.open_table()
    return lambda serve: Handler(operation, resource_type, serve, service)
