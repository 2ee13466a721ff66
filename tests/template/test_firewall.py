"""Access to the API: an allow-list of addresses and a web application firewall, both off by default."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from support.in_process import OF_EVERY_ANSWER
from support.stack_template import PARAMETERS, RESOURCES, TEMPLATE, translated

POLICY: dict[str, Any] = translated()["Api"]["Properties"]["Body"]["x-amazon-apigateway-policy"]
WEB_ACL: dict[str, Any] = RESOURCES["WebAcl"]["Properties"]
FLOOD, COMMON = WEB_ACL["Rules"]

QUERY_AND_BODY = re.compile(r"_(BODY|QUERYARGUMENTS|QUERYSTRING)$")
COMMON_RULES = {
    *("NoUserAgent_HEADER", "UserAgent_BadBots_HEADER"),
    *("SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER"),
    *("SizeRestrictions_BODY", "SizeRestrictions_URIPATH"),
    *("EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_COOKIE", "EC2MetaDataSSRF_URIPATH", "EC2MetaDataSSRF_QUERYARGUMENTS"),
    *("GenericLFI_QUERYARGUMENTS", "GenericLFI_URIPATH", "GenericLFI_BODY"),
    *("RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS"),
    *("GenericRFI_QUERYARGUMENTS", "GenericRFI_BODY", "GenericRFI_URIPATH"),
    *("CrossSiteScripting_COOKIE", "CrossSiteScripting_QUERYARGUMENTS"),
    *("CrossSiteScripting_BODY", "CrossSiteScripting_URIPATH"),
}
"""https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html"""


def test_every_address_is_admitted_unless_some_are_listed() -> None:
    allow, deny = POLICY["Statement"]
    condition, denied, nothing = deny["Fn::If"]

    assert (allow["Effect"], allow["Principal"]) == ("Allow", "*")
    assert TEMPLATE["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedIpRanges"}, ""]}]}
    assert nothing == {"Ref": "AWS::NoValue"}
    assert (denied["Effect"], denied["Principal"], denied["Resource"]) == ("Deny", "*", "execute-api:/*")


def test_the_listed_addresses_reach_the_policy_as_a_list() -> None:
    template = RESOURCES["Api"]["Properties"]["Auth"]["ResourcePolicy"]["CustomStatements"][1]["Fn::If"][1]

    # SAM copies a parameter's text into the policy: a parameter of a list type would arrive as one text.
    assert PARAMETERS["AllowedIpRanges"]["Type"] == "String"
    assert template["Condition"]["NotIpAddress"]["aws:SourceIp"] == {"Fn::Split": [",", {"Ref": "AllowedIpRanges"}]}


def test_a_request_from_another_address_gets_a_scim_error() -> None:
    refusal = RESOURCES["Api"]["Properties"]["GatewayResponses"]["ACCESS_DENIED"]
    body = json.loads(refusal["ResponseTemplates"]["application/json"])

    assert refusal["StatusCode"] == 403
    assert "AllowedIpRanges" in body["detail"]


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", True),
        ("192.0.2.0/24", True),
        ("192.0.2.0/24,198.51.100.7/32,2001:db8::/32", True),
        ("192.0.2.1", False),
        ("192.0.2.0/24, 198.51.100.7/32", False),
        ("0.0.0.0/0,", False),
        ("everybody", False),
    ],
)
def test_address_ranges_are_checked_before_a_deployment(text: str, accepted: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["AllowedIpRanges"]["AllowedPattern"], text)) is accepted


def test_an_address_that_sends_too_much_gets_a_scim_error_with_retry_after() -> None:
    limit = FLOOD["Statement"]["RateBasedStatement"]
    answer = FLOOD["Action"]["Block"]["CustomResponse"]
    body = json.loads(WEB_ACL["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])

    assert (limit["AggregateKeyType"], limit["Limit"]) == ("IP", {"Ref": "WafRequestsPerAddress"})
    assert (answer["ResponseCode"], body["status"]) == (429, "429")
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
    assert int(headers.pop("Retry-After")) > 0
    assert headers == OF_EVERY_ANSWER


def test_the_rate_that_entra_id_requires_stays_below_the_limit() -> None:
    requests_per_second = 25

    of_five_minutes = (
        requests_per_second * WEB_ACL["Rules"][0]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"]
    )
    assert PARAMETERS["WafRequestsPerAddress"]["Default"] >= of_five_minutes


def test_no_managed_rule_blocks_legitimate_scim_requests() -> None:
    group = COMMON["Statement"]["ManagedRuleGroupStatement"]
    counted = {rule["Name"] for rule in group["RuleActionOverrides"] if rule["ActionToUse"] == {"Count": {}}}

    assert group["Name"] == "AWSManagedRulesCommonRuleSet"
    assert counted == {"NoUserAgent_HEADER", *filter(QUERY_AND_BODY.search, COMMON_RULES)}


def test_no_sampled_request_can_hold_a_connector_key() -> None:
    visible = [WEB_ACL["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in WEB_ACL["Rules"])]

    assert not any(config["SampledRequestsEnabled"] for config in visible)
