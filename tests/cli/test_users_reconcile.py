"""`rollcall users reconcile`: compares an identity provider's export with the account."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from adapters.dynamodb import Table
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from support.people import stored

Rollcall = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("acme")

# The columns as each provider writes them: JumpCloud's PowerShell module (Get-JCUser | Export-Csv), Entra's "Download
# users", Okta's report of people. Ann is the same, Bob differs in his title, Eve is suspended there and active here,
# Ivo is active there and not here, Una is only there.
JUMPCLOUD = """#TYPE Selected.System.Management.Automation.PSCustomObject
"_id","account_locked","activated","addresses","attributes","company","costCenter","created","department",\
"displayname","email","employeeIdentifier","employeeType","firstname","jobTitle","lastname","location",\
"phoneNumbers","state","suspended","username"
"5f1","False","True","System.Object[]","","","","2024-01-01","Board","Ann Ås","ann@corp.example","","","Ann","CEO",\
"Ås","","","ACTIVATED","False","ann"
"5f2","False","True","System.Object[]","","","","2024-01-01","","Bob","bob@corp.example","","","Bob","CTO","Bo","","",\
"ACTIVATED","False","bob"
"5f3","False","True","System.Object[]","","","","2024-01-01","","Eve","eve@corp.example","","","Eve","","Ev","","",\
"SUSPENDED","True","eve"
"5f4","False","True","System.Object[]","","","","2024-01-01","","Ivo","ivo@corp.example","","","Ivo","","Iv","","",\
"ACTIVATED","False","ivo"
"5f5","False","True","System.Object[]","","","","2024-01-01","","Una","una@corp.example","","","Una","","Un","","",\
"ACTIVATED","False","una"
"""

ENTRA = """\ufeffuserPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,\
accountEnabled,usageLocation,streetAddress,state,country,telephoneNumber,mobilePhone,createdDateTime
ann@corp.example,Ann Ås,Ås,ann@corp.example,Ann,1,,CEO,Board,True,CH,,,,,,2024-01-01
bob@corp.example,Bob,Bo,bob@corp.example,Bob,2,,CTO,,True,CH,,,,,,2024-01-01
eve@corp.example,Eve,Ev,eve@corp.example,Eve,3,,,,False,CH,,,,,,2024-01-01
ivo@corp.example,Ivo,Iv,ivo@corp.example,Ivo,4,,,,True,CH,,,,,,2024-01-01
una@corp.example,Una,Un,una@corp.example,Una,5,,,,True,CH,,,,,,2024-01-01
"""

OKTA = """login,firstName,lastName,displayName,email,title,department,status,lastLogin
ann@corp.example,Ann,Ås,Ann Ås,ann@corp.example,CEO,Board,ACTIVE,2024-01-01
bob@corp.example,Bob,Bo,Bob,bob@corp.example,CTO,,PASSWORD_EXPIRED,2024-01-01
eve@corp.example,Eve,Ev,Eve,eve@corp.example,,,SUSPENDED,2024-01-01
ivo@corp.example,Ivo,Iv,Ivo,ivo@corp.example,,,ACTIVE,2024-01-01
una@corp.example,Una,Un,Una,una@corp.example,,,ACTIVE,2024-01-01
"""

EXPORTS = {"JumpCloud": JUMPCLOUD, "Entra": ENTRA, "Okta": OKTA}


def person(number: int, name: str, given: str, family: str, **more: Any) -> StoredUser:
    names = {"displayName": given, "name": {"givenName": given, "familyName": family}}
    return stored(number, name, **names | more)


@pytest.fixture
def people(store: UserStore) -> dict[str, StoredUser]:
    """The users of the account, by the first part of their addresses."""
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    users = {
        "ann": person(1, "ann", "Ann", "Ås", displayName="Ann Ås", title="CEO", **{urn: {"department": "Board"}}),
        "bob": person(2, "bob", "Bob", "Bo", title="COO"),
        "eve": person(3, "eve", "Eve", "Ev"),
        "ivo": person(4, "ivo", "Ivo", "Iv", active=False),
        "old": person(5, "old", "Old", "Ol"),
    }
    for user in users.values():
        store.create(user)
    return users


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An identity provider's export."""
    path = tmp_path / "export.csv"
    path.write_text(EXPORTS[request.param], encoding="utf-8")
    return str(path)


def run(rollcall: Rollcall, *arguments: str) -> Result:
    # JumpCloud's userName is no address; whether it is to be the same is the operator's to say.
    return rollcall("users", "reconcile", "--account", "acme", "--ignore", "userName", *arguments)


def test_the_export_of_each_identity_provider_is_understood_as_it_is(
    rollcall: Rollcall, people: dict[str, StoredUser], export: str
) -> None:
    result = run(rollcall, export, "--json")

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["users"] == {"there": 5, "here": 5}
    assert answer["counts"] == {
        "only there": 1,
        "only here": 1,
        "inactive here": 1,
        "inactive there": 1,
        "differs": 1,
        "unreadable there": 0,
    }
    found = {each["difference"]: each for each in answer["differences"]}
    assert found["only there"]["userName"].partition("@")[0] == "una"
    assert found["only here"]["id"] == people["old"].id
    assert found["inactive here"]["id"] == people["ivo"].id
    assert found["inactive there"]["id"] == people["eve"].id
    assert found["differs"]["id"] == people["bob"].id
    assert found["differs"]["attributes"] == ["title"]


