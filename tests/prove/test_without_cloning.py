"""The commands of docs/deploy.md, "Without cloning", as they stand there, run by the AWS CLI against the emulator."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.child_processes import run
from support.emulated_stack import BUCKET, Deployer, Stack
from support.emulator import Emulator
from support.reduced_templates import reduced
from support.repository import ROOT
from support.stack_template import NESTED_STACK, expanded, written

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is missing"),
]

RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
VERSION: str = RELEASE["VERSION"]
STACK = "released"
"""In the place of `rollcall`, which other tests deploy."""


def commands(*containing: str) -> str:
    """The blocks of commands of the section that contain one of some texts, in their order."""
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = page.partition("\n## Without cloning")[2].partition("\n## ")[0]
    blocks = [
        re.sub(r"^ {3}", "", block, flags=re.MULTILINE)
        for block in re.findall(r" ```sh\n(.*?) ```", section, re.DOTALL)
    ]
    found = [block for block in blocks if any(text in block for text in containing)]
    assert len(found) == len(containing)
    text = "\n".join(found)
    return text.replace("--stack-name rollcall", f"--stack-name {STACK}").replace(
        "rollcall/connectors/", f"{STACK}/connectors/"
    )


@pytest.fixture
def files(emulated: Emulator, deployer: Deployer, tmp_path: Path) -> Path:
    """The files of a release, reduced to what the emulator has, with its address in the place of that of S3."""
    RELEASE["write_templates"](tmp_path)
    given = {"CodeBucket": "your-bucket", "LocalEndpoint": emulated.url}
    paths = {"": tmp_path / f"rollcall-{VERSION}.yaml"}
    root = expanded(written(paths[""].read_text(encoding="utf-8")), **given)
    [name] = [name for name, one in root["Resources"].items() if one["Type"] == NESTED_STACK]
    paths[name] = tmp_path / RELEASE["nested"]("observability.yaml")
    documents = {"": root, name: expanded(written(paths[name].read_text(encoding="utf-8")), **given)}
    kept = reduced(documents).documents
    nested = kept[""]["Resources"][name]["Properties"]
    nested["TemplateURL"] = json.loads(
        re.sub(r"https://\$\{CodeBucket\}[^/]*", emulated.url + "/${CodeBucket}", json.dumps(nested["TemplateURL"]))
    )
    for stack, path in paths.items():
        path.write_text(json.dumps(kept[stack]), encoding="utf-8")
    emulated.client("s3").download_file(BUCKET, "artifact.zip", str(tmp_path / RELEASE["archive"]("arm64")))
    return tmp_path


def test_the_documented_commands_deploy_a_release_that_serves(
    emulated: Emulator, deployer: Deployer, files: Path
) -> None:
    script = commands("aws s3 cp", "aws cloudformation deploy", "aws secretsmanager get-secret-value").replace(
        "CodeBucket=$BUCKET", f"CodeBucket=$BUCKET LocalEndpoint={emulated.url}"
    )

    done = run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=files,
        env=emulated.environment | {"VERSION": VERSION, "PATH": os.environ["PATH"]},
    )
    try:
        assert done.returncode == 0, f"{done.stderr}\n{deployer.reasons(STACK)}"
        base_url, key = done.stdout.splitlines()[-2:]
        stack = Stack(emulated, STACK)
        assert base_url == stack.outputs["ScimConnectorBaseUrl"]
        assert stack.outputs["Version"] == VERSION
        assert stack.scim(key=key).get("/ServiceProviderConfig").status == 200
    finally:
        deployer.delete(STACK)
