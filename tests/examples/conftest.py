"""One table for the tests of a module; each test that changes users takes an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.application import Application, application


@pytest.fixture(scope="module")
def app() -> Iterator[Application]:
    """An application and its customer acme."""
    with application() as made:
        yield made
