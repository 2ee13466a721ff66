"""All paths and methods without a route in the gateway: groups, /Me, other spellings, wrong verbs, unknown paths.

Some clients join a base URL that ends in a slash with "/Users", or put a slash before the query: a path that differs
from a route only in slashes is served as that route. Where groups are off for the account, there is nothing below
/Groups by any method.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from domain.errors import MethodNotAllowed, NotFound, NotImplementedHere
from domain.quoting import cut, quoted
from domain.resources.user_schema import USER
from handlers import routes
from handlers.endpoint import Handler, ScimRequest, endpoint
from handlers.http import HttpResponse


@endpoint("Unrouted", USER)
def handler(request: ScimRequest) -> HttpResponse:
    """The answer of the intended route, or 404, 405 or 501 with a remedy."""
    method, path = request.http.method, request.http.path
    segments = routes.segments(path)
    if segments[:1] == ["Groups"]:
        from handlers.groups import require_groups  # no other path needs its modules

        require_groups(request)
    if found := routes.match(method, path):
        meant: Handler = import_module(f"handlers.{found.route.module}").handler
        request.record.operation = meant.operation
        http = replace(request.http, path_id=found.id)
        return meant.serve(replace(request, http=http, endpoint_type=meant.resource_type))
    if allowed := routes.allowed_methods(path):
        raise MethodNotAllowed(f"{cut(method)} is not allowed here. Allowed: {', '.join(allowed)}.", allowed)
    match segments:
        case ["Me", *_]:
            raise NotImplementedHere(
                "There is no /Me (RFC 7644 section 3.11), because a Connector Key identifies a connection, not a "
                "user. Use /Users."
            )
        case _:
            raise NotFound(
                f"There is nothing at {quoted(path)}. The endpoints are {routes.BASE_PATH}/Users, "
                f"{'/Groups, ' * request.caller.settings.groups}/ServiceProviderConfig, /ResourceTypes, /Schemas and "
                "/Bulk below the same base path. Check the Base URL.",
                reason="no-such-endpoint",
                remedy="Compare the Base URL in the identity provider with the stack's output ScimConnectorBaseUrl.",
            )
