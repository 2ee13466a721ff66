"""The routes of template.yaml, and the one that API Gateway chooses for a request.

They are read from the template that is deployed, so the local server serves the same routes.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from reference.templates import template

_DEFAULT_TIMEOUT: Final = 3
_DEFAULT_MEMORY: Final = 128


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function of the template: its logical id, its handler as `module.attribute`, its limits."""

    name: str
    handler: str
    timeout_seconds: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class TemplateRoute:
    """One method (or ANY) of one path of the API and the function behind it."""

    method: str
    path: str
    function: Function


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route that serves a request, with the path's parameters as sent, percent-encoding and all."""

    route: TemplateRoute
    path_parameters: dict[str, str]


class Routes:
    """All routes of the API."""

    def __init__(self, routes: list[TemplateRoute]) -> None:
        self.routes = routes

    def match(self, method: str, path: str) -> RouteMatch | None:
        """The route of a request; a literal segment precedes `{id}`, `{id}` precedes `{proxy+}`, a method precedes ANY.

        None when there is none; API Gateway then answers 403.
        """
        found: list[tuple[list[int], RouteMatch]] = []
        for route in self.routes:
            if route.method in (method, "ANY") and (fit := _fit(route.path, path)) is not None:
                ranks, parameters = fit
                found.append(([*ranks, int(route.method == "ANY")], RouteMatch(route, parameters)))
        return min(found, key=lambda candidate: candidate[0])[1] if found else None


def load_routes() -> Routes:
    """The routes of template.yaml's functions (their events of type Api)."""
    return Routes(list(_routes(template("template.yaml"))))


def _routes(document: dict[str, Any]) -> Iterator[TemplateRoute]:
    defaults = document.get("Globals", {}).get("Function", {})
    for name, resource in document["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = {**defaults, **resource["Properties"]}
        function = Function(
            name=name,
            handler=properties["Handler"],
            timeout_seconds=int(properties.get("Timeout", _DEFAULT_TIMEOUT)),
            memory_mb=int(properties.get("MemorySize", _DEFAULT_MEMORY)),
        )
        for event in properties.get("Events", {}).values():
            if event["Type"] == "Api":
                yield TemplateRoute(event["Properties"]["Method"].upper(), event["Properties"]["Path"], function)


_LITERAL, _PARAMETER, _GREEDY = range(3)


def _fit(template: str, path: str) -> tuple[list[int], dict[str, str]] | None:
    """The rank of each segment of the template for that path, and the parameters; None when it does not match."""
    given = path.split("/")[1:]
    ranks: list[int] = []
    parameters: dict[str, str] = {}
    wanted = template.split("/")[1:]
    for position, segment in enumerate(wanted):
        rest = given[position:]
        if segment.endswith("+}"):
            return ([*ranks, _GREEDY], {**parameters, segment[1:-2]: "/".join(rest)}) if any(rest) else None
        if not rest:
            return None
        if segment.startswith("{"):
            if not rest[0]:
                return None
            parameters[segment[1:-1]] = rest[0]
            ranks.append(_PARAMETER)
        elif segment == rest[0]:
            ranks.append(_LITERAL)
        else:
            return None
    return (ranks, parameters) if len(given) == len(wanted) else None
