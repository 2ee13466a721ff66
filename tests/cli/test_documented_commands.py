"""The operator's commands in the blocks of the documents, run in their order against the local server, all succeed.

What needs AWS, another machine or a second table is left out here; tests/repository/test_commands.py parses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from local.serve import write_state
from local.service import LocalService
from support import operator_commands
from support.declared import EXAMPLE
from support.documents import DOCUMENTS, contents, named
from support.group_client import GroupClient
from support.people import CORE, user
from support.repository import ROOT
from support.scim_http import ScimClient
from support.shell import commands

# Where else than on this machine a command does its work.
ELSEWHERE = {"--stack", "--base-url", "--table", "--local-port", "deploy"}
GUIDES = {"docs/extensions.md", "docs/invite.md", "docs/workbench.md"}
"""Documents whose sentences have the commands of a guide."""
PEOPLE = {
    "name@example.com": user("name@example.com", nickName="N"),
    "ada": {"schemas": [CORE], "userName": "ada", "nickName": "A"},
    **{address: user(address) for address in ("mara.lind@example.com", "ivo.banic@example.com", "li.wei@example.com")},
    "nao.sato@example.com": user("nao.sato@example.com"),
}
"""The users of the documents, by userName."""
_FILE = re.compile(r"^`([\w.-]+)`:\n\n```csv\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def to_run(document: Path) -> list[list[str]]:
    """The words after `rollcall` of each command that can be run here, each once."""
    texts = [block.text for block in contents(document).blocks if block.label == "sh"]
    if named(document) in GUIDES:
        texts += [span.text for span in contents(document).spans if span.text.startswith("rollcall ")]
    found = [command for text in texts for command in commands(text)]
    run = [command.words[1:] for command in found if command.program.rpartition("/")[2] == "rollcall"]
    return [
        list(words)
        for words in dict.fromkeys(map(tuple, run))
        if not ELSEWHERE & set(words) and operator_commands.fault(list(words)) is None
    ]


RUN = {named(document): found for document in DOCUMENTS if (found := to_run(document))}
"""By document, but for those that have none."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the extension and the CSV files of the documents."""
    made = tmp_path_factory.mktemp("documented")
    (made / "schemas").mkdir()
    (made / "schemas" / "acme.json").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    for name, text in _FILE.findall((ROOT / "docs" / "import.md").read_text(encoding="utf-8")):
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[LocalService]:
    """A local server with the account acme that was started in that directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ROLLCALL_SCHEMAS", str(folder / "schemas"))
        with LocalService() as service:
            write_state(service)
            service.accounts.enable("acme")
            service.accounts.configure("acme", groups=True)
            yield service


@pytest.fixture
def service(served: LocalService, folder: Path, monkeypatch: pytest.MonkeyPatch) -> LocalService:
    """The server, for commands that are typed in its directory."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(folder / "schemas"))
    monkeypatch.delenv("ROLLCALL_LOCAL_STATE", raising=False)
    return served


def in_place(service: LocalService) -> dict[str, str]:
    """Create the users and the group of the documents if a command took them away: the id of each, by its name."""
    acme = GroupClient(ScimClient(service.base_url, service.accounts.show("acme").current.key.text))
    ids: dict[str, str] = {each["userName"]: each["id"] for each in acme.scim.all()}
    ids |= {name: acme.scim.create(body)["id"] for name, body in PEOPLE.items() if name not in ids}
    groups = acme.find('displayName eq "Sales"')
    ids["Sales"] = (groups[0] if groups else acme.create("Sales", ids["ada"]))["id"]
    return ids


def rollcall(words: list[str], ids: dict[str, str]) -> Result:
    """Run a command on this machine, with what its placeholders stand for; it does not ask or go on for ever."""
    id_ = ids["Sales"] if {"--group", "groups"} & set(words) else ids["name@example.com"]
    if "uninvite" in words:
        listed = CliRunner().invoke(app, ["--local", "--json", "account", "invites", "acme"])
        id_ = json.loads(listed.stdout)[0]["id"]
    stands_for = {"NAME": "acme", "ADDRESS": "name@example.com", "ID": id_, "$id": id_, "10000": "20"}
    given = ["--local", *(stands_for.get(word, word) for word in words if word not in ("--follow", "--local"))]
    if operator_commands.fault([*given, "--yes"]) is None:
        given.append("--yes")
    return CliRunner().invoke(app, given)


@pytest.mark.parametrize("document", RUN)
def test_the_commands_of_a_document_succeed(document: str, service: LocalService) -> None:
    ids = in_place(service)
    # What commands that are left out here have exported from another table.
    for made in (["users", "export", "--output", "before.jsonl"], ["groups", "export", "--output", "groups.csv"]):
        assert rollcall([*made, "--account", "acme"], ids).exit_code == 0

    failed = []
    for words in RUN[document]:
        done = rollcall(words, in_place(service))
        if done.exit_code:
            failed.append((" ".join(words), done.output))

    assert failed == []


def test_a_command_that_fails_is_noticed(service: LocalService) -> None:
    assert (
        rollcall(["users", "show", "--account", "acme", "--email", "no@example.com"], in_place(service)).exit_code == 1
    )
