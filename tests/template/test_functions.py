"""What every function has, whatever it does."""

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

OWN_VARIABLES = {
    "Publisher": {"EVENT_BUS_NAME", "EVENT_ISSUER", "EVENT_PERSONAL_DATA"},
    "SettingsWidget": {"LOG_GROUPS", "SCIM_CONNECTOR_BASE_URL", "SETTINGS_REVEAL"},
    "PreTraffic": {"NEW_VERSIONS"},
    "Watch": {"LOG_GROUPS", "LOG_RETENTION_DAYS", "SILENCE_HOURS"},
}
"""What a function is told beside what all are told."""


@each
def test_its_handler_can_be_called(name: str) -> None:
    module, _, attribute = PROPERTIES[name]["Handler"].rpartition(".")

    assert callable(getattr(import_module(module), attribute))


@each
def test_runtime_processor_memory_and_time_are_explicit(name: str) -> None:
    function = PROPERTIES[name]

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert function["MemorySize"] == 512
    assert function["Timeout"] < (SECONDS_OF_API_GATEWAY if name in OF_THE_API else SECONDS_OF_LAMBDA)


@each
def test_its_concurrency_is_bounded_unless_the_operator_reserves_none(name: str) -> None:
    condition, reserved, otherwise = PROPERTIES[name]["ReservedConcurrentExecutions"]["Fn::If"]

    assert condition == "ReservesConcurrency"
    assert reserved in ({"Ref": "ReservedConcurrency"}, 1, 5)
    assert otherwise == {"Ref": "AWS::NoValue"}


@each
def test_it_is_traced_by_lambda_itself(name: str) -> None:
    assert PROPERTIES[name]["TracingConfig"] == {"Mode": "Active"}


@each
def test_it_has_a_log_group_of_its_own_with_a_retention(name: str) -> None:
    logging = PROPERTIES[name]["LoggingConfig"]
    group = RESOURCES[f"{name}Log"]["Properties"]

    assert logging == {"LogFormat": "JSON", "LogGroup": {"Ref": f"{name}Log"}}
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}/{name}"}
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@each
def test_it_has_a_role_of_its_own(name: str) -> None:
    assert PROPERTIES[name]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


@each
def test_its_environment_names_things_and_holds_no_secret(name: str) -> None:
    variables: dict[str, Any] = PROPERTIES[name]["Environment"]["Variables"]

    assert "resolve:secretsmanager" not in str(variables)
    assert variables.keys() - OWN_VARIABLES.get(name, set()) == {
        "AWS_ENDPOINT_URL",
        "BASE_URL",
        "CONNECTOR_SECRET_PREFIX",
        "ENVIRONMENT",
        "LOG_PERSONAL_DATA",
        "POWERTOOLS_LOG_LEVEL",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_SERVICE_NAME",
        "TABLE_NAME",
    }


def test_the_settings_page_knows_the_base_url_and_the_logs_of_every_function_of_the_api() -> None:
    variables = PROPERTIES["SettingsWidget"]["Environment"]["Variables"]

    assert variables["SCIM_CONNECTOR_BASE_URL"] == TEMPLATE["Outputs"]["ScimConnectorBaseUrl"]["Value"]
    assert variables["LOG_GROUPS"] == {"Fn::Join": [",", [{"Ref": f"{name}Log"} for name in OF_THE_API]]}


@each
def test_a_deployment_reaches_aws_and_not_a_stand_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = PROPERTIES[name]["Environment"]["Variables"]

    assert variables["AWS_ENDPOINT_URL"] == {"Ref": "LocalEndpoint"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", PARAMETERS["LocalEndpoint"]["Default"])
    for service in ("dynamodb", "secretsmanager"):
        made = Session().create_client(service, "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
        assert made.meta.endpoint_url == f"https://{service}.eu-central-1.amazonaws.com"


@each
def test_all_are_built_from_one_source_in_one_way(name: str) -> None:
    assert "CodeUri" not in RESOURCES[name]["Properties"]
    assert RESOURCES[name]["Metadata"] == {
        "BuildMethod": "makefile",
        "ContextPath": {"Fn::Sub": "artifact/${Architecture}"},
    }
