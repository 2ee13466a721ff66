"""How a new version gets its traffic: tried first, a tenth of it in prod, and back when an alarm rings."""

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
"""Properties of a function that may change without a new version. (The code is a parameter of nobody.)"""
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
    """The parameters that a value depends on, through conditions as well."""
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
    """A role's own statements by their Sid; of those that depend on a parameter, the one that is there with it."""
    (policy,) = of_type("AWS::IAM::Role")[role]["Policies"]
    found = [statement.get("Fn::If", [None, statement])[1] for statement in policy["PolicyDocument"]["Statement"]]
    return {statement["Sid"]: statement for statement in found}


@each
def test_the_api_calls_the_alias_and_not_what_was_last_uploaded(name: str) -> None:
    integrations = json.dumps(translated()["Api"]["Properties"]["Body"])

    assert f"${{{name}Aliaslive}}/invocations" in integrations
    assert f"${{{name}.Arn}}/invocations" not in integrations


def test_functions_that_serve_no_requests_have_no_alias() -> None:
    assert set(of_type("AWS::Lambda::Alias")) == {f"{name}Aliaslive" for name in OF_THE_API}


@each
def test_in_prod_a_tenth_of_the_traffic_goes_first_and_in_dev_all_at_once(name: str) -> None:
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
def test_a_rollout_is_taken_back_when_an_alarm_rings_and_a_repair_need_not_ask_the_alarms(name: str) -> None:
    condition, gradually, at_once = group(name)["AlarmConfiguration"]["Fn::If"]
    alarms = {alarm["Name"]["Ref"] for alarm in gradually["Alarms"]}

    assert (condition, gradually["Enabled"], at_once) == ("ShiftsGradually", True, {})
    assert alarms == {"ReleaseErrorsAlarm", "FunctionErrors"}
    # A nested stack gives no names before it is complete.
    assert all(TEMPLATE["Resources"][alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms)
    assert "DEPLOYMENT_STOP_ON_ALARM" in group(name)["AutoRollbackConfiguration"]["Events"]


@each
def test_no_version_gets_traffic_before_the_hook_has_tried_it(name: str) -> None:
    update = alias(name)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]

    assert update["BeforeAllowTrafficHook"] == {"Ref": "PreTraffic"}
    assert update["DeploymentGroupName"] == {"Ref": f"{name}DeploymentGroup"}


def test_the_hook_is_told_the_versions_that_the_aliases_are_to_lead_to() -> None:
    told = of_type("AWS::Lambda::Function")["PreTraffic"]["Environment"]["Variables"]["NEW_VERSIONS"]["Fn::Sub"]

    assert json.loads(told) == {name: f"${{{version(name)}}}" for name in OF_THE_API}


def test_the_account_of_the_hook_has_its_key_before_the_hook_is_asked() -> None:
    assert translated()["PreTraffic"]["DependsOn"] == "ReleaseCheckKey"
    assert RESOURCES["ReleaseCheckKey"]["Properties"]["Account"] == RELEASE_CHECK_ACCOUNT
    assert RESOURCES["ReleaseCheckSecret"]["Properties"]["Name"] == {
        "Fn::Sub": f"${{AWS::StackName}}/connectors/{RELEASE_CHECK_ACCOUNT}"
    }


@each
def test_a_changed_parameter_publishes_a_version_if_and_only_if_it_changes_what_a_version_is(name: str) -> None:
    function = of_type("AWS::Lambda::Function")[name]
    described: str = of_type("AWS::Lambda::Version")[version(name)]["Description"]["Fn::Sub"]

    versioned = {key: value for key, value in function.items() if key not in NOT_VERSIONED}
    depends_on = set(parameters_in(versioned)) & PARAMETERS.keys() - FOR_SAM_LOCAL
    assert {"LogLevel", "DomainName"} <= depends_on
    assert sorted(re.findall(r"\$\{(\w+)\}", described)) == sorted(depends_on)


def test_the_description_of_a_version_has_room_for_the_longest_parameters() -> None:
    described: str = RESOURCES["CreateUser"]["Properties"]["VersionDescription"]["Fn::Sub"]

    longest = described
    for name in re.findall(r"\$\{(\w+)\}", described):
        parameter = PARAMETERS[name]
        values = parameter.get("AllowedValues") or ["x" * parameter["MaxLength"]]
        longest = longest.replace(f"${{{name}}}", max(values, key=len))
    assert len(longest) <= 256


def test_a_changed_function_publishes_a_version_whatever_of_it_has_changed() -> None:
    assert all(RESOURCES[name]["Properties"]["AutoPublishAliasAllProperties"] is True for name in OF_THE_API)


def test_the_hook_may_call_versions_of_the_apis_functions_and_nothing_else() -> None:
    call = statements("PreTrafficRole")["CallVersions"]

    assert call["Action"] == "lambda:InvokeFunction"
    assert call["Resource"] == [{"Fn::Sub": f"${{{name}.Arn}}:*"} for name in OF_THE_API]


def test_the_hook_may_speak_about_deployments_of_this_stack_and_read_the_key_of_its_account() -> None:
    found = statements("PreTrafficRole")

    assert found["ReportToCodeDeploy"]["Action"] == "codedeploy:PutLifecycleEventHookExecutionStatus"
    assert found["ReportToCodeDeploy"]["Resource"]["Fn::Sub"].endswith(
        ":deploymentgroup:${ServerlessDeploymentApplication}/*"
    )
    assert found["ReadConnectorKey"]["Action"] == "secretsmanager:GetSecretValue"
    assert found["ReadConnectorKey"]["Resource"] == {"Ref": "ReleaseCheckSecret"}


def test_codedeploy_may_move_the_aliases_of_the_api_and_ask_the_hook() -> None:
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


def test_the_rollouts_alarm_counts_what_the_gateway_of_this_stack_answers_with_5xx() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["ReleaseErrorsAlarm"]
    failed, failures, requests = alarm["Metrics"]

    assert failed["Expression"] == "IF(failures >= 3, 100 * failures / requests, 0)"
    assert failures["MetricStat"]["Metric"]["MetricName"] == "5XXError"
    assert requests["MetricStat"]["Metric"]["MetricName"] == "Count"
    for metric in (failures, requests):
        assert metric["MetricStat"]["Metric"]["Namespace"] == "AWS/ApiGateway"
        assert metric["MetricStat"]["Metric"]["Dimensions"] == [
            {"Name": "ApiName", "Value": RESOURCES["Api"]["Properties"]["Name"]},
            {"Name": "Stage", "Value": RESOURCES["Api"]["Properties"]["StageName"]},
        ]


def test_every_function_is_either_released_gradually_or_says_that_it_is_not() -> None:
    others = [name for name in FUNCTIONS if name not in OF_THE_API]
    in_this_stack = [name for name in others if name in TEMPLATE["Resources"]]

    assert all(RESOURCES[name]["Properties"]["DeploymentPreference"] == {"Enabled": False} for name in in_this_stack)
