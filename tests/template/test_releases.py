"""Releases: a new version is tried first, gets a tenth of the traffic in prod, and is rolled back on an alarm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from support.stack_template import FUNCTIONS, OF_THE_API, PARAMETERS, RESOURCES, TEMPLATE, of_type, translated

CONDITIONS: dict[str, Any] = TEMPLATE["Conditions"]
NOT_VERSIONED = {"Code", "LoggingConfig", "ReservedConcurrentExecutions", "Role", "Tags"}
"""Properties of a function that may change without a new version. Its code depends on no parameter."""
FOR_SAM_LOCAL = {"LocalEndpoint"}

each = pytest.mark.parametrize("name", OF_THE_API)


def alias(name: str) -> dict[str, Any]:
    found: dict[str, Any] = translated()[f"{name}Aliaslive"]
    return found


def group(name: str) -> dict[str, Any]:
    return of_type("AWS::CodeDeploy::DeploymentGroup")[f"{name}DeploymentGroup"]


def version(name: str) -> str:
    """The logical id of the version that a function's alias leads to."""
    found: str = alias(name)["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    return found


def parameters_in(value: Any) -> Iterator[str]:
    """The parameters that a value depends on, also through conditions."""
    if isinstance(value, list):
        for item in value:
            yield from parameters_in(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)\}", inner if isinstance(inner, str) else inner[0])
            elif key == "Fn::If":
                yield from parameters_in(CONDITIONS[inner[0]])
                yield from parameters_in(inner[1:])
            elif key == "Condition" and isinstance(inner, str):
                yield from parameters_in(CONDITIONS[inner])
            elif key == "Ref":
                yield inner
            else:
                yield from parameters_in(inner)


def statements(role: str) -> dict[str, dict[str, Any]]:
    """A role's own statements by Sid; for one that depends on a parameter, its value with that parameter."""
    (policy,) = of_type("AWS::IAM::Role")[role]["Policies"]
    found = [statement.get("Fn::If", [None, statement])[1] for statement in policy["PolicyDocument"]["Statement"]]
    return {statement["Sid"]: statement for statement in found}


@each
def test_the_api_invokes_the_alias_and_not_the_latest_version(name: str) -> None:
    integrations = json.dumps(translated()["Api"]["Properties"]["Body"])

    assert f"${{{name}Aliaslive}}/invocations" in integrations
    assert f"${{{name}.Arn}}/invocations" not in integrations


@each
def test_prod_shifts_a_tenth_of_the_traffic_first_and_dev_all_at_once(name: str) -> None:
    condition, gradually, otherwise = group(name)["DeploymentConfigName"]["Fn::If"]

    assert CONDITIONS[condition] == {
        "Fn::And": [
            {"Fn::Equals": [{"Ref": "Environment"}, "prod"]},
            {"Fn::Equals": [{"Ref": "Rollout"}, "gradual"]},
        ]
    }
    assert gradually["Fn::Sub"][1] == {"ConfigName": "Canary10Percent5Minutes"}
    assert otherwise["Fn::Sub"][1] == {"ConfigName": "AllAtOnce"}


@each
def test_a_gradual_rollout_rolls_back_on_an_alarm_and_a_repair_ignores_alarms(name: str) -> None:
    condition, gradually, at_once = group(name)["AlarmConfiguration"]["Fn::If"]
    alarms = {alarm["Name"]["Ref"] for alarm in gradually["Alarms"]}

    assert (condition, gradually["Enabled"], at_once) == ("ShiftsGradually", True, {})
    assert alarms == {"ReleaseErrorsAlarm", "FunctionErrors", "GroupFunctionErrors"}
    # A nested stack gives no names before it is complete.
    assert all(TEMPLATE["Resources"][alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms)
    assert "DEPLOYMENT_STOP_ON_ALARM" in group(name)["AutoRollbackConfiguration"]["Events"]


@each
def test_no_version_gets_traffic_before_the_pre_traffic_hook_has_tried_it(name: str) -> None:
    update = alias(name)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]

    assert update["BeforeAllowTrafficHook"] == {"Ref": "PreTraffic"}
    assert update["DeploymentGroupName"] == {"Ref": f"{name}DeploymentGroup"}


