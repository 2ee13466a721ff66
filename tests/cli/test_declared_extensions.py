"""Extensions that the deployment declares, in the operator's commands: settings, import, export, show, set."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from adapters.clock import MonotonicDeadline
from cli.main import app
from domain.documents import Json
from domain.resources.extension_documents import extension_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, user_type
from local.serve import write_state
from local.service import LocalService
from operations.roster import RosterRow, csv_rows
from operations.roster.exported import as_row, columns_of, left_out
from support.in_process import TwinTable
from support.rollcall_command import Aws, Rollcall, answer, kept
from support.scim_http import ScimClient

ACME = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"
PLAN = "urn:example:plan:1.0:User"
ATTRIBUTES: list[Json] = [
    {"name": "costCode", "type": "string"},
    {"name": "seats", "type": "integer"},
    {"name": "share", "type": "decimal"},
    {"name": "vip", "type": "boolean"},
    {"name": "since", "type": "dateTime"},
    {"name": "tags", "type": "string", "multiValued": True},
    {
        "name": "plan",
        "type": "complex",
        "subAttributes": [{"name": "tier", "type": "string"}, {"name": "trial", "type": "boolean"}],
    },
]
DOCUMENTS: dict[str, Json] = {
    "acme.json": {"id": ACME, "name": "AcmeUser", "attributes": ATTRIBUTES},
    "plan.json": {"id": PLAN, "name": "PlanUser", "attributes": [{"name": "level", "type": "string"}]},
}
WHOLE: Json = {
    "costCode": "-7",
    "seats": -25,
    "share": 2.5,
    "vip": False,
    "since": "2026-01-31T12:00:00Z",
    "tags": ["a", "b"],
    "plan": {"tier": "pro", "trial": True},
}

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory with the extensions that the deployment declares."""
    directory = tmp_path / "declared"
    directory.mkdir()
    for name, document in DOCUMENTS.items():
        (directory / name).write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(directory))
    return directory


def user(number: int, **extension: Any) -> StoredUser:
    attributes: Json = {"schemas": [CORE_URN], "userName": f"u{number}"}
    if extension:
        attributes = {**attributes, "schemas": [CORE_URN, ACME], ACME: extension}
    return StoredUser.new(f"2819c223-7f76-453a-919d-{number:012}", attributes, "2026-01-31T12:00:00.000Z")


@pytest.fixture
def people(twin: TwinTable) -> list[StoredUser]:
    """Users of acme: with everything but an array, with everything, and without the extension."""
    users = [user(1, **{name: WHOLE[name] for name in WHOLE if name != "tags"}), user(2, **WHOLE), user(3)]
    for each in users:
        twin.account("acme", MonotonicDeadline.after(60)).users.create(each)
    return users


def stored(twin: TwinTable, account: str) -> dict[str, Json]:
    users = twin.account(account, MonotonicDeadline.after(60)).users.scan()
    return {each.attributes["userName"]: each.attributes for each in users}


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize(
    ("value", "expected"),
    [("all", None), ("off", ()), (ACME, (ACME,)), (f"{PLAN.upper()}, {ACME},{PLAN}", (PLAN, ACME))],
)
def test_an_account_has_all_some_or_none_of_them(
    rollcall: Rollcall, aws: Aws, value: str, expected: tuple[str, ...] | None
) -> None:
    rollcall("account", "set", "acme", "extensions", "off" if expected is None else "all")

    changed = answer(rollcall("account", "set", "acme", "extensions", value, "--json"))

    assert kept(aws).settings.extensions == expected
    assert changed["settings"]["extensions"] == ("all" if expected is None else list(expected))
    shown = rollcall("account", "show", "acme").stdout
    row = next(line for line in shown.splitlines() if line.startswith("Extensions"))
    assert row.split(None, 1)[1].strip() == ("all" if expected is None else ", ".join(expected) or "off")


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("value", ["urn:nosuch:User", f"{ACME},urn:nosuch:User", "", "on", CORE_URN])
def test_an_extension_that_none_declares_is_refused_with_those_there_are(
    rollcall: Rollcall, aws: Aws, value: str
) -> None:
    refused = rollcall("account", "set", "acme", "extensions", value)

    assert (refused.exit_code, kept(aws).settings.extensions) == (2, None)
    assert ACME in refused.stderr
    assert "ROLLCALL_SCHEMAS" in refused.stderr


