"""The table of docs/data-model.md that says what each operation may ask of DynamoDB."""

from __future__ import annotations

import re
from dataclasses import dataclass

from support.repository import ROOT

PAGE = ROOT / "docs" / "data-model.md"
_HEADER = "| Operation | Calls | Read units | Write units | What they are |"
_ROW = re.compile(r"^\| ([^|]+?) \| (\d+) \| (\d+) \| (\d+) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Budget:
    """The highest number of calls and of capacity units as AWS bills them, for users of 1.2 KB."""

    calls: int
    read_units: int
    write_units: int
    is_transaction: bool

    @property
    def units_of_dynamodb_local(self) -> float:
        """DynamoDB Local counts the writes of a transaction once, AWS bills them twice."""
        return self.read_units + self.write_units / (2 if self.is_transaction else 1)


def budgets(section: str = "## How each operation reads and writes") -> dict[str, Budget]:
    """Every row of the section's table by the name of its operation."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n{section}\n")
    _, found, rest = rest.partition(_HEADER)
    assert found, f"{PAGE.name} has no table with the header {_HEADER}"
    table = rest.partition("\n\n")[0]
    rows = _ROW.findall(table)
    assert len(rows) == len(table.strip().splitlines()) - 1, f"a row of the table in {PAGE.name} cannot be read"
    return {
        operation: Budget(int(calls), int(reads), int(writes), "TransactWriteItems" in what)
        for operation, calls, reads, writes, what in rows
    }
