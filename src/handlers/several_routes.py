"""A function that serves several routes, each with its own handler: those that need the same permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from handlers.endpoint import Handler, LambdaContext
from handlers.http import Event
from handlers.routes import BASE_PATH, ROUTES
from handlers.service import Service


@dataclass(frozen=True, slots=True)
class SeveralRoutes:
    """A Lambda handler, called with event and context; `handlers` are those of the routes, by method and path."""

    handlers: Mapping[tuple[str, str], Handler]

    @classmethod
    def of(cls, entry: str) -> SeveralRoutes:
        """Return the handler of the function with that entry in `ROUTES`; imports the modules of its routes."""
        return cls(
            {
                (route.method, BASE_PATH + route.path): import_module(f"handlers.{route.module}").handler
                for route in ROUTES
                if route.entry == entry
            }
        )

    def bound_to(self, service: Service) -> SeveralRoutes:
        """Return this handler over that service."""
        return SeveralRoutes({route: handler.bound_to(service) for route, handler in self.handlers.items()})

    def __call__(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        # The gateway passes on the routes of the template and no others.
        return self.handlers[event["httpMethod"], event["resource"]](event, context)
