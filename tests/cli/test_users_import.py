"""`rollcall users import`: the files that people have, what goes in, and what is refused and why."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from adapters.dynamodb import Table
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from support.invariants import assert_sound

Rollcall = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("acme")

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "PutSecretValue"}


@pytest.fixture
def users_file(tmp_path: Path) -> Callable[..., str]:
    """Writes a file and gives its name."""

    def write(content: str | bytes, name: str = "users.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def run(rollcall: Rollcall, *arguments: str, typed: str | bytes = "") -> Result:
    return rollcall("users", "import", "--account", "acme", *arguments, typed=typed)


def said(result: Result, code: int = 0) -> Any:
    """The answer in JSON."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def all_of(store: UserStore) -> list[dict[str, Any]]:
    """The attributes of all users, in order of userName."""
    users: list[StoredUser] = list(store.scan())
    return sorted((user.attributes for user in users), key=lambda attributes: attributes["userName"])


def names(store: UserStore) -> list[str]:
    return [attributes["userName"] for attributes in all_of(store)]


def test_usual_csv_headers_are_understood(
    rollcall: Rollcall, table: Table, store: UserStore, users_file: Callable[..., str]
) -> None:
    file = users_file(
        "Email Address,first_name,Last Name,username,Department,Shoe Size\n"
        "ann@corp.example,Ann,Ås,ann,Board,38\n"
        "bob@corp.example,Bob,Bo,bob,,46\n"
    )

    result = run(rollcall, file)

    assert result.exit_code == 0, result.output
    assert "Imported into acme: 2 users. Already there with the same values: 0. Refused: 0 rows." in result.stdout
    assert 'Email Address -> emails[type eq "work"].value' in result.stderr
    assert "ignored: Shoe Size" in result.stderr
    assert all_of(store) == [
        {
            "schemas": [CORE_URN, ENTERPRISE_URN],
            "emails": [{"type": "work", "value": "ann@corp.example", "primary": True}],
            "name": {"givenName": "Ann", "familyName": "Ås"},
            "userName": "ann",
            ENTERPRISE_URN: {"department": "Board"},
            "active": True,
        },
        {
            "schemas": [CORE_URN],
            "emails": [{"type": "work", "value": "bob@corp.example", "primary": True}],
            "name": {"givenName": "Bob", "familyName": "Bo"},
            "userName": "bob",
            "active": True,
        },
    ]
    assert_sound(table, "acme")


def test_json_lines_of_scim_users(rollcall: Rollcall, store: UserStore, users_file: Callable[..., str]) -> None:
    lines = [{"userName": "ann", "roles": [{"value": "admin"}]}, {"userName": "bob", "active": False}]
    file = users_file("\n".join(json.dumps(line) for line in lines), "users.jsonl")

    assert said(run(rollcall, file, "--json"))["created"] == 2
    assert all_of(store) == [{"schemas": [CORE_URN], "active": True, **line} for line in lines]  # type: ignore[dict-item]  # mypy infers object for a line


def test_a_dash_reads_standard_input(rollcall: Rollcall, store: UserStore) -> None:
    assert run(rollcall, "-", "--format", "jsonl", typed='{"userName": "ann"}\n').exit_code == 0
    assert run(rollcall, "-", "--format", "csv", typed="mail\nbob@corp.example\n").exit_code == 0
    unsaid = run(rollcall, "-", typed="mail\neve@corp.example\n")

    assert unsaid.exit_code == 2
    assert "--format csv or --format jsonl" in unsaid.stderr
    assert names(store) == ["ann", "bob@corp.example"]


