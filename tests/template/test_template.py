"""The templates as a whole: length, quotas, parameters, outputs, and nothing of one deployment."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from handlers.routes import BASE_PATH
from support.repository import ROOT
from support.stack_template import (
    PARAMETERS,
    RESOURCES,
    TEMPLATE,
    TEXT,
    TEXTS,
    nested,
    of_type,
    templates,
    written,
)


def test_the_expanded_templates_are_within_the_quotas_of_cloudformation() -> None:
    """CloudFormation User Guide, Understand CloudFormation quotas."""
    for expanded in templates().values():
        assert len(json.dumps(expanded)) <= 1_000_000
        assert len(expanded["Resources"]) <= 500
        assert len(expanded["Parameters"]) <= 200
        assert len(expanded["Outputs"]) <= 200


def test_the_nested_stack_gets_every_parameter_that_it_has_and_no_other() -> None:
    for name, path in nested(TEMPLATE).items():
        given = TEMPLATE["Resources"][name]["Properties"]["Parameters"]

        assert given.keys() == written(TEXTS[path])["Parameters"].keys()
        # One that is named like a resource is that resource.
        for one in given.keys() & TEMPLATE["Resources"].keys():
            condition = TEMPLATE["Resources"][one].get("Condition")
            assert given[one] == ({"Fn::If": [condition, {"Ref": one}, "none"]} if condition else {"Ref": one})


def test_a_template_is_short_enough_to_read() -> None:
    lengths = [len(text.splitlines()) for text in TEXTS.values()]

    assert max(lengths) <= 1_700
    assert sum(lengths) <= 3_300


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_a_description_a_default_and_a_check(name: str) -> None:
    parameter = PARAMETERS[name]

    assert parameter["Description"].endswith(".")
    assert "Default" in parameter
    assert {"AllowedValues", "AllowedPattern", "MinValue"} & parameter.keys()
    assert "AllowedPattern" not in parameter or parameter["ConstraintDescription"]


def test_every_parameter_is_in_exactly_one_group_of_the_console() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)


def test_every_output_has_a_description() -> None:
    assert all(output["Description"] for output in TEMPLATE["Outputs"].values())


def test_the_base_url_leads_to_the_stage_and_the_base_path() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    _, at_the_domain, at_the_api = TEMPLATE["Outputs"]["ScimConnectorBaseUrl"]["Value"]["Fn::If"]

    assert at_the_domain["Fn::Sub"].endswith(BASE_PATH)
    assert at_the_api["Fn::Sub"].endswith(f"/{stage['StageName']}{BASE_PATH}")


def test_no_region_account_or_partition_is_hard_coded() -> None:
    code = re.sub(r"#.*|Description: .*", "", TEXT)

    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", code)
    assert not re.search(r"\b\d{12}\b", code)
    assert not re.search(r"arn:aws\b", code)


def test_resources_that_an_update_may_replace_have_no_fixed_name() -> None:
    table, functions = RESOURCES["UsersTable"], [r for r in RESOURCES.values() if "Serverless::Function" in r["Type"]]

    assert "TableName" not in table["Properties"]
    assert not any("FunctionName" in function["Properties"] for function in functions)


def test_the_linter_reads_every_template() -> None:
    configuration = yaml.safe_load((ROOT / ".cfnlintrc").read_text(encoding="utf-8"))

    assert {path.name for path in TEXTS} <= set(configuration["templates"])


def test_every_ignored_finding_of_the_linter_has_a_comment() -> None:
    lines = TEXT.splitlines()

    ignored = [number for number, line in enumerate(lines) if "ignore_checks:" in line]
    assert ignored
    unexplained = [at + 1 for at in ignored if not any(line.strip().startswith("#") for line in lines[at - 1 : at + 2])]
    assert unexplained == []
