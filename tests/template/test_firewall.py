"""Who may send requests at all: an allow-list of addresses, a web application firewall; both are off by default."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from support.in_process import OF_EVERY_ANSWER
from support.stack_template import PARAMETERS, RESOURCES, TEMPLATE, of_type, translated

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


def test_everybody_may_send_requests_unless_addresses_are_listed() -> None:
    allow, deny = POLICY["Statement"]
    condition, denied, nothing = deny["Fn::If"]

    assert (allow["Effect"], allow["Principal"]) == ("Allow", "*")
    assert PARAMETERS["AllowedIpRanges"]["Default"] == ""
    assert TEMPLATE["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedIpRanges"}, ""]}]}
    assert nothing == {"Ref": "AWS::NoValue"}
    assert (denied["Effect"], denied["Principal"], denied["Resource"]) == ("Deny", "*", "execute-api:/*")


def test_the_addresses_reach_the_policy_as_a_list() -> None:
    template = RESOURCES["Api"]["Properties"]["Auth"]["ResourcePolicy"]["CustomStatements"][1]["Fn::If"][1]

    # SAM puts a parameter's text into the policy, so that a parameter that is a list already would arrive as one text.
    assert PARAMETERS["AllowedIpRanges"]["Type"] == "String"
    assert template["Condition"]["NotIpAddress"]["aws:SourceIp"] == {"Fn::Split": [",", {"Ref": "AllowedIpRanges"}]}


def test_a_request_from_another_address_is_told_so_in_scim() -> None:
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
def test_address_ranges_are_checked_before_anything_is_deployed(text: str, accepted: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["AllowedIpRanges"]["AllowedPattern"], text)) is accepted


def test_there_is_no_firewall_unless_one_is_asked_for() -> None:
    assert PARAMETERS["EnableWaf"]["Default"] == "false"
    assert RESOURCES["WebAcl"]["Condition"] == RESOURCES["WebAclAssociation"]["Condition"] == "CreatesWebAcl"
    assert RESOURCES["ExistingWebAclAssociation"]["Condition"] == "HasWebAclArn"
    assert TEMPLATE["Rules"]["OneFirewallOnly"]


def test_a_firewall_stands_before_the_stage_that_serves() -> None:
    for association in of_type("AWS::WAFv2::WebACLAssociation").values():
        assert association["ResourceArn"]["Fn::Sub"].endswith("::/restapis/${Api}/stages/${ApiliveStage}")


def test_one_address_that_sends_too_much_is_told_in_scim_to_wait() -> None:
    limit = FLOOD["Statement"]["RateBasedStatement"]
    answer = FLOOD["Action"]["Block"]["CustomResponse"]
    body = json.loads(WEB_ACL["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])

    assert (limit["AggregateKeyType"], limit["Limit"]) == ("IP", {"Ref": "WafRequestsPerAddress"})
    assert (answer["ResponseCode"], body["status"]) == (429, "429")
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
    assert int(headers.pop("Retry-After")) > 0
    assert headers == OF_EVERY_ANSWER


def test_what_an_identity_provider_is_asked_to_reach_stays_below_the_limit() -> None:
    requests_per_second_that_microsoft_asks_for = 25

    of_five_minutes = (
        requests_per_second_that_microsoft_asks_for
        * WEB_ACL["Rules"][0]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"]
    )
    assert PARAMETERS["WafRequestsPerAddress"]["Default"] >= of_five_minutes


def test_no_rule_blocks_what_scim_is_made_of() -> None:
    group = COMMON["Statement"]["ManagedRuleGroupStatement"]
    counted = {rule["Name"] for rule in group["RuleActionOverrides"] if rule["ActionToUse"] == {"Count": {}}}

    assert group["Name"] == "AWSManagedRulesCommonRuleSet"
    assert counted == {"NoUserAgent_HEADER", *filter(QUERY_AND_BODY.search, COMMON_RULES)}


def test_no_sample_of_a_request_keeps_a_connector_key() -> None:
    visible = [WEB_ACL["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in WEB_ACL["Rules"])]

    assert not any(config["SampledRequestsEnabled"] for config in visible)