def test_the_operator_can_map_columns(rollcall: Rollcall, store: UserStore, users_file: Callable[..., str]) -> None:
    file = users_file("Kürzel,Kosten = Stelle,email,title\nann,12,ann@corp.example,Dr.\n")

    result = run(
        rollcall, file, "--map", "Kürzel=userName", "--map", "Kosten = Stelle=costCenter", "--map", "title=", "--json"
    )

    assert said(result)["ignoredColumns"] == ["title"]
    (user,) = all_of(store)
    assert user["userName"] == "ann"
    assert user[ENTERPRISE_URN] == {"costCenter": "12"}
    assert "title" not in user


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xef\xbb\xbfemail,title\nann@corp.example,CEO\n", "BOM.csv"),
        ("E-Mail;Titel\r\nann@corp.example;CEO\r\n".replace("Titel", "Title"), "semicolons.csv"),
        (b"\xef\xbb\xbfsep=;\r\nEmail;Title\r\nann@corp.example;CEO\r\n", "excel.csv"),
        ("email\ttitle\nann@corp.example\tCEO\n", "tabs.tsv"),
        ('"email","title"\r\n"ann@corp.example","CEO"', "no-line-end.csv"),
        (b'\xef\xbb\xbf{"userName": "ann@corp.example", "title": "CEO"}', "BOM.jsonl"),
        ("email\ttitle\r\nann@corp.example\tCEO\r\n".encode("utf-16"), "unicode-text.txt"),
        (b"\xfe\xff" + "email;title\nann@corp.example;CEO\n".encode("utf-16-be"), "big-endian.csv"),
        ('{"userName": "ann@corp.example", "title": "CEO"}\n'.encode("utf-16"), "utf-16.jsonl"),
    ],
)
def test_the_forms_in_which_spreadsheets_save(
    rollcall: Rollcall, store: UserStore, users_file: Callable[..., str], content: str | bytes, name: str
) -> None:
    assert said(run(rollcall, users_file(content, name), "--json"))["created"] == 1
    (user,) = all_of(store)
    assert (user["userName"], user["title"]) == ("ann@corp.example", "CEO")


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16-le", "utf-16", "utf-8", "mac-roman", "utf-32"])
@pytest.mark.parametrize("standard_input", [False, True])
def test_the_operator_can_name_the_encoding(
    *, rollcall: Rollcall, store: UserStore, users_file: Callable[..., str], encoding: str, standard_input: bool
) -> None:
    content = "E-Mail;Title;active\r\nann@corp.example;Geschäftsführerin;nein\r\n".encode(encoding)
    file = "-" if standard_input else users_file(content)

    result = run(rollcall, file, "--format", "csv", "--encoding", encoding, typed=content if standard_input else "")

    assert result.exit_code == 0, result.output
    (user,) = all_of(store)
    assert (user["title"], user["active"]) == ("Geschäftsführerin", False)


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        ("klingon", "The encoding 'klingon' is unknown"),
        ("hex", "The encoding 'hex' is unknown"),
        ("undefined", "The encoding 'undefined' is unknown"),
        ("utf-16", "is not valid utf-16"),
        ("ascii", "line 2 is not valid ascii"),
    ],
)
def test_an_encoding_that_is_not_the_files_is_reported_in_one_line(
    rollcall: Rollcall, store: UserStore, users_file: Callable[..., str], encoding: str, says: str
) -> None:
    result = run(rollcall, users_file("email,title\nann@corp.example,Ås\n"), "--encoding", encoding)

    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert names(store) == []


