"""What every function has: a handler, bounds, a log that forgets, an environment without secrets, the one artifact."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from botocore.session import Session

from support.stack_template import FUNCTIONS, OF_THE_API, PARAMETERS, RESOURCES, TEMPLATE, of_type

SECONDS_OF_API_GATEWAY = 29
SECONDS_OF_LAMBDA = 900

PROPERTIES = of_type("AWS::Lambda::Function")
each = pytest.mark.parametrize("name", FUNCTIONS)


def variables(name: str) -> dict[str, Any]:
    found: dict[str, Any] = PROPERTIES[name]["Environment"]["Variables"]
    return found


@each
def test_its_handler_can_be_called(name: str) -> None:
    module, _, attribute = PROPERTIES[name]["Handler"].rpartition(".")

    assert callable(getattr(import_module(module), attribute))


@each
def test_its_time_ends_before_its_caller_gives_up(name: str) -> None:
    assert PROPERTIES[name]["Timeout"] < (SECONDS_OF_API_GATEWAY if name in OF_THE_API else SECONDS_OF_LAMBDA)


@each
def test_its_concurrency_is_bounded_unless_the_operator_reserves_none(name: str) -> None:
    condition, reserved, otherwise = PROPERTIES[name]["ReservedConcurrentExecutions"]["Fn::If"]

    assert condition == "ReservesConcurrency"
    assert reserved in ({"Ref": "ReservedConcurrency"}, 1, 5)
    assert otherwise == {"Ref": "AWS::NoValue"}


@each
def test_its_log_has_a_retention_and_a_name_below_that_of_the_stack(name: str) -> None:
    logging = PROPERTIES[name]["LoggingConfig"]
    group = RESOURCES[logging["LogGroup"]["Ref"]]["Properties"]

    # No level: Lambda would drop metrics and requests with the messages below it.
    assert logging.keys() == {"LogFormat", "LogGroup"}
    assert logging["LogFormat"] == "JSON"
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert group["LogGroupName"]["Fn::Sub"].startswith("/aws/lambda/${AWS::StackName}/")


def test_functions_of_the_api_share_a_log_and_every_other_function_has_its_own() -> None:
    logs = [PROPERTIES[name]["LoggingConfig"]["LogGroup"]["Ref"] for name in FUNCTIONS if name not in OF_THE_API]

    assert {PROPERTIES[name]["LoggingConfig"]["LogGroup"]["Ref"] for name in OF_THE_API} == {"RequestsLog"}
    assert len({"RequestsLog", *logs}) == 1 + len(logs)


@each
def test_its_environment_holds_no_secret(name: str) -> None:
    assert "resolve:secretsmanager" not in str(variables(name))
    assert not [variable for variable in variables(name) if variable.endswith(("_KEY", "_TOKEN", "_PASSWORD"))]


def test_the_settings_page_knows_the_base_url_of_the_outputs() -> None:
    assert (
        variables("SettingsWidget")["SCIM_CONNECTOR_BASE_URL"] == TEMPLATE["Outputs"]["ScimConnectorBaseUrl"]["Value"]
    )


@pytest.mark.parametrize("name", ["SettingsWidget", "Watch"])
def test_a_function_that_reads_logs_reads_that_of_requests(name: str) -> None:
    assert variables(name)["LOG_GROUPS"] == {"Ref": "RequestsLog"}


@pytest.mark.parametrize("name", ["SettingsWidget", "Watch"])
def test_a_line_that_is_counted_or_an_audit_is_written_at_every_log_level(name: str) -> None:
    assert variables(name)["POWERTOOLS_LOG_LEVEL"] == "INFO"


@each
def test_a_deployment_reaches_aws_and_not_a_stand_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert variables(name)["AWS_ENDPOINT_URL"] == {"Ref": "LocalEndpoint"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", PARAMETERS["LocalEndpoint"]["Default"])
    for service in ("dynamodb", "secretsmanager"):
        made = Session().create_client(service, "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
        assert made.meta.endpoint_url == f"https://{service}.eu-central-1.amazonaws.com"
