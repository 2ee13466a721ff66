"""examples/typescript finds what examples/python finds, over HTTP, in the table of the local server."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.embedded_aws import REGION
from local.serve import exports
from local.service import TABLE_NAME, LocalService
from login import Carries, Roles, sign_in
from reading import Users
from support import node, reading_vectors
from support.child_processes import run
from support.repository import ROOT
from support.scim_http import ScimClient
from support.typescript import PROJECT, Examples, Thrown, as_in_typescript, driver

node.require()

MORE = [
    "x" * 1024,
    "\u00e9" * 700,
    "m\u00fcller@xn--mller-kva.de",
    "a#b",
    "\u03a3\u0391\u03a3",
    "a@xn--a-n5g",
    "a@xn--a-x6t",
]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """The server of `make run`."""
    with LocalService() as running:
        yield running


@pytest.fixture(scope="module")
def examples(typescript: Path, service: LocalService) -> Iterator[Examples]:
    """The examples, which ask the server's DynamoDB as they would ask AWS."""
    with driver(typescript, TABLE_NAME, service.aws_endpoint) as process:
        yield process


@dataclass(frozen=True)
class Customer:
    """One account: its identity provider, and what both languages read."""

    scim: ScimClient
    python: Users
    typescript: Examples

    def create(self, user_name: str, **more: Any) -> str:
        """Let the identity provider make a user; return the id."""
        made: str = self.scim.create({"userName": user_name, **more})["id"]
        return made

    def switch(self, user_id: str, *, active: bool) -> None:
        """Let it deactivate or reactivate a user."""
        self.scim.patch(user_id, {"op": "replace", "path": "active", "value": active})

    def create_group(self, name: str, *members: str) -> str:
        """Let it make a group of users with these ids; return the id."""
        body = {"displayName": name, "members": [{"value": each} for each in members]}
        made: str = self.scim.request("POST", "/Groups", body=body).json["id"]
        return made


@pytest.fixture
def customer(service: LocalService, examples: Examples) -> Customer:
    """A new customer, who provisions groups, too."""
    key = service.new_account()
    service.accounts.configure(key.account, groups=True, deprovisioning_limit=None)
    python = Users(TABLE_NAME, key.account, boto3.client("dynamodb", region_name=REGION))
    return Customer(ScimClient(service.base_url, key.text), python, examples.of(key.account))


def test_the_forms_and_keys_are_those_of_the_service(examples: Examples) -> None:
    vectors = json.loads(reading_vectors.FILE.read_text(encoding="utf-8"))
    forms = [each["form"] for each in vectors["identifiers"]]

    assert examples("forms", [each["text"] for each in vectors["identifiers"]]) == forms
    assert examples("sortKeys", forms) == [each["sortKey"] for each in vectors["identifiers"]]
    prefixes = examples("externalIdPrefixes", [each["text"] for each in vectors["externalIds"]])
    assert prefixes == [each["prefix"] for each in vectors["externalIds"]]


@pytest.mark.parametrize("name", ["Ada@Example.com", *MORE])
def test_a_user_is_found_by_each_of_the_identifiers(customer: Customer, name: str) -> None:
    emails = [{"value": f"{len(name)}@home.example"}, {"value": f"{len(name)}@Work.example", "primary": True}]
    made = customer.create(name, externalId=name, emails=emails)
    python, typescript = customer.python, customer.typescript
    expected = as_in_typescript(python.by_id(made))

    assert expected["userName"] == name
    assert typescript("byId", made) == expected
    assert typescript("byUserName", name.upper()) == as_in_typescript(python.by_user_name(name.upper())) == expected
    assert typescript("byEmail", f"{len(name)}@WORK.example.") == expected
    assert typescript("byExternalId", name) == [expected]
    assert typescript("addresses", expected) == [f"{len(name)}@Work.example", f"{len(name)}@home.example"]


def test_who_is_not_there_is_not_found(customer: Customer) -> None:
    customer.create("ada", externalId="E-1")

    for text in ("", "nobody", "x" * 5000, "\0", "\ud800", "a\u0301" + "\u0301" * 1500):
        assert customer.typescript("byId", text) is None
        assert customer.typescript("byUserName", text) is None
        assert customer.typescript("byEmail", text) is None
        assert customer.typescript("byExternalId", text) == []
    assert customer.typescript("byExternalId", "e-1") == []


def test_a_change_is_seen_at_once(customer: Customer) -> None:
    mara = customer.create("mara", externalId="M-1")

    customer.scim.patch(mara, {"op": "replace", "path": "active", "value": False})
    found = customer.typescript("byUserName", "mara")
    assert (found["active"], found["version"]) == (False, 2)

    customer.scim.patch(mara, {"op": "replace", "value": {"userName": "maria", "externalId": "M-2"}})
    assert customer.typescript("byUserName", "mara") is None
    assert customer.typescript("byExternalId", "M-1") == []
    assert [user["id"] for user in customer.typescript("byExternalId", "M-2")] == [mara]

    customer.scim.delete(mara)
    assert customer.typescript("byUserName", "maria") is None


def test_all_users_and_groups_come_in_order_and_from_any_of_them_on(customer: Customer) -> None:
    made = sorted(customer.create(f"user{number}", externalId="shared") for number in range(4))
    groups = sorted(customer.create_group(f"group{number}", *made[:number]) for number in range(3))
    python, typescript = customer.python, customer.typescript

    assert typescript("all") == [as_in_typescript(user) for user in python.all()]
    assert [user["id"] for user in typescript("all", made[1])] == made[2:]
    assert [user["id"] for user in typescript("byExternalId", "shared")] == made
    assert typescript("allGroups") == [as_in_typescript(group) for group in python.all_groups()]
    assert [group["id"] for group in typescript("allGroups", groups[0])] == groups[1:]
    for group in groups:
        assert typescript("group", group) == as_in_typescript(python.group(group))
        assert typescript("membersOf", group) == python.members_of(group)
    for user in made:
        assert typescript("groupsOf", user) == [as_in_typescript(group) for group in python.groups_of(user)]
    assert len(typescript("groupsOf", made[0])) == 2
    assert (typescript("group", made[0]), typescript("membersOf", made[0])) == (None, [])


