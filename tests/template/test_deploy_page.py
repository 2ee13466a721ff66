"""docs/deploy.md: parameters, environments and commands are those of the template and samconfig.toml."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.repository import ROOT
from support.stack_template import PARAMETERS, PATH, RESOURCES, TEMPLATE, TEXTS, written

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
SAMCONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
DEPLOYMENTS = ("dev", "prod")


def overrides(environment: str) -> dict[str, str]:
    text: str = SAMCONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in text.split())


@pytest.mark.parametrize("environment", DEPLOYMENTS)
def test_a_section_of_samconfig_gives_its_environment_parameters_that_exist(environment: str) -> None:
    deploy = SAMCONFIG[environment]["deploy"]["parameters"]
    given = overrides(environment)

    assert given["Environment"] == environment
    assert given.keys() <= PARAMETERS.keys()
    # A build is for one processor.
    assert (
        f"Architecture={given['Architecture']}" in SAMCONFIG[environment]["build"]["parameters"]["parameter_overrides"]
    )
    # No role has a name of its own (CAPABILITY_NAMED_IAM). The nested stack has a transform.
    assert deploy["capabilities"].split() == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert f"`{deploy['stack_name']}`" in PAGE


def test_only_prod_asks_before_it_changes_anything() -> None:
    asks = {name: SAMCONFIG[name]["deploy"]["parameters"]["confirm_changeset"] for name in DEPLOYMENTS}

    assert asks == {"dev": False, "prod": True}


def test_the_page_states_the_log_retention_of_both() -> None:
    days = [
        overrides(name).get("LogRetentionDays", str(PARAMETERS["LogRetentionDays"]["Default"])) for name in DEPLOYMENTS
    ]

    assert f"| logs are kept | {days[0]} days | {days[1]} days |" in PAGE


def test_the_page_sets_only_parameters_that_exist() -> None:
    set_there = set(re.findall(r"\b([A-Z][A-Za-z]*[a-z])=[\w.:/-]+", PAGE))
    of_a_release = set(re.findall(r"\b([A-Z][A-Za-z]*[a-z])=\$", PAGE))

    assert {"DomainName", "EnableWaf", "AllowedIpRanges"} <= set_there
    assert set_there - {"Name", "Key", "Values"} <= PARAMETERS.keys()  # these are words of make and the AWS CLI
    assert of_a_release <= written(RELEASE["packaged"](TEXTS[PATH]))["Parameters"].keys()


def test_without_cloning_the_page_uses_the_files_of_a_release_and_its_stack(tmp_path: Path) -> None:
    section = PAGE.partition("## Without cloning")[2].partition("\n## ")[0].replace("$VERSION", RELEASE["VERSION"])
    RELEASE["write_templates"](tmp_path)
    wheel = f"rollcall-{RELEASE['VERSION']}-py3-none-any.whl"
    files = {path.name for path in tmp_path.iterdir()} | {RELEASE["archive"]("arm64"), RELEASE["SUMS"], wheel}
    named = set(re.findall(r"(?<!\w)(rollcall-\d[\w.-]*\w|SHA256SUMS)", section))
    # An upgrade keeps this parameter as it is.
    prefix = written(RELEASE["packaged"](TEXTS[PATH]))["Parameters"]["CodePrefix"]["Default"]
    [capabilities] = re.findall(r"--capabilities (.+?) \\", section)

    assert named == files
    assert set(re.findall(r"s3://\$BUCKET/(\S*)", section)) == {prefix}
    assert capabilities == SAMCONFIG["prod"]["deploy"]["parameters"]["capabilities"]
    assert set(re.findall(r"OutputKey=='(\w+)'", section)) <= TEMPLATE["Outputs"].keys()
    assert RESOURCES["DefaultAccountSecret"]["Properties"]["Name"]["Fn::Sub"].replace(
        "${AWS::StackName}", "rollcall"
    ) in re.findall(r"--secret-id (\S+)", section)


def test_the_commands_that_remove_logs_find_every_log_group_and_none_of_another_stack() -> None:
    groups = [found["Properties"] for found in RESOURCES.values() if found["Type"] == "AWS::Logs::LogGroup"]
    names = {group["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "rollcall") for group in groups}
    section = PAGE.partition("## Deleting the stack")[2].partition("\n## ")[0]
    prefix = re.findall(r"--log-group-name-prefix (\S+)", section)
    whole = re.findall(r"--log-group-name (/\S+)", section)

    assert len(groups) == len(names)
    assert {name for name in names if name in whole or name.startswith(tuple(prefix))} == names
    assert all(one.endswith("/") for one in prefix), "or the stack rollcall-dev would lose its logs"
