"""The routes of the API below the base path; a test compares them with template.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BASE_PATH: Final = "/scim/v2"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one endpoint and the module of `handlers` that serves it; `{id}` is one path segment."""

    method: str
    path: str
    module: str

    @property
    def function(self) -> str:
        """The function's logical id in template.yaml."""
        return function_of(self.module)


def function_of(module: str) -> str:
    """Return the logical id in template.yaml of the function that a module of `handlers` serves.

    >>> function_of("list_users")
    'ListUsers'
    """
    return module.title().replace("_", "")


ROUTES: Final = (
    Route("POST", "/Users", "create_user"),
    Route("GET", "/Users", "list_users"),
    Route("POST", "/Users/.search", "search_users"),
    Route("GET", "/Users/{id}", "get_user"),
    Route("PUT", "/Users/{id}", "replace_user"),
    Route("PATCH", "/Users/{id}", "patch_user"),
    Route("DELETE", "/Users/{id}", "delete_user"),
    Route("POST", "/.search", "search_users"),
    Route("POST", "/Bulk", "bulk"),
    Route("GET", "/ServiceProviderConfig", "discovery"),
    Route("GET", "/ResourceTypes", "discovery"),
    Route("GET", "/ResourceTypes/{id}", "discovery"),
    Route("GET", "/Schemas", "discovery"),
    Route("GET", "/Schemas/{id}", "discovery"),
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