def test_users_are_matched_in_every_spelling_of_a_name_or_an_address(
    rollcall: Rollcall, store: UserStore, tmp_path: Path
) -> None:
    ann, bob, eve = (person(number, name, name, name) for number, name in enumerate(("ann", "bob", "stra\u00df"), 1))
    for user, address in (
        (ann, "ann@xn--mller-kva.example"),
        (bob, "bob@m\u00fcller.example"),
        (eve, "eve@corp.example"),
    ):
        attributes = user.attributes | {"emails": [{"value": address, "type": "work"}]}
        store.create(StoredUser.new(user.id, attributes, user.created))
    export = tmp_path / "export.csv"
    rows = [
        "username,email",
        "\uff21nn@Corp.example,ann@M\u00dcLLER.example",
        "bob@xn--mller-kva.example,",
        "strass@corp.example,",
    ]
    export.write_text("\n".join(rows), encoding="utf-8")

    answer = json.loads(run(rollcall, str(export), "--json").stdout)

    found = [(each["difference"], each["userName"]) for each in answer["differences"]]
    assert [each for each in sorted(found) if "only" in each[0]] == [
        ("only here", "stra\u00df@corp.example"),
        ("only there", "strass@corp.example"),
    ]


def test_the_comparison_is_the_same_as_a_table_and_as_csv(
    rollcall: Rollcall, people: dict[str, StoredUser], export: str
) -> None:
    table = run(rollcall, export).stdout
    rows = list(csv.DictReader(io.StringIO(run(rollcall, export, "--csv").stdout)))

    for word in ("only there", "only here", "inactive here", "inactive there", "differs", "una", "title"):
        assert word in table
    assert "5 users there, 5 here in acme" in table
    assert [row["difference"] for row in rows] == [
        "only there",
        "only here",
        "inactive here",
        "inactive there",
        "differs",
    ]
    assert rows[4]["attributes"] == "title"


def test_a_comparison_writes_nothing(
    rollcall: Rollcall, table: Table, people: dict[str, StoredUser], export: str, aws_calls: list[str]
) -> None:
    before = table.client.scan(TableName=table.table_name)["Items"]
    aws_calls.clear()

    for form in ([], ["--json"], ["--csv"]):
        run(rollcall, export, *form)

    assert set(aws_calls) == {"GetSecretValue", "Query"}
    assert table.client.scan(TableName=table.table_name)["Items"] == before


def test_a_list_of_addresses_is_compared_by_address_alone(
    rollcall: Rollcall, people: dict[str, StoredUser], tmp_path: Path
) -> None:
    file = tmp_path / "addresses.csv"
    file.write_text("email\nANN@corp.example\nbob@corp.example\neve@corp.example\nivo@corp.example\nuna@corp.example\n")

    answer = json.loads(run(rollcall, str(file), "--json").stdout)

    assert [(each["difference"], each["userName"]) for each in answer["differences"]] == [
        ("only there", "una@corp.example"),
        ("only here", "old@corp.example"),
    ]


def test_a_row_that_is_no_user_is_reported_and_the_others_are_compared(
    rollcall: Rollcall, people: dict[str, StoredUser], tmp_path: Path
) -> None:
    file = tmp_path / "export.csv"
    file.write_text("email,active\nann@corp.example,true\nnobody,true\n")

    answer = json.loads(run(rollcall, str(file), "--json").stdout)

    assert answer["counts"]["unreadable there"] == 1
    assert answer["counts"]["only here"] == 4
    assert answer["differences"][-1]["line"] == 3
    assert "not an e-mail address" in answer["differences"][-1]["detail"]


def test_the_exit_code_shows_a_difference_only_with_the_option(
    rollcall: Rollcall, people: dict[str, StoredUser], export: str, tmp_path: Path
) -> None:
    same = tmp_path / "same.csv"
    same.write_text("email\n" + "".join(f"{name}@corp.example\n" for name in people))

    assert run(rollcall, export, "--exit-code").exit_code == 1
    assert run(rollcall, export).exit_code == 0
    agreed = run(rollcall, str(same), "--exit-code")
    assert agreed.exit_code == 0
    assert "no difference" in agreed.stdout


def test_a_cell_that_a_spreadsheet_would_run_is_guarded(rollcall: Rollcall, store: UserStore, tmp_path: Path) -> None:
    store.create(person(1, "=cmd", "A", "B"))
    file = tmp_path / "export.csv"
    file.write_text("email\nann@corp.example\n")

    assert ",'=cmd@corp.example" in "," + run(rollcall, str(file), "--csv").stdout.replace("\n", ",")
