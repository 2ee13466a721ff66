"""What the tests of the whole stack share: the functions after a life in which each did everything that it does."""

from __future__ import annotations

import pytest

from support.every_operation import live
from support.functions_under_roles import FunctionsUnderRoles, functions_under_roles


@pytest.fixture(scope="session")
def lived() -> FunctionsUnderRoles:
    """The functions, with every call that they made. They have ended: moto takes the place of AWS until then."""
    with functions_under_roles() as functions:
        live(functions)
    return functions
