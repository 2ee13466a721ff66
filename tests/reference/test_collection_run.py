"""The Postman collection against the server of `make run`, by the command that docs/workbench.md shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from support import node
from support.child_processes import run
from support.make_run import SOURCE, line, serving
from support.repository import ROOT
from support.scim_http import ScimClient

node.require()

NEWMAN = ROOT / "tests" / "newman"
[COMMAND] = re.findall(r"^npx newman (run (?:.|\n)*?)\n```", (ROOT / "docs" / "workbench.md").read_text(), re.MULTILINE)


def newman(folder: Path, base_url: str, key: str, *more: str) -> tuple[int, dict[str, Any]]:
    """Run the command of the page with another address; return its exit code and what newman counted."""
    words = shlex.split(COMMAND.replace("http://127.0.0.1:8080/scim/v2", base_url).replace("$KEY", key))
    report = folder / "report.json"
    done = run(
        [node.packages(NEWMAN) / ".bin" / "newman", *words, "-r", "cli,json", "--reporter-json-export", report, *more],
        cwd=ROOT,
        env=node.environment(),
    )
    assert report.exists(), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["run"]
    assert done.returncode == (1 if found["failures"] else 0), done.stdout
    return done.returncode, found


def rollcall(folder: Path, *arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": SOURCE}
    run([sys.executable, "-m", "cli.main", "--local", *arguments], cwd=folder, env=environment, check=True)


def statuses(found: dict[str, Any]) -> list[int]:
    return [each["response"]["code"] for each in found["executions"]]


def failures(found: dict[str, Any]) -> list[str]:
    return [f"{each['source']['name']}: {each['error']['message']}" for each in found["failures"]]


@pytest.mark.timeout(240)  # it may be the first to install newman
def test_the_whole_collection_succeeds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        base_url = line(process).removeprefix("SCIM Connector Base URL: ")
        key = line(process).removeprefix("Connector Key: ")
        line(process), line(process)
        client = ScimClient(base_url, key)

        _, off = newman(tmp_path, base_url, key, "--folder", "Groups")
        assert failures(off) == []
        assert statuses(off) == [404, 201, *[404] * 7, 204]

        rollcall(tmp_path, "account", "set", "default", "groups", "on")
        made = client.create({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "left.over"})

        _, on = newman(tmp_path, f"{base_url}/", key, "--iteration-count", "2")
        assert failures(on) == []
        assert on["stats"]["requests"]["failed"] == 0
        assert sorted(statuses(on)).count(404) == 2 * 2  # a deleted user, and one who never was

        assert [user["id"] for user in client.all()] == [made["id"]]
        assert client.get("/Groups").json["totalResults"] == 0

        # It finds what is wrong: the server refuses a key that is none, whatever it consists of.
        code, refused = newman(tmp_path, base_url, "a b'\"&%\\", "--folder", "Discovery")
        assert (code, set(statuses(refused))) == (1, {401})
