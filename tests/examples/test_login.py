"""examples/python/login.py lets in who may sign in, and its README works on the server of `make run`."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from domain.messages import PATCH_OP_URN
from local.serve import exports
from local.service import LocalService
from login import CARRIES, Carries, Login, Refused, Roles, main, sign_in
from reading import Group
from support.application import Application
from support.child_processes import run
from support.repository import ROOT

EXAMPLES = ROOT / "examples" / "python"
ROLES = Roles.from_file(EXAMPLES / "roles.json")
NO_ONE = Roles({})


def test_an_active_user_may_sign_in_by_each_identifier(app: Application) -> None:
    here = app.of("signing-in")
    ada = here.create("Ada", externalId="E-1", emails=[{"value": "ada@example.com"}])

    named: dict[Carries, str] = {"userName": "ADA", "email": "Ada@Example.com", "externalId": "E-1"}
    for carries, value in named.items():
        assert sign_in(here.users, ROLES, carries, value) == Login(ada, 1, "Ada", ["member"])
    assert set(CARRIES.values()) == {"userName", "email", "externalId"}


@pytest.mark.parametrize(
    ("carries", "value", "reason"),
    [
        ("userName", "grace", "inactive"),
        ("userName", "nobody", "no such user"),
        ("email", "nobody@example.com", "no such user"),
        ("externalId", "e-1", "no such user"),
        ("externalId", "E-1", "several users have this externalId"),
        ("userName", "", "no such user"),
        ("userName", "grace\0", "no such user"),
    ],
)
def test_all_others_are_refused(app: Application, carries: Carries, value: str, reason: str) -> None:
    here = app.of("refusing")
    if here.users.by_user_name("grace") is None:
        here.create("grace", active=False, externalId="E-1")
        here.create("other", externalId="E-1")

    with pytest.raises(Refused, match=f"^{reason}$"):
        sign_in(here.users, ROLES, carries, value)


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        ([], ["member"]),
        (["Unknown"], ["member"]),
        (["ENGINEERING"], ["deploy", "member", "read-logs"]),
        (["Engineering", "Support", "Administrators"], ["admin", "deploy", "member", "read-logs"]),
    ],
)
def test_roles_are_those_of_all_groups_together(names: list[str], roles: list[str]) -> None:
    groups = [Group(name, 1, name, {}) for name in names]

    assert ROLES.of(groups) == roles
    assert "member" not in NO_ONE.of(groups)


@pytest.mark.parametrize("said", [{"everyone": "member"}, {"groups": {"Admins": "admin"}}])
def test_roles_that_are_no_list_are_refused(said: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "roles.json"
    path.write_text(json.dumps(said))

    with pytest.raises(ValueError, match=r"write the roles of (everyone|Admins) as a list"):
        Roles.from_file(path)


def test_a_user_who_leaves_a_group_loses_its_roles_at_the_next_log_in(app: Application) -> None:
    here = app.of("leaving")
    ada = here.create("ada")
    group = here.create_group("Support", ada)
    assert sign_in(here.users, ROLES, "userName", "ada").roles == ["member", "read-logs"]

    here.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{ada}"]'})

    assert sign_in(here.users, ROLES, "userName", "ada").roles == ["member"]


def test_groups_that_are_switched_off_stay_as_they_were(app: Application) -> None:
    """So docs/use-it.md says to give no roles by them."""
    here = app.of("switched-off")
    ada = here.create("ada")
    group = here.create_group("Support", ada)

    off = here.service.account("switched-off", groups=False)
    here.service.open_again()
    operation = {"op": "remove", "path": f'members[value eq "{ada}"]'}
    refused = off.call("PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP_URN], "Operations": [operation]})

    assert refused.status == 404
    assert [each.display_name for each in here.users.groups_of(ada)] == ["Support"]
    assert ROLES.of([]) == ["member"]


def test_a_call_without_a_table_is_a_mistake_and_not_a_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TABLE_NAME", raising=False)
    monkeypatch.setattr(sys, "argv", ["login.py", "acme", "userName", "ada"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "TABLE_NAME" in capsys.readouterr().err


def blocks() -> list[str]:
    """The fenced blocks of the README's part about log-ins."""
    part = (EXAMPLES / "README.md").read_text(encoding="utf-8").partition("## Try it\n")[2].partition("\n## ")[0]
    return re.findall(r"^```(?:sh|json|text)\n(.*?)^```$", part, re.M | re.S)


def test_the_commands_of_the_readme_work_as_it_says(tmp_path: Path) -> None:
    settings, _, making, asking, answers, grouped, grouped_answer = blocks()
    folder = tmp_path / "python"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    with LocalService() as service:
        mine = settings.replace("http://127.0.0.1:8080/scim/v2", service.base_url)
        before = f"{exports(service)}\n{mine.replace('rck_default_...', service.key.text)}"
        run(["bash", "-c", f"{before}\n{making}"], cwd=folder, env=environment, check=True)
        asked = run(["bash", "-c", f"{before}\n{asking}"], cwd=folder, env=environment)
        service.accounts.configure("default", groups=True)
        with_groups = run(["bash", "-c", f"{before}\n{grouped}"], cwd=folder, env=environment, check=True)

    assert without_ids(asked.stdout) == without_ids(answers)
    assert without_ids(with_groups.stdout) == without_ids(grouped_answer)


def without_ids(lines: str) -> list[object]:
    """What each line of an answer says, but for the id."""
    said = [json.loads(line[line.rindex('{"allowed"') :]) for line in lines.splitlines() if '{"allowed"' in line]
    return [{name: value for name, value in answer.items() if name != "user_id"} for answer in said]
