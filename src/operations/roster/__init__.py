"""Rosters: files that list the users of another system (CSV with a header, or JSON lines of SCIM users).

Pure functions from lines of text to users, or to the reasons why a row is refused. `rollcall users import` and
`rollcall users reconcile` read rosters.
"""

from __future__ import annotations

from operations.roster.columns import Columns, InvalidHeader
from operations.roster.differences import Difference, DifferenceKind, Reconciliation, differing_attributes
from operations.roster.formulas import guarded
from operations.roster.rows import Refusal, RosterRow, RowRefused, csv_rows, json_rows

__all__ = [
    "Columns",
    "Difference",
    "DifferenceKind",
    "InvalidHeader",
    "Reconciliation",
    "Refusal",
    "RosterRow",
    "RowRefused",
    "csv_rows",
    "differing_attributes",
    "guarded",
    "json_rows",
]
