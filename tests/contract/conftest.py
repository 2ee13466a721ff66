"""The service over HTTP: the local gateway, the routes of template.yaml, the handlers, DynamoDB and Secrets Manager.

On moto, and where that is asked for on DynamoDB Local, behind `sam local start-api` in the Lambda runtime, and as the
whole stack deployed to an emulator of AWS. Every test has an account of its own, so none sees another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from adapters import aws
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from handlers.service import Service
from local.service import TABLE_NAME, LocalService
from support import engines
from support.emulated_stack import Stack
from support.group_client import GroupClient
from support.in_process import TwinTable, over_table
from support.sam_api import SamApi
from support.scim_http import ScimClient

ENGINES = ["moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]


SAM_LOCAL = pytest.param("sam-local", marks=[pytest.mark.sam_local, pytest.mark.timeout(300)])
EMULATED = pytest.param("emulated", marks=[pytest.mark.prove, pytest.mark.timeout(300)])
WITH_A_GATEWAY = {
    "test_answers",
    "test_bulk",
    "test_conditional_requests",
    "test_groups_of_entra_id",
    "test_groups_of_jumpcloud",
    "test_groups_of_okta",
    "test_wire_requests",
}
"""The part of the suite that a real gateway and runtime can affect: every route, method, header and status.

The other modules look into the process that serves, need many threads, or send bodies that the SAM CLI does not hand
on (it decodes them as UTF-8, and takes none of several megabytes).
"""

EMULATED_TOO = {"test_bad_input", "test_isolation", "test_isolation_matrix", "test_what_identity_providers_force"}
"""What else is asked of the whole stack: bodies and paths of every kind, and isolation with its keys and its table."""

_NO_BYTES = "the emulator's gateway puts U+FFFD in the place of what is not UTF-8 (on AWS not tried)"
DEVIATIONS = {
    ("test_bad_input", "byte-order-mark-of-utf-16"): _NO_BYTES,
    ("test_bad_input", "invalid-utf-8"): _NO_BYTES,
    ("test_bad_input", "latin-1"): _NO_BYTES,
}
"""What the emulator does in another way, by module and case. Each has to fail, so the list is no longer than needed."""

NO_STORAGE = {"test_authentication", "test_bad_input", "test_groups_bad_input"}
"""What is decided before the table is asked, so that another engine would answer nothing else."""

TWIN = "twin"
"""The service over the in-memory twin of the table, which does what the table does (`tests/storage` asks both the same)
and costs least: for hundreds of requests about bodies, of which other tests store each kind in the table.
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The services that a test is for, unless it names them itself."""
    if "service" in metafunc.fixturenames and not any(
        "service" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")
    ):
        module = metafunc.definition.path.stem
        engines = ENGINES[:1] if module in NO_STORAGE else ENGINES
        if module in WITH_A_GATEWAY:
            engines = [*ENGINES, SAM_LOCAL, EMULATED]
        elif module in EMULATED_TOO:
            engines = [*engines, EMULATED]
        metafunc.parametrize("service", engines, indirect=True, scope="module")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Expect of the emulator what `DEVIATIONS` has."""
    case = getattr(item, "callspec", None)
    if case is not None and case.params.get("service") == "emulated":
        why = DEVIATIONS.get((item.path.stem, str(case.params.get("name"))))
        if why is not None:
            item.add_marker(pytest.mark.xfail(reason=why))


# Of a module and no longer: what runs afterwards in this process may want a moto of its own.
@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest) -> Iterator[LocalService | SamApi | Stack]:
    """The running service."""
    if request.param == "sam-local":
        yield request.getfixturevalue("sam_api")
        return
    if request.param == "emulated":
        yield request.getfixturevalue("stack")
        return
    if request.param == "moto":
        with LocalService() as running:
            yield running
        return
    if request.param == TWIN:
        over = Service.over
        with (
            patch.object(Service, "over", lambda *parts: over_table(over(*parts), TwinTable())),
            LocalService() as running,
        ):
            yield running
        return
    endpoint = request.getfixturevalue("dynamodb_local")
    with (
        engines.table_named(engines.new_client(endpoint), TABLE_NAME),
        patch.object(aws, "_READ_SECONDS", engines.SECONDS_TO_ANSWER),
        LocalService(dynamodb_endpoint=endpoint) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def new_client(service: LocalService | Stack) -> Callable[..., ScimClient]:
    """Makes clients of fresh accounts with the given settings."""

    def made(**settings: Any) -> ScimClient:
        key = service.new_account()
        if settings:
            service.accounts.configure(key.account, **settings)
        host = service.host if isinstance(service, Stack) else None
        return ScimClient(service.base_url, key.text, host=host, strict=settings.get("mode") == "strict")

    return made


@pytest.fixture
def client(new_client: Callable[..., ScimClient]) -> ScimClient:
    """A client of a fresh account, which may send so much that no test is refused for being fast."""
    return new_client(rate=Rate(MAX_REQUESTS_PER_SECOND))


@pytest.fixture
def groups(service: LocalService, client: ScimClient) -> GroupClient:
    """The groups of the client's account, which may have some; `client` and `groups.scim` are the same."""
    service.accounts.configure(client.key.split("_")[1], groups=True)
    return GroupClient(client)


@pytest.fixture
def strict_groups(service: LocalService, groups: GroupClient) -> GroupClient:
    """The same in mode `strict`."""
    service.accounts.configure(groups.scim.key.split("_")[1], mode="strict")
    return GroupClient(replace(groups.scim, strict=True))
