"""What `make conformance` found: the verdicts of the checkers, and the tests that passed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from conformance.checkers import PASSED, Verdicts
from conformance.lines import Suite
from support.repository import ROOT

FILE: Final = ROOT / "tests" / "conformance" / "results.json"
GROUPS: Final = {"groups off": False, "groups on": True}


@dataclass(frozen=True)
class Results:
    """The recorded results. None of it varies from run to run, nor from machine to machine."""

    versions: dict[str, str]
    checkers: dict[str, dict[str, Verdicts]]
    """By package, then `groups off` or `groups on`."""
    tests: list[str]
    """The node ids that the lines name; each passed."""

    def text(self) -> str:
        """As the file has them."""
        return json.dumps(asdict(self), indent=1) + "\n"


def load() -> Results:
    """The results that the repository has."""
    return Results(**json.loads(FILE.read_text(encoding="utf-8")))


def unexplained(suite: Suite, runs: dict[str, Verdicts]) -> list[str]:
    """The verdicts of a checker that say that something is wrong, and for which the suite has no reason."""
    explained = {(each.check, each.verdict) for each in suite.deviations}
    return [
        f"{suite.package}, {groups}: {check}: {verdict}"
        for groups, verdicts in runs.items()
        for check, found in verdicts.items()
        for verdict in found
        if is_deviation(verdict) and (check, verdict) not in explained
    ]


def is_deviation(verdict: str) -> bool:
    """Return True for what neither passed nor was skipped."""
    return verdict != PASSED and not verdict.startswith("skipped")
