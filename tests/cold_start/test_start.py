"""What a function has done before its first request."""

from __future__ import annotations

from collections.abc import Iterator

import botocore
import pytest
from botocore.exceptions import NoRegionError
from moto import mock_aws

from adapters import aws
from adapters.clock import RESERVE_SECONDS
from adapters.runtime import RUNTIME
from support.stack_template import of_type

PREFIX = "test/connectors/"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A function's environment on Lambda, and nothing made in it yet."""
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": PREFIX,
    }.items():
        monkeypatch.setenv(name, value)
    aws.forget()
    RUNTIME.forget()
    yield monkeypatch
    aws.forget()
    RUNTIME.forget()


def test_clients_are_made_while_the_function_starts(environment: pytest.MonkeyPatch) -> None:
    RUNTIME.warm()

    environment.delenv("AWS_DEFAULT_REGION")
    assert RUNTIME.table.client.meta.region_name == "eu-central-1"
    assert aws.client("secretsmanager").meta.region_name == "eu-central-1"


def test_a_function_that_reads_no_users_makes_no_client_of_dynamodb(environment: pytest.MonkeyPatch) -> None:
    RUNTIME.warm(table=False)

    environment.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NoRegionError):
        _ = RUNTIME.table


def test_elsewhere_nothing_is_made_before_it_is_used(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_LAMBDA_FUNCTION_NAME")

    RUNTIME.warm()

    environment.setenv("TABLE_NAME", "chosen later")
    assert RUNTIME.table.table_name == "chosen later"


def test_a_function_without_its_environment_does_not_start(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TABLE_NAME")

    with pytest.raises(RuntimeError, match="TABLE_NAME"):
        RUNTIME.warm()


def test_waiting_for_a_secret_leaves_a_function_time_to_answer() -> None:
    told = aws.configuration("secretsmanager")
    attempts = told.retries["total_max_attempts"] * (told.connect_timeout + told.read_timeout)

    shortest = min(function["Timeout"] for function in of_type("AWS::Lambda::Function").values())
    assert attempts <= shortest - RESERVE_SECONDS - 2


def test_a_call_says_who_makes_it_in_a_text_that_is_not_made_for_each(environment: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []
    with mock_aws():
        client = aws.client("dynamodb")
        client.meta.events.register_first(
            "before-send.dynamodb", lambda request, **_: said.append(request.headers["User-Agent"])
        )
        client.list_tables()

    [text] = said  # Powertools adds itself behind it
    assert text.startswith(f"rollcall botocore/{botocore.__version__}".encode())
    assert b"lang/python" not in text
