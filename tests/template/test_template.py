"""template.yaml as a whole: what a person reads in it and in the console."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from support.child_processes import run
from support.repository import ROOT
from support.stack_template import (
    PARAMETERS,
    RESOURCES,
    TEMPLATE,
    TEXT,
    TEXTS,
    nested,
    templates,
    translated,
    written,
)


def test_the_sam_translator_expands_it() -> None:
    assert {"Api", "CreateUser", "UsersTable"} <= translated().keys()


def test_cloudformation_takes_what_it_expands_to() -> None:
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
        assert all(given[one] == {"Ref": one} for one in given.keys() & TEMPLATE["Resources"].keys())


def test_a_template_can_be_read() -> None:
    lengths = [len(text.splitlines()) for text in TEXTS.values()]

    assert max(lengths) <= 1_700
    assert sum(lengths) <= 3_000


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_described_and_checked(name: str) -> None:
    parameter = PARAMETERS[name]

    assert parameter["Description"].endswith(".")
    assert "Default" in parameter
    assert {"AllowedValues", "AllowedPattern", "MinValue"} & parameter.keys()
    assert "AllowedPattern" not in parameter or parameter["ConstraintDescription"]


def test_every_parameter_is_in_one_group_of_the_console() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)


def test_every_output_is_described() -> None:
    assert TEMPLATE["Outputs"].keys() == {
        "ScimConnectorBaseUrl",
        "ConnectorSecretArn",
        "ConnectorSecretPrefix",
        "DashboardUrl",
        "TableName",
        "EventBusName",
        "EventBusArn",
        "UnpublishedEventsUrl",
        "PublisherName",
        "AlarmTopicArn",
    }
    assert all(output["Description"] for output in TEMPLATE["Outputs"].values())


def test_the_base_url_is_what_a_person_pastes() -> None:
    _, at_the_domain, at_the_api = TEMPLATE["Outputs"]["ScimConnectorBaseUrl"]["Value"]["Fn::If"]

    assert at_the_domain == {"Fn::Sub": "https://${DomainName}/scim/v2"}
    assert at_the_api["Fn::Sub"].endswith("/live/scim/v2")


def test_no_region_account_or_partition_is_written_down() -> None:
    code = re.sub(r"#.*|Description: .*", "", TEXT)

    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b", code)
    assert not re.search(r"\b\d{12}\b", code)
    assert not re.search(r"arn:aws\b", code)


def test_nothing_that_would_be_replaced_has_a_name_of_its_own() -> None:
    table, functions = RESOURCES["UsersTable"], [r for r in RESOURCES.values() if "Serverless::Function" in r["Type"]]

    assert "TableName" not in table["Properties"]
    assert not any("FunctionName" in function["Properties"] for function in functions)


def test_the_sections_are_there_in_order() -> None:
    for text in TEXTS.values():
        banners = re.findall(r"^#{100,}\n# ([A-Z ]+)\n#{100,}$", text, flags=re.MULTILINE)
        announced = re.search(r"^# Sections: ([A-Z, #\n]+)\.$", text, flags=re.MULTILINE)

        assert announced
        assert announced[1].replace("\n# ", " ").split(", ") == banners


def test_the_linter_reads_every_template() -> None:
    configuration = yaml.safe_load((ROOT / ".cfnlintrc").read_text(encoding="utf-8"))

    assert {path.name for path in TEXTS} <= set(configuration["templates"])


def test_the_linter_knows_the_rules_for_serverless_templates(tmp_path: Path) -> None:
    function = {"Handler": "x.handler", "Runtime": "python3.13", "CodeUri": "s3://bucket/key"}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Untraced": {"Type": "AWS::Serverless::Function", "Properties": function}},
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")

    # With the repository's .cfnlintrc, as make lint runs it.
    done = run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", "--template", str(path)],
        cwd=ROOT,
    )
    assert "WS1000" in done.stdout  # tracing
    assert "ES1006" in done.stdout  # time-out


def test_every_finding_that_is_ignored_says_why() -> None:
    lines = TEXT.splitlines()

    ignored = [number for number, line in enumerate(lines) if "ignore_checks:" in line]
    assert ignored
    unexplained = [at + 1 for at in ignored if not any(line.strip().startswith("#") for line in lines[at - 1 : at + 2])]
    assert unexplained == []
