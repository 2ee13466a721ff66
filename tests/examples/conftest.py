"""One table for the tests of a module; each test that changes users takes an account of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.application import Application, application
from support.typescript import compiled


@pytest.fixture(scope="module")
def app() -> Iterator[Application]:
    """An application and its customer acme."""
    with application() as made:
        yield made


@pytest.fixture(scope="session")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of examples/typescript, compiled."""
    return compiled(tmp_path_factory.mktemp("typescript"))
