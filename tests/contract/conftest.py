"""The service over HTTP: the local gateway, the routes of template.yaml, the handlers, DynamoDB and Secrets Manager.

On moto, and on DynamoDB Local where that is asked for. Every test has an account of its own, so none sees another's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from cli.local_service import LocalService
from contract.scim_http import ScimClient
from storage import engines

ENGINES = ["moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]


# Of a module and no longer: what runs afterwards in this process may want a moto of its own.
@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest) -> Iterator[LocalService]:
    """The running service."""
    if request.param == "moto":
        endpoint = nullcontext(None)
    elif (why_not := engines.missing()) is not None:
        pytest.skip(why_not)
    else:
        endpoint = engines.dynamodb_local()
    with endpoint as dynamodb_endpoint, LocalService(dynamodb_endpoint=dynamodb_endpoint) as running:
        yield running


@pytest.fixture
def client(service: LocalService) -> ScimClient:
    """A client of a fresh account."""
    return ScimClient(service.base_url, service.new_account().text)
