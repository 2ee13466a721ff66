"""Rosters: which column is which attribute, which rows are users, and why the others are not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from operations.roster import Columns, InvalidHeader, Refusal, RosterRow, csv_rows, json_rows
from operations.roster.columns import ColumnTarget
from operations.roster.names import ACTIVE, INACTIVE, LAST_RESORT, SYNONYMS


def read(text: str, mapped: dict[str, str] | None = None) -> list[RosterRow | Refusal]:
    return list(csv_rows(io.StringIO(text, newline=""), mapped or {})[1])


def users(text: str, mapped: dict[str, str] | None = None) -> list[dict[str, Any]]:
    rows = read(text, mapped)
    assert [row for row in rows if isinstance(row, Refusal)] == []
    return [row.attributes for row in rows if isinstance(row, RosterRow)]


def reasons(rows: Sequence[RosterRow | Refusal]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, Refusal)]


def test_the_columns_that_applications_have_are_understood() -> None:
    (user,) = users(
        "E-Mail Address,first_name,Last Name [Required],username,Display Name,title,Department,Employee ID,phone,"
        "Mobile Phone,status,City,externalId\r\n"
        "ann@corp.example,Ann,Ås,ann,Ann Ås,CEO,Board,7,+41 1,+41 2,Suspended,Bern,x-1\r\n"
    )

    assert user == {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "emails": [{"type": "work", "value": "ann@corp.example", "primary": True}],
        "name": {"givenName": "Ann", "familyName": "Ås"},
        "userName": "ann",
        "displayName": "Ann Ås",
        "title": "CEO",
        ENTERPRISE_URN: {"department": "Board", "employeeNumber": "7"},
        "phoneNumbers": [{"type": "work", "value": "+41 1"}, {"type": "mobile", "value": "+41 2"}],
        "active": False,
        "addresses": [{"type": "work", "locality": "Bern"}],
        "externalId": "x-1",
    }


def test_every_known_column_name_means_exactly_one_attribute() -> None:
    names = [name for known in SYNONYMS.values() for name in known] + [*ACTIVE, *INACTIVE, *LAST_RESORT]

    assert len(names) == len(set(names))
    assert [
        path for path in SYNONYMS if ColumnTarget.parse(path) is None or str(ColumnTarget.parse(path)) != path
    ] == []


def test_without_a_user_name_the_address_is_the_user_name() -> None:
    (user,) = users("Mail\nann@corp.example\n")

    assert user["userName"] == "ann@corp.example"


def test_a_row_without_its_user_name_is_refused_even_if_it_has_an_address() -> None:
    assert reasons(read("login,email\n,ann@corp.example\n")) == [(2, "missing-user-name")]


def test_an_imported_user_is_claimed_by_no_identity_provider() -> None:
    (user,) = users("email,id,_id,objectId\nann@corp.example,1,2,3\n")

    assert "externalId" not in user


@pytest.mark.parametrize(
    ("header", "cells", "active"),
    [
        ("email,username,activated,suspended,state", "true,true,ACTIVATED", True),
        ("email,username,activated,suspended,state", "true,false,SUSPENDED", False),
        ("email,username,state", "STAGED", False),
        ("email,username,activated,suspended", "True,True", False),
        ("email,username,activated", "False", False),
        ("mail,userPrincipalName,accountEnabled,state", "False,Bern", False),
        ("mail,userPrincipalName,accountEnabled,state", "True,Bern", True),
        ("email,login,status", "DEPROVISIONED", False),
        ("email,login,status", "PASSWORD_EXPIRED", True),
        ("email,login,status", "1", True),
    ],
)
def test_the_most_reliable_column_determines_active(header: str, cells: str, active: bool) -> None:
    (user,) = users(f"{header}\nann@corp.example,ann,{cells}\n")

    assert user["active"] is active


def test_state_means_the_region_in_an_export_of_entra() -> None:
    (user,) = users("mail,userPrincipalName,accountEnabled,state\nann@corp.example,ann,True,Bern\n")

    assert user["addresses"] == [{"type": "work", "region": "Bern"}]


def test_jumpclouds_columns_of_json_are_ignored() -> None:
    columns, _ = csv_rows(["_id,email,username,addresses,phonenumbers,attributes\n"], {})

    assert columns.ignored == ["_id", "addresses", "phonenumbers", "attributes"]


def test_an_unknown_state_refuses_the_row() -> None:
    (refusal,) = read("email,state\nann@corp.example,perhaps\n")

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "invalid-value"
    assert "perhaps" in refusal.detail


def test_the_operator_can_map_a_column() -> None:
    text = "Kürzel,Kosten,Privat,email\nann,12,+41 3,ann@corp.example\n"

    (user,) = users(text, {"kürzel": "userName", "Kosten": f"{ENTERPRISE_URN}:costCenter", "email": "", "Privat": ""})
    (other,) = users(text, {"Kürzel": "userName", "Privat": 'phoneNumbers[type eq "home"].value'})

    assert user["userName"] == "ann"
    assert user[ENTERPRISE_URN] == {"costCenter": "12"}
    assert "emails" not in user
    assert other["phoneNumbers"] == [{"type": "home", "value": "+41 3"}]


def test_a_mapping_by_the_operator_overrides_a_guess() -> None:
    columns = Columns.of(["email", "Real Mail"], {"Real Mail": "emails.value"})

    assert columns.meanings == {"Real Mail": 'emails[type eq "work"].value'}
    assert columns.ignored == ["email"]


@pytest.mark.parametrize(
    ("header", "mapped", "message"),
    [
        ("", {}, "empty"),
        ("\n", {}, "empty"),
        (" , \n", {}, "no column names"),
        ("nice,things\n", {}, '--map "nice=userName"'),
        ("email,Email\n", {}, '--map "Email="'),
        ("email,email\n", {}, "Rename one"),
        ("email\n", {"mail": "userName"}, '"mail"'),
        ("x,x,email\n", {"x": "title"}, "twice"),
        ("email,x\n", {"x": "favourite"}, "favourite"),
        ("email,x\n", {"x": "password"}, "password"),
        ("email,x\n", {"x": "id"}, "id"),
        ("email,x\n", {"x": "emails"}, "emails"),
        ("email,x\n", {"x": "phoneNumbers[primary eq true].value"}, "primary"),
        ('"email\n', {}, "not CSV"),
    ],
)
def test_an_invalid_header_is_reported_in_one_line(header: str, mapped: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidHeader) as refused:
        csv_rows(io.StringIO(header), mapped)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_header_without_rows_is_an_empty_roster() -> None:
    assert read("email,title\n") == []
    assert read("email,title\n\n , \n") == []


def test_a_duplicate_value_in_the_file_names_the_line_that_has_it() -> None:
    rows = read("userName,email\nann,ann@corp.example\nANN,x@corp.example\nbob,Ann@CORP.example\nx,x@corp.example\n")

    assert reasons(rows) == [(3, "duplicate-user-name"), (4, "duplicate-email")]
    assert all("line 2" in row.detail for row in rows if isinstance(row, Refusal))
    assert [row.line for row in rows if isinstance(row, RosterRow)] == [2, 5]


@pytest.mark.parametrize(
    "address", ["ann", "@corp.example", "ann@", "a@b.example;c@b.example", "Ann <a@b.example>", "a@@b"]
)
def test_an_invalid_address_is_refused(address: str) -> None:
    assert reasons(read(f'email,userName\n"{address}",ann\n')) == [(2, "invalid-email")]


@pytest.mark.parametrize("row", ["ann@corp.example", "ann@corp.example,CEO,more", "a@corp.example,CEO, of all"])
def test_a_row_with_too_few_or_too_many_cells_is_refused_and_the_next_is_read(row: str) -> None:
    rows = read(f"email,title\n{row}\nbob@corp.example,CTO\n")

    assert reasons(rows) == [(2, "wrong-number-of-cells")]
    assert isinstance(rows[1], RosterRow)


def test_empty_cells_past_the_header_are_allowed() -> None:
    assert len(users("email,title\nann@corp.example,CEO,,\n")) == 1


def test_an_unclosed_quotation_mark_refuses_its_row_only() -> None:
    rows = read('email,title\nann@corp.example,CEO\nbob@corp.example,"CTO\ncid@corp.example,CIO\n')

    assert reasons(rows) == [(3, "invalid-csv")]
    assert len(rows) == 2


def test_a_huge_cell_is_one_cell_of_one_row() -> None:
    rows = read(f"email,title\nann@corp.example,{'x' * 300_000}\nbob@corp.example,CTO\n")

    assert reasons(rows) == [(2, "invalid-value")]
    assert len(rows) == 2


def test_the_type_line_of_powershell_is_skipped_but_counted() -> None:
    rows = read('#TYPE System.Object\r\n"email","title"\r\n"ann@corp.example","CEO"\r\n"bad",""\r\n')

    assert reasons(rows) == [(4, "invalid-email")]
    assert [row.line for row in rows] == [3, 4]


@pytest.mark.parametrize("separator", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_separator_line_for_excel_is_applied_and_skipped(separator: str) -> None:
    rows = read(f"{separator}\r\nemail;title, and rank, or none\r\nann@corp.example;CEO\r\nbad;CEO\r\n")

    assert reasons(rows) == [(4, "invalid-email")]
    assert [row.line for row in rows] == [3, 4]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_one_of_the_header(separator: str) -> None:
    text = separator.join(("email", '"last, first; name"', "title")) + "\n"
    text += separator.join(("ann@corp.example", "x", '"a,b;c"')) + "\n"

    (user,) = users(text)

    assert user["title"] == "a,b;c"


def test_the_mark_against_formulas_is_removed() -> None:
    (user,) = users("email,phone,title,nickname\nann@corp.example,'+41 1,'quoted',5'-10\n")

    assert user["phoneNumbers"][0]["value"] == "+41 1"
    assert user["title"] == "'quoted'"
    assert user["nickName"] == "5'-10"  # not the first character


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
KEPT = TEXT.map(str.strip).filter(lambda text: text and not text.startswith("'"))


@given(
    titles=st.lists(KEPT, min_size=1, max_size=5),
    separator=st.sampled_from([",", ";", "\t"]),
    line_end=st.sampled_from(["\r\n", "\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_every_text_that_a_csv_writer_writes_is_read_unchanged(
    titles: list[str], separator: str, line_end: str, quoting: Any
) -> None:
    # Where lines end in LF, Python's writer before 3.13 quotes no CR, so a reader takes it for a line end.
    assume(line_end == "\r\n" or quoting == csv.QUOTE_ALL or not any("\r" in title for title in titles))
    target = io.StringIO(newline="")
    table = csv.writer(target, delimiter=separator, lineterminator=line_end, quoting=quoting)
    table.writerow(("email", "title"))
    table.writerows((f"user{number}@corp.example", title) for number, title in enumerate(titles))

    # Lines end in LF alone where a file is read as bytes.
    lines = [line.decode() for line in io.BytesIO(target.getvalue().encode())]
    _, rows = csv_rows(lines, {})

    assert [row.attributes["title"] for row in rows if isinstance(row, RosterRow)] == titles


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    lines = [line.decode() for line in io.BytesIO(text.encode())]

    for row in csv_rows(["email,title\n", *lines], {})[1]:
        assert row.line >= 2
    for row in json_rows(lines):
        assert row.line >= 1


def test_json_lines_are_users_with_their_ids() -> None:
    line = json.dumps({"schemas": [CORE_URN], "id": "7", "meta": {"version": "x"}, "USERNAME": "ann", "title": None})

    (row,) = json_rows([line + "\n", "\n"])

    assert row == RosterRow(1, {"schemas": [CORE_URN], "userName": "ann"}, "7")


def test_a_json_line_needs_no_schemas() -> None:
    (row,) = json_rows(['{"userName": "ann"}'])

    assert isinstance(row, RosterRow)
    assert row.attributes["schemas"] == [CORE_URN]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "invalid-json"),
        ("[]", "invalid-json"),
        ('{"userName": NaN}', "invalid-json"),
        ('{"userName": ' + "1" * 5000 + "}", "invalid-json"),
        ("[" * 100_000, "invalid-json"),
        ('{"title": "x"}', "invalid-value"),
        ('{"userName": "ann", "emails": [{"value": "nowhere"}]}', "invalid-value"),
        ('{"userName": "ann", "shoeSize": 7}', "invalid-syntax"),
        ('{"userName": "ann", "username": "bob"}', "invalid-syntax"),
        ('{"userName": "\\ud800"}', "invalid-value"),
        ('{"userName": "ann", "userName": "bob"}', "invalid-json"),
        ('{"userName": "ann", "title": "' + "x" * 4_097 + '"}', "invalid-value"),
        ('{"userName": "ann", "title": "e' + "\\u0301" * 31 + '"}', "invalid-value"),
        ('{"userName": "' + "x" * 1_025 + '"}', "invalid-value"),
        ('{"userName": "e' + "\\u0301" * 31 + '"}', "invalid-value"),
    ],
)
def test_a_json_line_that_is_not_a_user_is_refused_and_the_next_is_read(line: str, reason: str) -> None:
    rows = list(json_rows([line, '{"userName": "bob"}']))

    assert reasons(rows) == [(1, reason)]
    assert len(rows) == 2