def test_the_pre_traffic_hook_knows_the_version_that_each_alias_will_point_to() -> None:
    versions = of_type("AWS::Lambda::Function")["PreTraffic"]["Environment"]["Variables"]["NEW_VERSIONS"]["Fn::Sub"]

    assert json.loads(versions) == {name: f"${{{version(name)}}}" for name in OF_THE_API}


def test_the_release_check_account_has_its_key_before_the_hook_runs() -> None:
    assert translated()["PreTraffic"]["DependsOn"] == "ReleaseCheckKey"
    assert RESOURCES["ReleaseCheckKey"]["Properties"]["Account"] == RELEASE_CHECK_ACCOUNT
    assert RESOURCES["ReleaseCheckSecret"]["Properties"]["Name"] == {
        "Fn::Sub": f"${{AWS::StackName}}/connectors/{RELEASE_CHECK_ACCOUNT}"
    }


@each
def test_a_parameter_publishes_a_version_exactly_if_the_version_depends_on_it(name: str) -> None:
    function = of_type("AWS::Lambda::Function")[name]
    described: str = of_type("AWS::Lambda::Version")[version(name)]["Description"]["Fn::Sub"]

    versioned = {key: value for key, value in function.items() if key not in NOT_VERSIONED}
    depends_on = set(parameters_in(versioned)) & PARAMETERS.keys() - FOR_SAM_LOCAL
    assert {"LogLevel", "DomainName"} <= depends_on
    assert sorted(re.findall(r"\$\{(\w+)\}", described)) == sorted(depends_on)


def test_the_longest_parameters_fit_into_the_description_of_a_version() -> None:
    described: str = RESOURCES["CreateUser"]["Properties"]["VersionDescription"]["Fn::Sub"]

    longest = described
    for name in re.findall(r"\$\{(\w+)\}", described):
        parameter = PARAMETERS[name]
        values = parameter.get("AllowedValues") or ["x" * parameter["MaxLength"]]
        longest = longest.replace(f"${{{name}}}", max(values, key=len))
    assert len(longest) <= 256


def test_any_change_of_a_function_publishes_a_version() -> None:
    assert all(RESOURCES[name]["Properties"]["AutoPublishAliasAllProperties"] is True for name in OF_THE_API)


def test_the_pre_traffic_hook_can_invoke_only_versions_of_the_apis_functions() -> None:
    call = statements("PreTrafficRole")["CallVersions"]

    assert call["Action"] == "lambda:InvokeFunction"
    assert call["Resource"] == [{"Fn::Sub": f"${{{name}.Arn}}:*"} for name in OF_THE_API]


def test_the_pre_traffic_hook_can_report_on_this_stack_and_read_its_own_key() -> None:
    found = statements("PreTrafficRole")

    assert found["ReportToCodeDeploy"]["Action"] == "codedeploy:PutLifecycleEventHookExecutionStatus"
    assert found["ReportToCodeDeploy"]["Resource"]["Fn::Sub"].endswith(
        ":deploymentgroup:${ServerlessDeploymentApplication}/*"
    )
    assert found["ReadConnectorKey"]["Action"] == "secretsmanager:GetSecretValue"
    assert found["ReadConnectorKey"]["Resource"] == {"Ref": "ReleaseCheckSecret"}


def test_codedeploy_can_only_move_aliases_of_the_api_and_invoke_the_hook() -> None:
    found = statements("ShiftTrafficRole")

    assert not [name for name in translated() if name.startswith("CodeDeployServiceRole")]
    assert all(group(name)["ServiceRoleArn"] == {"Fn::GetAtt": ["ShiftTrafficRole", "Arn"]} for name in OF_THE_API)
    assert set(found["MoveAliases"]["Action"]) == {
        "lambda:GetAlias",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:UpdateAlias",
    }
    moved = {json.dumps(resource) for resource in found["MoveAliases"]["Resource"]}
    assert moved == {
        json.dumps(resource)
        for name in OF_THE_API
        for resource in ({"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}:*"})
    }
    assert found["InvokePreTrafficHook"] == {
        "Sid": "InvokePreTrafficHook",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": {"Fn::GetAtt": ["PreTraffic", "Arn"]},
    }


def test_a_function_outside_the_api_states_that_it_is_not_released_gradually() -> None:
    others = [name for name in FUNCTIONS if name not in OF_THE_API]
    in_this_stack = [name for name in others if name in TEMPLATE["Resources"]]

    assert all(RESOURCES[name]["Properties"]["DeploymentPreference"] == {"Enabled": False} for name in in_this_stack)
