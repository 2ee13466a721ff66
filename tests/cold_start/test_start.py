"""The work of a function before its first request."""

from __future__ import annotations

from importlib.metadata import version

import botocore
import pytest
from botocore.exceptions import NoRegionError
from moto import mock_aws

from adapters import aws
from adapters.aws import Clients
from adapters.clock import RESERVE_SECONDS
from adapters.environment import InvalidEnvironment
from handlers import get_user
from handlers.service import Service
from support.lambda_context import LambdaContext
from support.stack_template import of_type

PREFIX = "test/connectors/"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A function's environment on Lambda."""
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": PREFIX,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_clients_are_made_while_the_function_starts(environment: pytest.MonkeyPatch) -> None:
    service = Service.from_env()
    service.open_table()

    environment.delenv("AWS_DEFAULT_REGION")
    assert service.open_table().client.meta.region_name == "eu-central-1"


def test_a_function_that_reads_no_users_makes_no_client_of_dynamodb(environment: pytest.MonkeyPatch) -> None:
    service = Service.from_env()

    environment.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NoRegionError):
        service.open_table()


def test_a_handler_outside_lambda_serves_only_when_it_is_bound_to_a_service() -> None:
    with pytest.raises(RuntimeError, match="bound_to"):
        get_user.handler({}, LambdaContext())


def test_a_function_without_its_environment_does_not_start(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TABLE_NAME")

    with pytest.raises(InvalidEnvironment, match="TABLE_NAME"):
        Service.from_env()


def test_waiting_for_a_secret_leaves_a_function_time_to_answer() -> None:
    settings = aws.configuration("secretsmanager")
    attempts = settings.retries["total_max_attempts"] * (settings.connect_timeout + settings.read_timeout)  # type: ignore[attr-defined]  # botocore sets the options of a Config dynamically

    shortest = min(function["Timeout"] for function in of_type("AWS::Lambda::Function").values())
    assert attempts <= shortest - RESERVE_SECONDS - 2


def test_the_user_agent_of_aws_calls_is_built_once(environment: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []
    with mock_aws():
        client = Clients().dynamodb
        client.meta.events.register_first(
            "before-send.dynamodb", lambda request, **_: said.append(request.headers["User-Agent"])
        )
        client.list_tables()

    [text] = said  # Powertools adds itself behind it
    assert text.startswith(f"rollcall/{version('rollcall')} botocore/{botocore.__version__}".encode())
    assert b"lang/python" not in text