def test_rows_that_cannot_be_imported_are_reported_with_line_and_reason_and_the_others_imported(
    rollcall: Rollcall, table: Table, store: UserStore, users_file: Callable[..., str], tmp_path: Path
) -> None:
    run(rollcall, users_file("username,email,title\nheld,held@corp.example,CEO\n", "before.csv"))
    file = users_file(
        "username,email,title,active\n"
        "ann,ann@corp.example,,yes\n"
        "ANN,other@corp.example,,yes\n"
        "anna,Ann@Corp.example,,yes\n"
        "held,new@corp.example,,yes\n"
        "new,HELD@corp.example,,yes\n"
        "bad,ann(at)corp.example,,yes\n"
        ",nameless@corp.example,,yes\n"
        "few,few@corp.example\n"
        "maybe,maybe@corp.example,,perhaps\n"
        f"long,long@corp.example,{'x' * 360_000},yes\n"
        "bob,bob@corp.example,,no\n"
    )
    report = tmp_path / "refused.csv"

    result = run(rollcall, file, "--report", str(report), "--json")

    answer = said(result, code=1)
    assert (answer["created"], answer["unchanged"], answer["refused"]) == (2, 0, 9)
    assert [(refusal["line"], refusal["reason"]) for refusal in answer["refusals"]] == [
        (3, "duplicate-user-name"),
        (4, "duplicate-email"),
        (5, "user-name-exists"),
        (6, "email-exists"),
        (7, "invalid-email"),
        (8, "missing-user-name"),
        (9, "wrong-number-of-cells"),
        (10, "invalid-value"),
        (11, "invalid-value"),
    ]
    assert 'userName "ANN" is already on line 2' in answer["refusals"][0]["detail"]
    assert "held" in answer["refusals"][2]["detail"]
    assert names(store) == ["ann", "bob", "held"]
    assert_sound(table, "acme")
    with report.open(newline="", encoding="utf-8") as rows:
        assert [(row["line"], row["reason"], row["detail"]) for row in csv.DictReader(rows)] == [
            (str(refusal["line"]), refusal["reason"], refusal["detail"]) for refusal in answer["refusals"]
        ]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_rows_with_invisible_characters_or_another_spelling_of_a_row_are_refused(
    rollcall: Rollcall, store: UserStore, users_file: Callable[..., str]
) -> None:
    file = users_file(
        "username,email\n"
        "ann,ann@m\u00fcller.example\n"
        "\uff21nn,other@corp.example\n"
        "eve,ANN@xn--mller-kva.example\n"
        "bo\u202eb,bob@corp.example\n"
        "bob,bo\u200bb@corp.example\n"
        "strau\u00df,strau\u00df@corp.example\n"
        "strauss,strauss@corp.example\n"
    )

    refusals = said(run(rollcall, file, "--json"), code=1)["refusals"]

    assert [(refusal["line"], refusal["reason"]) for refusal in refusals] == [
        (3, "duplicate-user-name"),
        (4, "duplicate-email"),
        (5, "invalid-value"),
        (6, "invalid-value"),
    ]
    assert refusals[2]["detail"] == "userName has U+202E, an invisible formatting character: remove it."
    assert refusals[3]["detail"].startswith("emails[0].value has U+200B, ")
    assert names(store) == ["ann", "strauss", "strau\u00df"]


def test_a_person_reads_the_first_refusals_and_where_the_others_are(
    rollcall: Rollcall, users_file: Callable[..., str], tmp_path: Path
) -> None:
    file = users_file("email\n" + "nobody\n" * 25)
    report = tmp_path / "refused.json"

    unreported = run(rollcall, file)
    reported = run(rollcall, file, "--report", str(report))

    assert unreported.exit_code == reported.exit_code == 1
    assert 'line 2: "nobody" is not an e-mail address, for example name@example.com.' in unreported.stderr
    assert "and 5 more; --report FILE writes all of them" in unreported.stderr
    assert f"All refused rows are in {report}" in reported.stderr
    assert len(json.loads(report.read_text())) == 25
    assert run(rollcall, file, "--report", "refused.pdf").exit_code == 2


def test_a_second_run_skips_existing_users_and_imports_new_rows(
    rollcall: Rollcall, store: UserStore, users_file: Callable[..., str]
) -> None:
    rows = "email,title\nann@corp.example,CEO\nbob@corp.example,CTO\n"
    run(rollcall, users_file(rows))
    before = {user.id: user for user in store.scan()}

    again = said(run(rollcall, users_file(rows + "eve@corp.example,CFO\n"), "--json"))

    assert (again["created"], again["unchanged"], again["refused"]) == (1, 2, 0)
    after = {user.id: user for user in store.scan()}
    assert {user_id: after[user_id] for user_id in before} == before
    assert len(after) == 3


def test_a_dry_run_reports_the_same_and_writes_nothing(
    rollcall: Rollcall, store: UserStore, users_file: Callable[..., str], aws_calls: list[str]
) -> None:
    run(rollcall, users_file("email,title\nann@corp.example,CEO\nbob@corp.example,CTO\n", "before.csv"))
    file = users_file("email,title\nann@corp.example,CEO\nBOB@corp.example,COO\neve@corp.example,CFO\nbad,CIO\n")
    aws_calls.clear()

    tried = said(run(rollcall, file, "--dry-run", "--json"), code=1)

    assert aws_calls
    assert not WRITES & set(aws_calls)
    assert len(names(store)) == 2
    done = said(run(rollcall, file, "--json"), code=1)
    assert tried | {"result": "imported", "dryRun": False} == done
    assert (done["created"], done["unchanged"], done["refused"]) == (1, 1, 2)
    assert "Would be imported into acme: 0 users." in run(rollcall, file, "--dry-run").stdout


