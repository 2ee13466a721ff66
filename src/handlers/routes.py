"""The routes of the API below the base path; a test compares them with template.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BASE_PATH: Final = "/scim/v2"
SETUP_PATH: Final = "/setup"
"""Of the set-up page (`handlers.setup`), which is not below the base path of SCIM."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one endpoint and the module of `handlers` that serves it; `{id}` is one path segment.

    A function that serves several modules has its own module, which is its `entry` (docs/decisions/042).
    """

    method: str
    path: str
    module: str
    entry: str

    @property
    def function(self) -> str:
        """The function's logical id in template.yaml."""
        return function_of(self.entry)


def function_of(module: str) -> str:
    """Return the logical id in template.yaml of the function that a module of `handlers` serves.

    >>> function_of("list_users")
    'ListUsers'
    """
    return module.title().replace("_", "")


def _route(method: str, path: str, module: str, entry: str | None = None) -> Route:
    return Route(method, path, module, entry or module)


ROUTES: Final = (
    _route("POST", "/Users", "create_user"),
    _route("GET", "/Users", "list_users"),
    _route("POST", "/Users/.search", "search_users"),
    _route("GET", "/Users/{id}", "get_user"),
    _route("PUT", "/Users/{id}", "replace_user"),
    _route("PATCH", "/Users/{id}", "patch_user"),
    _route("DELETE", "/Users/{id}", "delete_user"),
    _route("POST", "/Groups", "create_group", "change_groups"),
    _route("GET", "/Groups", "list_groups", "read_groups"),
    _route("POST", "/Groups/.search", "search_groups", "read_groups"),
    _route("GET", "/Groups/{id}", "get_group", "read_groups"),
    _route("PUT", "/Groups/{id}", "replace_group", "change_groups"),
    _route("PATCH", "/Groups/{id}", "patch_group", "change_groups"),
    _route("DELETE", "/Groups/{id}", "delete_group", "change_groups"),
    _route("POST", "/.search", "search_users"),
    _route("POST", "/Bulk", "bulk"),
    _route("GET", "/ServiceProviderConfig", "discovery"),
    _route("GET", "/ResourceTypes", "discovery"),
    _route("GET", "/ResourceTypes/{id}", "discovery"),
    _route("GET", "/Schemas", "discovery"),
    _route("GET", "/Schemas/{id}", "discovery"),
)


@dataclass(frozen=True, slots=True)
class Match:
    """The route of a request, with the `{id}` in its path."""

    route: Route
    id: str | None


def segments(path: str) -> list[str]:
    """The path's segments below the base path; superfluous slashes, as in `//Users` and `/Users/`, are ignored."""
    return [segment for segment in path.removeprefix(BASE_PATH).split("/") if segment]


def match(method: str, path: str) -> Match | None:
    """The route of a request, or None."""
    return next((found for found in _matching(path) if found.route.method == method), None)


def allowed_methods(path: str) -> tuple[str, ...]:
    """The methods of the endpoint at a path; empty when there is no such endpoint."""
    return tuple(found.route.method for found in _matching(path))


def _matching(path: str) -> list[Match]:
    """Every route for that path; a literal segment is preferred to `{id}`."""
    given = segments(path)
    literal: list[Match] = []
    by_id: list[Match] = []
    for route in ROUTES:
        wanted = segments(route.path)
        if len(wanted) != len(given):
            continue
        if wanted == given:
            literal.append(Match(route, None))
        elif wanted[-1] == "{id}" and wanted[:-1] == given[:-1]:
            by_id.append(Match(route, given[-1]))
    return literal or by_id
