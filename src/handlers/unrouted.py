"""All paths and methods without a route in the gateway: groups, /Me, other spellings, wrong verbs, unknown paths.

Some clients join a base URL that ends in a slash with "/Users", or put a slash before the query: a path that differs
from a route only in slashes is served as that route.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from domain.errors import MethodNotAllowed, NotFound, NotImplementedHere
from domain.quoting import cut, quoted
from handlers import routes
from handlers.endpoint import Handler, ScimRequest, endpoint
from handlers.http import HttpResponse


@endpoint("Unrouted")
def handler(request: ScimRequest) -> HttpResponse:
    """The answer of the intended route, or 404, 405 or 501 with a remedy."""
    method, path = request.http.method, request.http.path
    if found := routes.match(method, path):
        meant: Handler = import_module(f"handlers.{found.route.module}").handler
        request.record.operation = meant.operation
        return meant.serve(replace(request, http=replace(request.http, path_id=found.id)))
    if allowed := routes.allowed_methods(path):
        raise MethodNotAllowed(f"{cut(method)} is not possible here; {', '.join(allowed)} are.", allowed)
    match routes.segments(path):
        case ["Groups", *_]:
            raise NotFound(
                "This service provisions users only; there are no groups here. Turn group management off: in JumpCloud "
                'switch off "Enable management of User Groups and Group Membership in this application" and activate '
                "again, in Entra ID disable the group mapping, in Okta use neither group push nor group import.",
                reason="groups-not-provisioned",
                remedy="Turn group management off in the identity provider.",
            )
        case ["Me", *_]:
            raise NotImplementedHere(
                "A Connector Key stands for a connection, not for a user, so there is no /Me (RFC 7644 section 3.11). "
                "Use /Users."
            )
        case _:
            raise NotFound(
                f"There is nothing at {quoted(path)}. The endpoints are {routes.BASE_PATH}/Users, "
                "/ServiceProviderConfig, /ResourceTypes, /Schemas and /Bulk below the same base path. "
                "Check the Base URL.",
                reason="no-such-endpoint",
                remedy="Compare the Base URL in the identity provider with the output ScimConnectorBaseUrl.",
            )
