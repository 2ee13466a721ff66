"""The API's routes lead where `handlers.routes` says, and every other request leads to Unrouted."""

from __future__ import annotations

import pytest

from handlers.routes import BASE_PATH, ROUTES, SETUP_PATH
from local.template_routes import load_routes

FOUND = {(route.method, route.path): route.function.handler for route in load_routes().routes}
UNROUTED = "handlers.unrouted.handler"


def test_every_route_of_the_handlers_is_one_of_the_api_and_no_other() -> None:
    expected = {(route.method, BASE_PATH + route.path): f"handlers.{route.entry}.handler" for route in ROUTES}
    of_people = [("GET", SETUP_PATH), ("GET", SETUP_PATH + "/{file}"), ("POST", SETUP_PATH + "/{file}")]
    expected |= dict.fromkeys(of_people, "handlers.setup.page.handler")

    assert {key: handler for key, handler in FOUND.items() if handler != UNROUTED} == expected


@pytest.mark.parametrize("path", sorted({BASE_PATH + route.path for route in ROUTES}))
def test_a_wrong_method_is_answered_by_us_and_not_by_the_gateway(path: str) -> None:
    assert FOUND["ANY", path] == UNROUTED


@pytest.mark.parametrize("path", ["/", "/{proxy+}", BASE_PATH, BASE_PATH + "/{proxy+}"])
def test_an_unknown_path_is_answered_by_us_and_not_by_the_gateway(path: str) -> None:
    assert FOUND["ANY", path] == UNROUTED
