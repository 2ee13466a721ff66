"""The outcomes of a run of pytest by node id, and what they lack to show a line."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass
class Outcomes:
    """A plugin of pytest that keeps each test's outcome: `passed`, else the worst of its phases."""

    of: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for the set-up, the call and the end of each test, by xdist for those of its workers, too."""
        if report.outcome != "passed":
            self.of[report.nodeid] = report.outcome
        elif report.when == "call":
            self.of.setdefault(report.nodeid, "passed")

    def problems(self, names: list[str]) -> list[str]:
        """Why these tests do not show their lines: one that did not run, was skipped or failed."""
        return [problem for name in names for problem in self._problems(name)]

    def _problems(self, name: str) -> list[str]:
        found = variants(name, self.of)
        if not found:
            return [f"{name}: did not run"]
        return [f"{node}: {self.of[node]}" for node in found if self.of[node] != "passed"]


def variants(name: str, nodes: dict[str, str] | list[str]) -> list[str]:
    """The nodes that a name stands for: itself, or all of its parameters."""
    return [node for node in nodes if node == name or node.startswith(f"{name}[")]
