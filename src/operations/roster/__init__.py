"""A roster: the users of another system as a file lists them (CSV with a header, or JSON lines of SCIM users).

Pure: lines of text in, users or the reasons why they are none out. `rollcall users import` and `rollcall users
reconcile` read rosters.
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
