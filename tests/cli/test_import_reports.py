"""The report of an import: the refused rows as they are in the file, to be corrected and imported again."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.ports import UserStore
from domain.resources.user_schema import ENTERPRISE_URN
from support.rollcall_command import Rollcall, answer

pytestmark = pytest.mark.usefixtures("acme")

REPORT = ["line", "row", "reason", "detail"]
ROWS = (
    "Kürzel,email,title,department,active\n"
    "ann,ann@corp.example,'=1+1,=cmd(),yes\n"
    'eve,eve@corp.example,"two\nlines",Board,perhaps\n'
    "bob,bob(at)corp.example,'''t Hooft,-2,no\n"
    "\n"
    "kim,kim@corp.example,CEO,Board\n"
    'tom,tom@corp.example,"the "2nd",Board,no\n'
)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "users.csv", tmp_path / "refused.csv"


def imported(rollcall: Rollcall, what: str, file: Path, *options: str, code: int = 0) -> Any:
    return answer(rollcall(what, "import", str(file), "--account", "acme", *options, "--json"), code)


def cells(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines))


def save(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target, delimiter=";").writerows(rows)


def test_refused_rows_are_corrected_in_the_report_and_imported(
    rollcall: Rollcall, store: UserStore, paths: tuple[Path, Path]
) -> None:
    file, report = paths
    file.write_text(ROWS, encoding="utf-8")

    first = imported(rollcall, "users", file, "--map", "Kürzel=userName", "--report", str(report), code=1)

    assert [(row["line"], row["row"], row["userName"]) for row in first["refusals"]] == [
        (3, 3, "eve"), (5, 4, "bob"), (7, 6, "kim"), (8, 7, ""),
    ]  # fmt: skip
    header, *rows = cells(report)
    assert header == [*REPORT, "Kürzel", "email", "title", "department", "active"]
    assert [row[:3] for row in rows] == [
        ["3", "3", "invalid-value"],
        ["5", "4", "invalid-email"],
        ["7", "6", "wrong-number-of-cells"],
        ["8", "7", "invalid-csv"],
    ]
    assert rows[0][4:] == ["eve", "eve@corp.example", "two\nlines", "Board", "perhaps"]
    assert rows[1][4:] == ["bob", "bob(at)corp.example", "'''t Hooft", "'-2", "no"]
    assert rows[3][4:] == ['tom,tom@corp.example,"the "2nd",Board,no']

    rows[0][8] = "yes"
    rows[1][5] = "bob@corp.example"
    rows[2].append("yes")
    rows[3][4:] = ["tom", "tom(at)corp.example", 'the "2nd"', "Board", "no"]
    save(report, [header, *rows])
    again = report.with_name("again.csv")
    second = imported(rollcall, "users", report, "--map", "Kürzel=userName", "--report", str(again), code=1)

    assert (second["created"], second["refused"]) == (3, 1)
    assert second["ignoredColumns"] == []
    assert cells(again)[0] == header
    [left] = cells(again)[1:]
    assert (left[2], left[4:]) == ("invalid-email", ["tom", "tom(at)corp.example", 'the "2nd"', "Board", "no"])
    left[5] = "tom@corp.example"
    save(again, [header, left])
    assert imported(rollcall, "users", again, "--map", "Kürzel=userName")["created"] == 1
    users = {user.attributes["userName"]: user.attributes for user in store.scan()}
    assert users.keys() == {"ann", "eve", "bob", "kim", "tom"}
    assert (users["ann"]["title"], users["ann"][ENTERPRISE_URN]["department"]) == ("=1+1", "=cmd()")
    assert (users["bob"]["title"], users["bob"][ENTERPRISE_URN]["department"]) == ("'''t Hooft", "-2")
    assert users["eve"]["title"] == "two\nlines"


def test_a_row_of_a_report_that_is_no_csv_is_kept_in_the_next_report(
    rollcall: Rollcall, paths: tuple[Path, Path]
) -> None:
    file, report = paths
    row = '2,2,invalid-email,"no "address",bob(at)corp.example'
    file.write_text(f"{','.join(REPORT)},email\n{row}\n", encoding="utf-8")

    imported(rollcall, "users", file, "--report", str(report), code=1)

    assert cells(report)[1][4:] == [row]


def test_a_row_whose_user_differs_is_in_the_report_as_it_is_in_the_file(
    rollcall: Rollcall, store: UserStore, paths: tuple[Path, Path]
) -> None:
    file, report = paths
    file.write_text("email,title\nann@corp.example,CEO\n")
    imported(rollcall, "users", file)
    file.write_text("email,title,Team\nann@corp.example,CTO,red\n")

    [refused] = imported(rollcall, "users", file, "--report", str(report), code=1)["refusals"]

    assert refused["userName"] == "ann@corp.example"
    assert cells(report)[1][4:] == ["ann@corp.example", "CTO", "red"]
    assert len(list(store.scan())) == 1


def test_json_lines_are_corrected_in_the_report_and_imported(
    rollcall: Rollcall, store: UserStore, tmp_path: Path
) -> None:
    file, report = tmp_path / "users.jsonl", tmp_path / "refused.jsonl"
    file.write_text('{"userName": "ann"}\n{"userName": "bob", "active": "perhaps", "title": "CEO"}\nno json\n')

    first = imported(rollcall, "users", file, "--report", str(report), code=1)

    assert first["refusals"][0]["userName"] == "bob"
    bob, unread = map(json.loads, report.read_text().splitlines())
    assert (bob["refused"]["line"], bob["title"]) == (2, "CEO")
    assert (unread["refused"]["reason"], unread["refused"]["text"]) == ("invalid-json", "no json")
    report.write_text(json.dumps({**bob, "active": False}) + "\n" + json.dumps({**unread, "userName": "eve"}))
    assert imported(rollcall, "users", report)["created"] == 2
    users = {user.attributes["userName"]: user.attributes for user in store.scan()}
    assert "refused" not in users["bob"]
    assert users["bob"]["title"] == "CEO"
    assert users.keys() == {"ann", "bob", "eve"}


def test_memberships_are_corrected_in_the_report_and_imported(
    rollcall: Rollcall, table: Table, paths: tuple[Path, Path]
) -> None:
    file, report = paths
    file.write_text("email\nann@corp.example\nbob@corp.example\n")
    imported(rollcall, "users", file)
    file.write_text("group,userName,note\nSales,ann@corp.example,x\n,bob@corp.example,=y\nSales,nosuch,z\n")

    first = imported(rollcall, "groups", file, "--report", str(report), code=1)

    assert [(row["line"], row["row"]) for row in first["refusals"]] == [(3, 3), (4, 4)]
    header, *rows = cells(report)
    assert header == [*REPORT, "group", "userName", "note"]
    assert [row[4:] for row in rows] == [["", "bob@corp.example", "'=y"], ["Sales", "nosuch", "z"]]
    rows[0][4] = "Sales"
    rows[1][5] = "ann@corp.example"
    save(report, [header, *rows])
    second = imported(rollcall, "groups", report)
    assert (second["added"], second["unchanged"]) == (1, 1)
    directory = table.account("acme", MonotonicDeadline.after(9))
    [group] = directory.groups.page_after(None, 9).resources
    assert len(directory.members.of(group.id)) == 2


def test_members_in_json_lines_are_corrected_in_the_report_and_imported(rollcall: Rollcall, tmp_path: Path) -> None:
    file, report = tmp_path / "groups.jsonl", tmp_path / "refused.jsonl"
    users = tmp_path / "users.csv"
    users.write_text("email\nann@corp.example\nbob@corp.example\n")
    imported(rollcall, "users", users)
    members = [{"display": "ann@corp.example"}, {"display": "bbo@corp.example"}]
    file.write_text(json.dumps({"displayName": "Sales", "members": members}) + "\n")

    imported(rollcall, "groups", file, "--report", str(report), code=1)

    [line] = report.read_text().splitlines()
    assert json.loads(line)["members"] == [{"display": "bbo@corp.example"}]
    report.write_text(line.replace("bbo@", "bob@"))
    assert imported(rollcall, "groups", report)["added"] == 1


@pytest.mark.parametrize(
    ("file", "report", "says"),
    [
        ("users.csv", "refused.jsonl", "end with .csv, which can be imported, or .json"),
        ("users.jsonl", "refused.csv", "end with .jsonl, which can be imported, or .json"),
        ("users.csv", "users.csv", "cannot overwrite the imported file"),
    ],
)
@pytest.mark.parametrize("what", ["users", "groups"])
def test_a_report_has_the_form_of_its_file_and_another_name(
    *, rollcall: Rollcall, tmp_path: Path, what: str, file: str, report: str, says: str
) -> None:
    (tmp_path / file).write_text("email\nann@corp.example\n")

    result = rollcall(what, "import", str(tmp_path / file), "--account", "acme", "--report", str(tmp_path / report))

    assert result.exit_code == 2
    assert says in result.stderr
    assert (tmp_path / file).read_text() == "email\nann@corp.example\n"