@pytest.mark.parametrize(
    ("content", "name", "code", "message"),
    [
        ("", "users.csv", 2, "The file is empty; its first line must be a header, for example"),
        ("\n\n", "users.csv", 2, "The file is empty"),
        ("first name,last name\nAnn,Ås\n", "users.csv", 2, '--map "first name=userName"'),
        ("email,mail\na@b.example,a@b.example\n", "users.csv", 2, 'both mean emails[type eq "work"].value'),
        ("E-Mail;Stra\xdfe\r\nann@corp.example;x\r\n".encode("cp1252"), "users.csv", 2, "line 1 is not UTF-8"),
        ("email,name\nann@corp.example,\xc5s\n".encode("cp1252"), "users.csv", 2, "line 2 is not UTF-8"),
        ("email\nann@corp.example,\xc5s\n".encode("cp1252"), "users.csv", 2, "--encoding windows-1252"),
        ("email\nann@corp.example\n".encode("utf-16-le"), "users.csv", 2, "add --encoding utf-16-le"),
        ("email\nann@corp.example\n".encode("utf-16-be"), "users.csv", 2, "add --encoding utf-16-be"),
        (b"\xff\xfee\x00m\x00a", "users.csv", 2, "is not valid UTF-16"),
        (b"email,title\rann@corp.example,CEO\r", "users.csv", 2, "of old Macs. Save it as 'CSV UTF-8"),
        (b"PK\x03\x04\xff\xfe", "users.xlsx", 2, "--format csv or --format jsonl"),
    ],
)
def test_a_file_without_users_is_reported_in_one_line_and_nothing_is_imported(
    *,
    rollcall: Rollcall,
    store: UserStore,
    users_file: Callable[..., str],
    content: str | bytes,
    name: str,
    code: int,
    message: str,
) -> None:
    result = run(rollcall, users_file(content, name))

    assert result.exit_code == code
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert names(store) == []


def test_a_header_alone_and_an_empty_file_of_json_lines_are_no_users(
    rollcall: Rollcall, users_file: Callable[..., str]
) -> None:
    for file in (users_file("email,title\n"), users_file("", "users.jsonl")):
        assert said(run(rollcall, file, "--json"))["created"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.csv",), "The file missing.csv does not exist"),
        ((".",), "is a directory; name a file"),
        (("users.csv", "--report", "nowhere/refused.csv"), "The directory nowhere does not exist"),
        (("users.jsonl", "--map", "a=title"), "--map only works with CSV"),
        (("users.csv", "--map", "title"), "is not COLUMN=ATTRIBUTE"),
        (("users.csv", "--map", "nowhere=title"), "which the file does not have"),
        (("users.csv", "--map", "email=shoeSize"), "is not an attribute that a column can contain"),
    ],
)
def test_an_invalid_command_is_reported_in_one_line(
    *,
    rollcall: Rollcall,
    users_file: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    users_file("email\nann@corp.example\n")
    users_file('{"userName": "ann"}', "users.jsonl")

    result = run(rollcall, *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_users_of_an_account_that_is_not_there_are_not_imported(
    rollcall: Rollcall, table: Table, users_file: Callable[..., str]
) -> None:
    result = rollcall("users", "import", users_file("email\nann@corp.example\n"), "--account", "globex")

    assert result.exit_code == 1
    assert "rollcall --local account enable globex" in result.stderr


def test_a_progress_bar_is_for_a_terminal_only(
    rollcall: Rollcall, on_terminal: Callable[..., tuple[str, str]], users_file: Callable[..., str]
) -> None:
    file = users_file("email\n" + "".join(f"user{number}@corp.example\n" for number in range(100)))

    answer, shown = on_terminal("users", "import", file, "--account", "acme")

    assert "Imported into acme: 100 users." in answer
    assert "100/100" in shown
    assert "Importing" in shown
    assert "Importing" not in run(rollcall, file).output
