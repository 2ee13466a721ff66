"""docs/reference: each page is what its source says now, and shows what is added to the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.account_settings import Setting, possible_values, value_in
from cli.command_page import command_page, settings_page
from cli.main import app
from cli.reference_pages import CONTENTS, pages
from domain.accounts.account import Settings
from domain.events.kinds import EventKind
from domain.resources.attributes import Attribute
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import USER
from reference.__main__ import FILES
from reference.pages.alarms import alarm_page
from reference.pages.attributes import attribute_page
from reference.pages.events import example_of
from reference.pages.log_fields import log_page
from reference.pages.parameters import parameter_page
from reference.paths import FOLDER
from reference.templates import template

NAMES = [path.name for path in sorted(FOLDER.glob("*.md"))]


@cache
def generated() -> Mapping[str, str]:
    return {name: text() for name, text in FILES.items() if name.endswith(".md")} | pages()


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_page_is_what_its_source_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == generated()[name], "run make reference"


def test_every_page_is_committed_and_in_the_index() -> None:
    titles = {name: text.partition("\n")[0].removeprefix("# ") for name, text in generated().items()}

    assert sorted(generated()) == NAMES, "run make reference"
    assert {path.name for path in FOLDER.iterdir()} == {"README.md", *CONTENTS}
    assert {name: title for name, (title, _) in CONTENTS.items() if name in titles} == {
        name: title for name, title in titles.items() if name != "README.md"
    }


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading, by the text of the first cell."""
    section = page.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    table = section.partition("\n|---|")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_an_attribute_that_is_added_is_on_the_page() -> None:
    attributes = (*USER.schema.attributes, Attribute("shoeSize", "The size of the shoes.", multi_valued=True))
    more = replace(USER, schema=replace(USER.schema, attributes=attributes))

    assert "shoeSize" not in rows(attribute_page(), "## User")
    found = rows(attribute_page([more, GROUP]), "## User")["shoeSize"]
    assert found == ["string[]", "", "readWrite", "default", "", "", "", "The size of the shoes."]


def test_attributes_have_the_names_that_filters_and_paths_take() -> None:
    page = attribute_page()

    assert rows(page, "## User")["emails.value"][5:7] == ["", "`eq`, `sw`"]
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert f"{extension}:manager.displayName" in rows(page, "### Enterprise User (extension)")
    assert rows(page, "## Group")["members"][6] == "`eq`"


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_its_members_and_an_example_of_its_kind(kind: EventKind) -> None:
    members = rows(generated()["events.md"], f"## {kind}")

    assert example_of(kind).kind is kind
    assert {"idempotencyId", "account", "changedAttributes", "securityEvent"} <= members.keys()
    assert all(meaning for *_, meaning in members.values())


def test_a_parameter_that_is_added_or_set_is_on_the_page() -> None:
    root = deepcopy(template("template.yaml"))
    root["Parameters"]["Colour"] = {
        "Type": "String", "Default": "red", "AllowedValues": ["red", "blue"], "Description": "What it looks like.",
    }  # fmt: skip
    root["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"][0]["Parameters"].append("Colour")
    section = parameter_page(root, overrides={"prod": {"Colour": "blue"}}).partition("### Colour\n\n")[2]

    assert "Colour" not in parameter_page()
    assert section.startswith(
        "What it looks like.\n\n- Type: String\n- Default: `red`\n- Allowed: `red`, `blue`\n"
        "- In section `prod`: `blue`\n"
    )


def test_a_parameter_in_no_group_is_an_error() -> None:
    root = deepcopy(template("template.yaml"))
    root["Parameters"]["Colour"] = {"Type": "String", "Default": "red", "Description": "What it looks like."}

    with pytest.raises(LookupError, match=r"\['Colour'\] in no ParameterGroup"):
        parameter_page(root)


def test_every_parameter_and_output_of_the_stack_is_on_the_page() -> None:
    root, page = template("template.yaml"), parameter_page()

    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == root["Parameters"].keys()
    assert rows(page, "## Outputs").keys() == root["Outputs"].keys()


def alarms_with(**alarm: Any) -> str:
    nested = deepcopy(template("observability.yaml"))
    nested["Resources"]["TooHot"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}
    return alarm_page(nested)


def test_an_alarm_that_is_added_is_on_the_page() -> None:
    page = alarms_with(
        AlarmDescription={"Fn::Sub": "Hot. Runbook: docs/runbook.md#it-is-hot. First query: ${RootStackName}/heat."},
        Namespace="AWS/Weather", MetricName="Heat", Statistic="Maximum", Period=3600, EvaluationPeriods=4,
        DatapointsToAlarm=2, Threshold=40, ComparisonOperator="GreaterThanThreshold", AlarmActions=["topic"],
    )  # fmt: skip

    assert (
        "| `TooHot` | Hot. | `AWS/Weather` `Heat` (Maximum) | above 40, 2 of 4 x 1 h | yes | "
        "[it is hot](../runbook.md#it-is-hot) | `heat` |"
    ) in page


def test_an_alarm_that_names_no_entry_of_the_runbook_is_an_error() -> None:
    with pytest.raises(ValueError, match="TooHot"):
        alarms_with(AlarmDescription="It is hot.")


def test_a_metric_that_is_added_must_be_explained() -> None:
    nested = deepcopy(template("observability.yaml"))
    made = {"MetricName": "Puzzles", "MetricValue": "1"}
    properties = {"FilterPattern": "{ $.x > 0 }", "MetricTransformations": [made]}
    nested["Resources"]["Puzzles"] = {"Type": "AWS::Logs::MetricFilter", "Properties": properties}

    with pytest.raises(KeyError, match="Puzzles"):
        log_page(nested=nested)


def test_a_command_that_is_added_is_on_the_page_with_its_options() -> None:
    other = typer.Typer()

    @other.command()
    def paint(colour: str, coats: int = typer.Option(2, help="How many.")) -> None:
        """Paint something."""

    @other.command()
    def wait() -> None:
        """Do nothing."""

    page = command_page(other)

    assert "## rollcall paint\n\nUsage: rollcall paint colour [OPTIONS]\n\nPaint something." in page
    assert rows(page, "## rollcall paint")["--coats"] == ["`NUMBER`", "`2`", "How many."]
    assert "Usage: rollcall wait\n" in page


def test_every_command_is_on_the_page() -> None:
    def names(group: Any, *path: str) -> set[str]:
        below = getattr(group, "commands", None)
        return {" ".join(path)} if below is None else {one for name in below for one in names(below[name], *path, name)}

    wanted = names(typer.main.get_command(app), "rollcall")
    assert set(re.findall(r"^## (rollcall .+)$", command_page(app), re.MULTILINE)) == wanted


@pytest.mark.parametrize("setting", Setting)
def test_every_setting_is_on_the_page_with_a_default_that_is_a_possible_value(setting: Setting) -> None:
    values, default = possible_values(setting), value_in(Settings(), setting)
    section = settings_page().partition(f"## {setting.value}\n\n")[2].partition("\n## ")[0]

    assert isinstance(values, str) or default in values
    assert f"- Default: `{default}`" in section
    assert re.match(r"[A-Z]", section)


def test_pages_name_no_path_of_this_machine() -> None:
    assert not [name for name, text in generated().items() if str(Path.home()) in text or str(FOLDER) in text]