ROLES = json.loads((PROJECT / "roles.json").read_text(encoding="utf-8"))


def test_the_roles_of_both_languages_are_the_same() -> None:
    assert json.loads((ROOT / "examples" / "python" / "roles.json").read_text(encoding="utf-8")) == ROLES


@pytest.mark.parametrize("carries", ["userName", "email", "externalId"])
def test_who_is_active_may_sign_in_with_the_roles_of_the_groups(customer: Customer, carries: Carries) -> None:
    ada = customer.create("ada@example.com", externalId="E-1", emails=[{"value": "ada@work.example"}])
    customer.create_group("SUPPORT", ada)
    customer.create_group("Administrators", ada)
    customer.create_group("Choir", ada)
    value = {"userName": "Ada@Example.com", "email": "Ada@WORK.example", "externalId": "E-1"}[carries]

    login = customer.typescript("signIn", ROLES, carries, value)
    roles = ["admin", "member", "read-logs"]
    assert login == {"userId": ada, "version": 1, "userName": "ada@example.com", "roles": roles}
    assert sign_in(customer.python, Roles.from_file(PROJECT / "roles.json"), carries, value).roles == roles

    customer.switch(ada, active=False)
    assert refusal(customer, carries, value) == "inactive"
    customer.scim.delete(ada)
    assert refusal(customer, carries, value) == "no such user"


def test_who_is_meant_must_be_one_person_of_this_customer(customer: Customer, service: LocalService) -> None:
    customer.create("ada", externalId="shared", emails=[{"value": "bob@example.com"}])
    customer.create("bob@example.org", externalId="shared")

    assert refusal(customer, "externalId", "shared") == "several users have this externalId"
    # The address of one is not tried as the name of another.
    assert refusal(customer, "userName", "bob@example.com") == "no such user"
    stranger = replace(customer, typescript=customer.typescript.of(service.new_account().account))
    assert refusal(stranger, "userName", "ada") == "no such user"


def refusal(customer: Customer, carries: str, value: str) -> str:
    with pytest.raises(Thrown) as thrown:
        customer.typescript("signIn", ROLES, carries, value)
    return str(thrown.value).removeprefix("Error: ")


def test_the_questions_have_their_answers(customer: Customer) -> None:
    emails = [{"value": "ada@work.example"}]
    ada, bob = customer.create("ada", externalId="E-1", emails=emails), customer.create("bob", active=False)
    customer.create_group("Support", ada)
    ask = customer.typescript

    assert [ask("maySignInAs", name) for name in ("ADA", "bob", "eve")] == [True, False, False]
    assert [ask("maySignInWithEmail", one) for one in ("ada@WORK.example", "eve@work.example")] == [True, False]
    assert [ask("maySignInWithExternalId", one) for one in ("E-1", "e-1")] == [True, False]
    assert ask("activeUsers") == [ada]
    assert ask("groupNames", ask("byId", ada)) == ["Support"]
    assert [ask("isCurrent", ada, 1), ask("isCurrent", ada, 2), ask("isCurrent", bob + "0", 1)] == [True, False, False]
    customer.create("eve", externalId="E-1")
    assert not ask("maySignInWithExternalId", "E-1")


@pytest.mark.parametrize("program", ["login.js", "webhook-receiver", "keep-copy.js", "end-sessions"])
def test_a_program_runs_through_a_link_and_without_its_ending(typescript: Path, tmp_path: Path, program: str) -> None:
    """A log-in that was not looked at must not end with 0, which says that the person may sign in."""
    (tmp_path / "current").symlink_to(typescript)

    done = run(["node", str(tmp_path / "current" / "src" / program)], cwd=tmp_path, env=node.environment())

    assert done.returncode == 2, done.stderr


def test_the_commands_of_the_readme_work_as_it_says(service: LocalService, typescript: Path, tmp_path: Path) -> None:
    """But for `npm ci` and `npm run build`, which were done before."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    _, settings, building, making, asking, answers, grouped, filling, copied, *_ = re.findall(
        r"^```(?:sh|json|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    assert building == "npm ci\nnpm run build\n"
    folder = tmp_path / "typescript"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("node_modules", "build"))
    shutil.copytree(typescript / "src", folder / "build")
    (folder / "node_modules").symlink_to(node.packages(PROJECT))
    mine = settings.replace("http://127.0.0.1:8080/scim/v2", service.base_url)
    before = f"{exports(service)}\n{mine.replace('rck_default_...', service.key.text)}"

    done = run(
        ["bash", "-c", "\n".join([before, f"{{ {making} }} >made", asking, filling])],
        cwd=folder,
        env=node.environment({"NODE_NO_WARNINGS": "1"}),
    )
    service.accounts.configure("default", groups=True)
    with_groups = run(
        ["bash", "-c", f"{before}\n{grouped}"],
        cwd=folder,
        env=node.environment({"NODE_NO_WARNINGS": "1"}),
    )

    assert re.sub(r'"userId":"[^"]+"', '"userId":"..."', done.stdout) == answers + copied
    assert done.stderr == ""
    roles = json.loads(with_groups.stdout.splitlines()[-1])["roles"]
    assert f"The roles are now `{roles[0]}`, `{roles[1]}` and `{roles[2]}`." in text
