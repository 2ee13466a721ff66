"""Cells of CSV files that a spreadsheet would run: defused when written, restored when read."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.roster import RosterRow, csv_rows, guarded
from operations.roster.formulas import unguarded

STARTS = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "\ufe66",
    "\ufe62",
    "\ufe63",
    "\ufe6b",
]

texts = st.text(st.sampled_from([*STARTS, "'", " ", "a", ",", '"', "ß"]), max_size=8) | st.text(max_size=20)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", "'", "''", " ", "\u00a0", "\x0b"])
def test_a_text_like_a_formula_is_marked_as_text(start: str, before: str) -> None:
    text = f"{before}{start}1+1"

    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "'", "a=1", "O'Brien", "'t Hooft", "1-2", "a@b.example", " a", "a\n=1"])
def test_any_other_text_is_not_marked(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


@given(texts)
def test_no_cell_starts_like_a_formula(text: str) -> None:
    assert not guarded(text).lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    assert not guarded(text).startswith(("\t", "\r", "\n"))


@given(texts)
def test_reading_a_cell_restores_the_text(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from([*STARTS, "'"]), min_size=1, max_size=20)
)
def test_an_import_restores_an_export_except_for_surrounding_white_space(text: str) -> None:
    # A cell's white space is taken off before it is read: files of other systems are padded.
    kept = text.strip() if guarded(text) == text else text.rstrip()
    written = StringIO(newline="")
    table = csv.writer(written)
    table.writerow(("userName", "displayName"))
    table.writerow(("mara@example.com", guarded(text)))

    # As the command reads a file: splitlines takes more for the end of a line.
    lines = [line.decode() for line in BytesIO(written.getvalue().encode())]
    _, rows = csv_rows(lines, {})
    [row] = list(rows)

    assert isinstance(row, RosterRow)
    assert row.attributes.get("displayName", "") == kept
