"""Rosters: files that list the users of another system (CSV with a header, or JSON lines of SCIM users).

Pure functions from lines of text to users, or to the reasons why a row is refused. `rollcall users import` and
`rollcall users reconcile` read rosters.
"""

from __future__ import annotations

from operations.roster.columns import Columns, InvalidHeader, column_key
from operations.roster.differences import (
    Difference,
    DifferenceKind,
    Reconciliation,
    differing_attributes,
    differing_columns,
)
from operations.roster.formulas import guarded, unguarded
from operations.roster.origins import Origin, report_header, report_line, report_row
from operations.roster.rows import Refusal, RosterRow, RowRefused, csv_cells, csv_rows, json_objects, json_rows

__all__ = [
    "Columns",
    "Difference",
    "DifferenceKind",
    "InvalidHeader",
    "Origin",
    "Reconciliation",
    "Refusal",
    "RosterRow",
    "RowRefused",
    "column_key",
    "csv_cells",
    "csv_rows",
    "differing_attributes",
    "differing_columns",
    "guarded",
    "json_objects",
    "json_rows",
    "report_header",
    "report_line",
    "report_row",
    "unguarded",
]
