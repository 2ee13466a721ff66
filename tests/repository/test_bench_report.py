"""Reports of the benches keep their columns where the output is no terminal."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from support.repository import ROOT


def test_a_piped_table_has_one_line_for_each_row_with_every_cell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    monkeypatch.setenv("COLUMNS", "80")
    publish = import_module("report").publish
    columns = ["request", *(f"a long name of column {number}" for number in range(20))]
    row = ["GET /Users", *(1000.0 + number for number in range(20))]

    publish("Figures", columns, [row], tmp_path / "figures.json")

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if all(column in line for column in columns)]
    assert [line for line in lines if all(f"{cell:,.2f}" in line for cell in row[1:])]
    assert json.loads((tmp_path / "figures.json").read_text())["rows"] == [dict(zip(columns, row, strict=True))]
