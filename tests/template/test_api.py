"""The REST API: refusals of its own, its access log, and the callers of the functions."""

from __future__ import annotations

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from botocore.session import Session

from adapters.logs.log import Log
from local.sample_events import EXAMPLES, Example, events
from support.access_log import access_line
from support.in_process import OF_EVERY_ANSWER, in_process
from support.lambda_context import LambdaContext
from support.stack_template import OF_THE_API, RESOURCES, SETUP_PAGE, of_type, translated

API: dict[str, Any] = RESOURCES["Api"]["Properties"]
RESPONSES: dict[str, Any] = API["GatewayResponses"]
TYPES = sorted(RESPONSES)
CANNOT_OCCUR = {
    "an authorizer": {"AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "UNAUTHORIZED"},
    "AWS signatures": {"EXPIRED_TOKEN", "INVALID_SIGNATURE"},
    "a usage plan": {"INVALID_API_KEY", "QUOTA_EXCEEDED"},
    "a validator or a mapping": {"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "UNSUPPORTED_MEDIA_TYPE"},
    "a path that leads nowhere": {"RESOURCE_NOT_FOUND"},
}
"""By what the API would have to have (API Gateway Developer Guide, Gateway response types)."""

(STAGE,) = of_type("AWS::ApiGateway::Stage").values()


def test_every_refusal_of_the_gateway_that_can_occur_is_shaped() -> None:
    known = Session().get_service_model("apigateway").shape_for("GatewayResponseType").enum  # type: ignore[attr-defined]  # the shape is one of strings
    cannot_occur = set().union(*CANNOT_OCCUR.values())

    # DEFAULT_5XX answers INTEGRATION_FAILURE as well.
    assert set(RESPONSES) == set(known) - cannot_occur - {"INTEGRATION_FAILURE"}


def test_the_api_has_nothing_that_causes_other_refusals() -> None:
    definition = translated()["Api"]["Properties"]["Body"]
    # Without the set-up page its paths are not there.
    paths = [path.get("Fn::If", ["", path])[1] for path in definition["paths"].values()]
    methods = [method.get("Fn::If", ["", method])[1] for path in paths for method in path.values()]

    assert "securityDefinitions" not in definition
    assert "components" not in definition
    assert not any("security" in method or "x-amazon-apigateway-request-validator" in method for method in methods)
    assert all(method["x-amazon-apigateway-integration"]["type"] == "aws_proxy" for method in methods)
    assert not of_type("AWS::ApiGateway::UsagePlan")
    assert {"/", "/{proxy+}"} <= definition["paths"].keys()


@pytest.mark.parametrize("response_type", TYPES)
def test_a_refusal_of_the_gateway_is_a_scim_error_with_the_headers_of_every_answer(response_type: str) -> None:
    response = RESPONSES[response_type]
    headers = response["ResponseParameters"]["Headers"]
    body = json.loads(response["ResponseTemplates"]["application/json"])

    assert headers["Content-Type"] == "'application/scim+json'"
    assert {name: headers[name] for name in OF_EVERY_ANSWER} == {n: f"'{v}'" for n, v in OF_EVERY_ANSWER.items()}
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert body["status"] == str(response["StatusCode"])
    assert body["detail"].endswith((".", ">"))


@pytest.mark.parametrize(
    ("response_type", "status"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("REQUEST_TOO_LARGE", 413),
        ("THROTTLED", 429),
        ("DEFAULT_5XX", 503),
        ("INTEGRATION_TIMEOUT", 504),
    ],
)
def test_a_refusal_has_the_status_that_a_scim_client_expects(response_type: str, status: int) -> None:
    assert RESPONSES[response_type]["StatusCode"] == status


@pytest.mark.parametrize("response_type", [name for name in TYPES if RESPONSES[name]["StatusCode"] in (429, 503)])
def test_a_refusal_that_can_be_retried_has_a_retry_after(response_type: str) -> None:
    assert re.fullmatch(r"'[1-9]\d*'", RESPONSES[response_type]["ResponseParameters"]["Headers"]["Retry-After"])


def test_the_access_log_is_json_without_anything_personal_or_secret() -> None:
    log_format = STAGE["AccessLogSetting"]["Format"]
    fields = json.loads(log_format)

    assert fields.keys() == {"request_id", "status", "error", "ip", "agent", "route"}
    assert "\n" not in log_format
    named = re.findall(r"\$context\.([\w.]+)", log_format)
    assert len(named) == len(fields) + 1  # the route is a method and a path of the template
    assert not [name for name in named if re.search(r"(?i)query|header|authoriz|body|(?<!resource)path", name)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file_name.removesuffix(".json"))
def test_the_lines_of_gateway_and_function_about_a_request_have_one_id(example: Example) -> None:
    event = events()[example.file_name]
    with in_process(Log.to_output) as service, redirect_stdout(StringIO()) as printed:
        service.handler(example.module)(event, LambdaContext())

    of_gateway = json.loads(access_line(STAGE["AccessLogSetting"]["Format"], event["requestContext"]))
    of_function = json.loads(printed.getvalue().splitlines()[0])
    assert of_function["request_id"] == of_gateway["request_id"] == event["requestContext"]["extendedRequestId"]
    assert of_gateway["ip"] == event["requestContext"]["identity"]["sourceIp"]


@pytest.mark.parametrize("refusal", ["THROTTLED", "WAF_FILTERED", "ACCESS_DENIED", "INTEGRATION_TIMEOUT"])
def test_a_request_that_no_function_answered_is_logged_with_its_address_status_and_error(refusal: str) -> None:
    context = {
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "status": RESPONSES[refusal]["StatusCode"],
        "error": {"responseType": refusal},
        "identity": {"sourceIp": "203.0.113.10", "userAgent": "curl/8.5.0"},
        "httpMethod": "GET",
        "resourcePath": "/scim/v2/Users",
    }

    line = json.loads(access_line(STAGE["AccessLogSetting"]["Format"], context))
    assert (line["ip"], line["status"], line["error"]) == (
        "203.0.113.10",
        str(RESPONSES[refusal]["StatusCode"]),
        refusal,
    )


def test_the_gateway_logs_no_paths_or_bodies() -> None:
    for settings in (API["MethodSettings"][0], *of_the_setup_page(API["MethodSettings"])):
        assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def of_the_setup_page(settings: list[Any]) -> list[Any]:
    """The settings of its methods, which are there only when the page is."""
    chosen = [one["Fn::If"] for one in settings[1:]]
    assert all((condition, off) == ("ServesSetupPage", {"Ref": "AWS::NoValue"}) for condition, _, off in chosen)
    return [on for _, on, _ in chosen]


def test_every_route_of_the_set_up_page_is_throttled_further() -> None:
    events = RESOURCES[SETUP_PAGE]["Properties"]["Events"].values()
    routes = {(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events}
    settings = of_the_setup_page(STAGE["MethodSettings"])

    # API Gateway wants a slash within the path written as ~1.
    assert {(one["HttpMethod"], one["ResourcePath"][1:].replace("~1", "/")) for one in settings} == routes
    assert all(one["ThrottlingRateLimit"] <= 60 and one["ThrottlingBurstLimit"] <= 120 for one in settings)


def test_the_access_log_has_neither_headers_nor_paths_and_so_no_token_of_a_set_up_link() -> None:
    named = set(re.findall(r"\$context\.([\w.]+)", API["AccessLogSetting"]["Format"]))

    assert named == {
        "extendedRequestId",
        "status",
        "error.responseType",
        "identity.sourceIp",
        "identity.userAgent",
        "httpMethod",
        "resourcePath",  # the route, such as /setup/{file}
    }


def test_every_method_is_throttled() -> None:
    settings = STAGE["MethodSettings"][0]

    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "BurstLimit"}


def test_a_custom_domain_is_the_only_way_in() -> None:
    (domain,) = of_type("AWS::ApiGateway::DomainName").values()

    assert API["DisableExecuteApiEndpoint"] == {"Fn::If": ["HasDomainName", True, False]}
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


@pytest.mark.parametrize("resource_type", ["AWS::ApiGateway::RestApi", "AWS::ApiGateway::DomainName"])
def test_tls_older_than_1_2_or_without_forward_secrecy_is_refused(resource_type: str) -> None:
    (found,) = of_type(resource_type).values()

    assert found["SecurityPolicy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    # API Gateway accepts such a policy only with it.
    assert found["EndpointAccessMode"] == "STRICT"


def test_a_changed_parameter_of_the_api_takes_effect_with_the_next_deployment() -> None:
    assert API["AlwaysDeploy"] is True


def test_bodies_arrive_as_text_and_browsers_get_no_cors() -> None:
    assert "BinaryMediaTypes" not in API
    assert "Cors" not in API


def test_only_this_api_may_invoke_the_functions() -> None:
    permissions = [
        one for one in of_type("AWS::Lambda::Permission").values() if one["FunctionName"] != {"Ref": "Watch"}
    ]

    assert {permission["FunctionName"]["Ref"] for permission in permissions} == {
        f"{function}Aliaslive" for function in (*OF_THE_API, SETUP_PAGE)
    }
    for permission in permissions:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"]["Fn::Sub"][1]["__ApiId__"] == {"Ref": "Api"}