def test_the_command_says_what_it_does_not_find(
    rollcall: Rollcall, schemas: Path, people: list[StoredUser], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollcall("account", "set", "acme", "extensions", ACME)
    other = tmp_path / "none"
    other.mkdir()
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(other))
    file = tmp_path / "acme.csv"

    shown = rollcall("account", "show", "acme")
    of_user = rollcall("users", "show", "--account", "acme", "--user-name", "u1")
    exported = rollcall("users", "export", "--account", "acme", "--output", str(file))
    changed = rollcall("users", "set", f"{ACME}:costCode", "x", "--account", "acme", "--user-name", "u1")
    removed = rollcall("users", "set", "--remove", f"{ACME}:costCode", "--account", "acme", "--user-name", "u1")

    for result, code in ((shown, 0), (of_user, 0), (exported, 0), (changed, 1), (removed, 1)):
        assert result.exit_code == code, result.output
        assert ACME in result.stderr
        assert "ROLLCALL_SCHEMAS" in result.stderr
    assert json.loads(of_user.stdout)[ACME]["costCode"] == "-7"


@pytest.mark.parametrize("problem", ["malformed", "no directory"])
def test_files_that_cannot_be_read_are_one_line(
    rollcall: Rollcall, schemas: Path, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    if problem == "malformed":
        (schemas / "broken.json").write_text("{", encoding="utf-8")
    else:
        monkeypatch.setenv("ROLLCALL_SCHEMAS", str(schemas / "nosuch"))

    refused = rollcall("account", "set", "acme", "extensions", ACME)

    assert refused.exit_code == 1
    assert ("broken.json" if problem == "malformed" else "ROLLCALL_SCHEMAS") in refused.stderr
    assert "unexpected" not in refused.stderr


@pytest.mark.usefixtures("schemas")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_comes_in_again_as_it_was(
    rollcall: Rollcall, twin: TwinTable, people: list[StoredUser], tmp_path: Path, form: str
) -> None:
    for account in ("globex", "initech"):
        rollcall("account", "enable", account)
    file = tmp_path / f"acme.{form}"

    exported = rollcall("users", "export", "--account", "acme", "--output", str(file))
    imported = answer(rollcall("users", "import", str(file), "--account", "globex", "--keep-ids", "--json"))
    again = answer(rollcall("users", "import", str(file), "--account", "globex", "--json"))

    assert (imported["created"], imported["refused"]) == (3, 0)
    assert (again["created"], again["unchanged"]) == (0, 3)
    before, after = stored(twin, "acme"), stored(twin, "globex")
    assert after["u1"][ACME] == before["u1"][ACME]
    assert ACME not in after["u3"]
    if form == "jsonl":
        assert after == before
    else:
        assert f"{ACME}:tags (1 user)" in exported.stderr
        with file.open(newline="", encoding="utf-8") as rows:
            assert next(csv.DictReader(rows))[f"{ACME}:seats"] == "'-25"


@pytest.mark.usefixtures("schemas")
def test_columns_are_known_by_their_names_and_their_cells_are_checked(
    rollcall: Rollcall, twin: TwinTable, tmp_path: Path
) -> None:
    file = tmp_path / "users.csv"
    file.write_text(
        "login,Cost Code,plan.tier,Chairs,VIP,level\nada,7,pro,25,ja,gold\nbob,8,,many,,\ncy,9,,2.5,,\ndee,,,,maybe,\n",
        encoding="utf-8",
    )

    imported = answer(rollcall("users", "import", str(file), "--account", "acme", "--map", "Chairs=seats", "--json"), 1)

    assert imported["columns"] == {
        "login": "userName", "Cost Code": f"{ACME}:costCode", "plan.tier": f"{ACME}:plan.tier",
        "Chairs": f"{ACME}:seats", "VIP": f"{ACME}:vip", "level": f"{PLAN}:level",
    }  # fmt: skip
    (ada,) = stored(twin, "acme").values()
    assert ada["schemas"] == [CORE_URN, ACME, PLAN]
    assert ada[ACME] == {"costCode": "7", "plan": {"tier": "pro"}, "seats": 25, "vip": True}
    assert ada[PLAN] == {"level": "gold"}
    assert [(each["userName"], each["reason"]) for each in imported["refusals"]] == [
        ("bob", "invalid-value"), ("cy", "invalid-value"), ("dee", "invalid-value")
    ]  # fmt: skip


@pytest.mark.usefixtures("schemas")
def test_a_row_of_an_extension_that_none_declares_is_refused(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text(json.dumps({"userName": "ada", "urn:nosuch:2.0:User": {"x": 1}}) + "\n", encoding="utf-8")

    imported = answer(rollcall("users", "import", str(file), "--account", "acme", "--json"), 1)

    (refusal,) = imported["refusals"]
    assert (refusal["reason"], refusal["userName"]) == ("unknown-extension", "ada")
    assert "urn:nosuch:2.0:User" in refusal["detail"]
    assert "ROLLCALL_SCHEMAS" in refusal["detail"]


@pytest.mark.usefixtures("schemas", "people")
def test_attributes_of_one_user_are_set_and_removed_by_hand(rollcall: Rollcall, twin: TwinTable) -> None:
    """Also where the account's identity provider does not have them."""
    rollcall("account", "set", "acme", "extensions", "off")
    of = ("--account", "acme", "--user-name", "u3")

    done = rollcall(
        "users", "set", f"{ACME}:costCode", "9", f"{ACME}:seats", "30", f"{ACME}:vip", "true",
        f"{ACME}:plan.tier", "pro", *of,
    )  # fmt: skip
    wrong = rollcall("users", "set", f"{ACME}:seats", "many", *of)
    in_json = rollcall("users", "set", f"{ACME}:tags", '["x", "y"]', "--json-value", "--remove", f"{ACME}:vip", *of)
    neighbour = rollcall("users", "set", f"{ACME}s:seats", "1", *of)

    assert (done.exit_code, wrong.exit_code, in_json.exit_code) == (0, 1, 0), done.output + in_json.output
    assert (neighbour.exit_code, "ROLLCALL_SCHEMAS" in neighbour.stderr) == (1, True)
    assert f"{ACME}:seats" in done.stdout
    assert "integer" in wrong.stderr
    assert stored(twin, "acme")["u3"][ACME] == {
        "costCode": "9", "seats": 30, "plan": {"tier": "pro"}, "tags": ["x", "y"]
    }  # fmt: skip


@pytest.mark.usefixtures("schemas")
def test_the_doctor_names_what_the_account_has_and_the_record_what_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalService() as service:
        key = service.new_account()
        account = key.account
        monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(write_state(service)))

        def run(*arguments: str) -> Any:
            return CliRunner().invoke(app, ["--local", *arguments])

        assert run("account", "set", account, "extensions", PLAN).exit_code == 0
        service.accounts.configure(account, groups=True)
        checks = answer(run("doctor", account, "--json"))["checks"]
        body = {"schemas": [CORE_URN], "userName": "ada", ACME: {"costCode": "7", "desk": "3"}, PLAN: {"level": "x"}}
        shown = ScimClient(service.base_url, key.text).create(body)
        unknown = answer(run("activity", "--unknown-attributes", "--account", account, "--json"))["attributes"]

    (seen,) = [each["seen"] for each in checks if each["name"] == "Resource types are served"]
    assert seen == f"users and groups, with {PLAN}"
    assert ACME not in shown
    assert [(each["attribute"], f"set {account} extensions all" in each["remedy"]) for each in unknown] == [
        (f"{ACME}:costCode", True), (f"{ACME}:desk", False)
    ]  # fmt: skip


EXTENDED = user_type((extension_of(json.dumps(DOCUMENTS["acme.json"]), "acme.json"),))
_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
_extensions = st.fixed_dictionaries(
    {},
    optional={
        "costCode": _texts,
        "seats": st.integers(-(2**53), 2**53),
        "share": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
        "vip": st.booleans(),
        "plan": st.fixed_dictionaries({"tier": _texts}, optional={"trial": st.booleans()}),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_extensions)
def test_a_row_means_the_same_values_of_every_type(extension: Json) -> None:
    one = user(1, **extension)
    assert left_out(one, EXTENDED) == set()

    lines = _written([columns_of(EXTENDED), as_row(one, EXTENDED)])
    (row,) = csv_rows(lines, {}, EXTENDED)[1]

    assert isinstance(row, RosterRow), row.detail
    assert row.attributes.get(ACME, {}) == extension


def _written(rows: list[Any]) -> list[str]:
    lines: list[str] = []

    class _Lines:
        write: Callable[[str], Any] = staticmethod(lines.append)

    csv.writer(_Lines()).writerows(rows)
    return lines
