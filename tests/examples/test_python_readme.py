"""The parts of examples/python/README.md after the log-in, on the server of `make run`: what they print is right.

Programs that wait for events until Ctrl-C are left out here: test_receiving.py and others start them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.serve import exports
from local.service import LocalService
from support.child_processes import CompletedProcess, run
from support.documents import blocks_under
from support.repository import ROOT
from support.scim_http import ScimClient

FOLDER = ROOT / "examples" / "python"
README = FOLDER / "README.md"
_WAITS = re.compile(r"^(?:SYNC_GROUPS=1 )?\.venv/bin/python (?:keep_copy|end_sessions|sync_cognito)\.py$", re.MULTILINE)

Shell = Callable[[str], CompletedProcess[str]]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A local server with the users whom the README makes first."""
    with LocalService() as running:
        yield running


@pytest.fixture(scope="module")
def shell(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Run commands in a copy of the folder, in a terminal with the settings that the README asks for."""
    folder = tmp_path_factory.mktemp("readme") / "python"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    (folder / ".venv").symlink_to(sys.prefix)
    settings, _, making, *_ = blocks_under(README, "Try it", "sh")
    mine = settings.replace("http://127.0.0.1:8080/scim/v2", service.base_url)
    before = f"{exports(service)}\n{mine.replace('rck_default_...', service.key.text)}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def run_there(text: str) -> CompletedProcess[str]:
        return run(["bash", "-c", f"{before}\n{_WAITS.sub('', text)}"], cwd=folder, env=environment)

    run_there(making).check_returncode()
    return run_there


def test_the_copy_is_filled_and_answers_the_query(shell: Shell, service: LocalService) -> None:
    filling, looking = blocks_under(README, "A copy in a database", "sh")
    [query] = blocks_under(README, "A copy in a database", "sql")
    assert _WAITS.search(filling)

    filled = shell(filling)
    looked = shell(looking)

    assert (filled.returncode, filled.stderr) == (0, "")
    assert {("ada@example.com", 1, 0), ("grace@example.com", 0, 0)} <= set(ast.literal_eval(looked.stdout))
    with sqlite3.connect(Path(shell("pwd").stdout.strip()) / "copy.db") as database:
        database.execute(
            "INSERT INTO scim_groups (account, id, version, display_name) VALUES ('default', 'g', 1, 'Sales')"
        )
        database.execute("INSERT INTO scim_members SELECT account, 'g', id FROM scim_users")
        assert database.execute(query).fetchall() == [("ada@example.com", "Sales")]


def test_a_deactivated_user_is_not_signed_in_again(shell: Shell, service: LocalService) -> None:
    working, signing_in, afterwards = blocks_under(README, "Sessions that end", "sh")
    assert _WAITS.search(working)

    first = shell(f"{working}\n{signing_in}")
    scim = ScimClient(service.base_url, service.key.text)
    [cyd] = scim.find('userName eq "cyd@example.com"')
    scim.patch(cyd["id"], {"op": "replace", "path": "active", "value": False})
    second = shell(afterwards)

    assert "signed in at version 1: session " in first.stdout
    assert second.stdout.splitlines()[-1] == "not signed in"
    assert "The first command prints `[]`, the second `not signed in`" in README.read_text(encoding="utf-8")
