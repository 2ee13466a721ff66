"""The templates of the previous release, as a stack of it has them: what an update starts from.

Recorded in `tests/data/previous-release.json` by `make record-release`, as a clone may have no history: both stacks
together, after the SAM transform, one resource a line. Of what only watches, those properties alone are kept with
which CloudFormation would replace it.
"""

from __future__ import annotations

import json
import logging
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from support.repository import ROOT
from support.stack_plan import create_only
from support.stack_template import NESTED_STACK, Document, expanded, flattened, written

PATH: Final = ROOT / "tests" / "data" / "previous-release.json"
WATCHING: Final = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Logs::QueryDefinition",
    }
)
"""The types of which only so much is recorded: they hold half of the text, and nothing of a user."""
_SECTIONS: Final = ("Parameters", "Conditions", "Resources", "Outputs")


def previous_release() -> Document:
    """The recorded template."""
    document: Document = json.loads(PATH.read_text(encoding="utf-8"))
    return document


def version() -> str:
    """The version of the recorded release."""
    return str(previous_release()["Metadata"]["Version"])


def deployable(document: Document) -> Document:
    """A recorded template without what only watches."""
    gone = {name for name, one in document["Resources"].items() if one["Type"] in WATCHING}
    return document | {"Resources": {name: one for name, one in document["Resources"].items() if name not in gone}}


def recording(directory: Path) -> Document:
    """What is recorded of the templates in a directory."""
    root = written((directory / "template.yaml").read_text(encoding="utf-8"))
    document = expanded(root)
    for name, resource in root["Resources"].items():
        if resource["Type"] == NESTED_STACK:
            text = (directory / resource["Properties"]["TemplateURL"]).read_text(encoding="utf-8")
            document = flattened(
                document, expanded(written(text)), document["Resources"][name]["Properties"]["Parameters"]
            )
    project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    kept = {section: document[section] for section in _SECTIONS}
    kept["Resources"] = {name: _recorded(resource) for name, resource in kept["Resources"].items()}
    return {"Metadata": {"Version": project["version"]}, **kept}


def _recorded(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key != "Metadata"}
    return kept | {"Properties": create_only(resource)} if resource["Type"] in WATCHING else kept


def _text(document: Document) -> str:
    """The document as JSON, each member of a section on a line of its own."""
    sections = (
        f"{json.dumps(section)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(one, separators=(',', ':'))}" for name, one in members.items())
        + "\n}"
        for section, members in document.items()
    )
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main() -> None:
    """Record the templates of this repository, or of the directory that is named."""
    # The translator warns of features of its own.
    logging.disable(logging.WARNING)
    document = recording(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    PATH.write_text(_text(document), encoding="utf-8")
    sys.stdout.write(
        f"Recorded {len(document['Resources'])} resources of {document['Metadata']['Version']}"
        f" in {PATH.relative_to(ROOT)}\n"
    )


if __name__ == "__main__":
    main()
