"""docs/architecture.md, "What is measured where", compared with what is written."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Final

from adapters.logs.telemetry import OperationRecord, RequestRecord
from domain.effects import Adopted, Effects
from support.metric_sources import emitted
from support.repository import ROOT

TEXT: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTION: Final = TEXT.partition("## What is measured where")[2].partition("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    """The rows of the table that begins with that heading, as cells."""
    table = SECTION.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([A-Za-z_]+)`", cell)


def test_exactly_the_fields_of_a_log_line_are_documented() -> None:
    effects = Effects(deactivated=1, removed=1, displaced=1, refused=1, guard_used=1, guard_allowed=2)
    effects.adopted.append(Adopted("id", privileges_dropped=True))
    effects.taken_back.append("id")
    effects.members_joined = effects.members_left = effects.members_left_out = 1
    full = RequestRecord(
        "Bulk", "id", cold_start=True, effects=effects, bulk_operations=1, counted_as=2, rate_unchecked=True,
        unlogged_refusals=1,
    )  # fmt: skip
    for each in fields(RequestRecord):
        if getattr(full, each.name) is None:
            setattr(full, each.name, "x")
    full.tolerances, full.usage.retries = ["x"], 1
    slow = RequestRecord("Bulk", "id", cold_start=False, duration_ms=1000)
    half_used = RequestRecord("DeleteUser", "id", cold_start=False, status=204, effects=Effects(half_used=True))

    documented = [name for row in rows("Log field") for name in names(row[0])]
    assert sorted(documented) == sorted(full.fields() | half_used.fields() | slow.fields())


def test_every_field_of_a_bulk_operation_is_documented() -> None:
    (described,) = (line for line in SECTION.splitlines() if line.startswith("- `message` is `bulk-operation`"))

    assert set(names(described)[1:]) == {each.name for each in fields(OperationRecord)}


def test_the_metrics_are_documented_with_their_dimensions() -> None:
    described = {name: set(names(dimensions)) for metric, _, dimensions in rows("Metric") for name in names(metric)}
    written: dict[str, set[str]] = {}
    for source in emitted():
        further = written.setdefault(source.metric, set())
        further.update(dict(source.dimensions))

    assert written == described
