"""docs/recipes.md: parameters, outputs and files of its snippets are those of the templates and of a release."""

from __future__ import annotations

import re
import runpy
from typing import Any

from support.repository import ROOT
from support.stack_template import PARAMETERS, TEMPLATE

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
SNIPPETS = dict(re.findall(r"^```(hcl|typescript)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_the_snippets_give_parameters_that_a_release_has() -> None:
    hcl = re.search(r"parameters = \{\n(.*?)\n  \}", SNIPPETS["hcl"], re.DOTALL)
    cdk = re.search(r"parameters: \{(.*?)\}", SNIPPETS["typescript"])
    assert hcl is not None
    assert cdk is not None
    given = re.findall(r"^ +(\w+) +=", hcl[1], re.MULTILINE), re.findall(r"(\w+):", cdk[1])
    packaged = RELEASE["packaged"]((ROOT / "template.yaml").read_text(encoding="utf-8"))

    for names in given:
        assert "CodeBucket" in names
        assert {name for name in names if name not in PARAMETERS} == {"CodeBucket"}
        assert all(re.search(rf"^  {name}:$", packaged, re.MULTILINE) for name in names)


def test_the_snippets_and_the_page_name_outputs_that_exist() -> None:
    named = re.findall(r'outputs\["(\w+)"\]|Outputs\.(\w+)', "".join(SNIPPETS.values()))
    named = [*named, *re.findall(r"output `(\w+)`()", PAGE)]

    assert len(named) >= 4
    assert {first or second for first, second in named} <= TEMPLATE["Outputs"].keys()


def test_the_snippets_name_files_of_a_release() -> None:
    version = RELEASE["VERSION"]
    files = {
        f"rollcall-{version}.yaml",
        RELEASE["nested"]("observability.yaml"),
        RELEASE["archive"](PARAMETERS["Architecture"]["Default"]),
    }

    named = {
        name.replace("${local.version}", version).replace("${version}", version)
        for snippet in SNIPPETS.values()
        for name in re.findall(r"rollcall-\$\{(?:local\.)?version\}[\w.-]+", snippet)
    }

    assert named == files
    assert re.search(r'key += "rollcall/\$', SNIPPETS["hcl"])
    assert "Default: rollcall/" in RELEASE["packaged"]((ROOT / "template.yaml").read_text(encoding="utf-8"))


def test_terraform_gives_the_capabilities_that_deployments_have() -> None:
    deploy = re.search(r"--capabilities ([A-Z_ ]+)", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"))
    assert deploy is not None

    assert re.findall(r'"(CAPABILITY_\w+)"', SNIPPETS["hcl"]) == deploy[1].split()
