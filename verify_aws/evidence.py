"""The results of a run, and the two files that keep them. They name no AWS account, key, address or person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from support.repository import ROOT

Verdict = Literal["passed", "failed", "interrupted", "not run"]

_MOST: Final = 99
"""Runs of one day that are written down."""
_PRIVATE: Final = (
    (re.compile(r"arn:[\w-]+:[^\s\"',;)]+"), "<arn>"),
    (re.compile(r"\brck_\w+"), "<key>"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"), "<id>"),
    (re.compile(r"\b[a-z0-9]{8,}\.execute-api\.[\w.-]+"), "<api>"),
    (re.compile(r"\b\d{12}\b"), "<account>"),
    (re.compile(r"\b[\w.+-]+@(?!example\.com\b)[\w-]+\.[\w.-]+"), "<address>"),
    (re.compile(re.escape(str(ROOT)) + "/?"), ""),
    (re.compile(re.escape(str(Path.home())) + "/?"), "~/"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a step."""

    name: str
    title: str
    verdict: Verdict
    seconds: float = 0.0
    why: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """The result of the clean-up: what was removed, by kind, and the commands that are left to do."""

    verdict: Verdict
    seconds: float
    removed: Mapping[str, int]
    left: list[str]
    why: list[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run and its results; `facts` are versions, region and commit."""

    started: datetime
    facts: Mapping[str, Any]
    outcomes: list[Outcome]
    cleaned: CleanUp

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        verdicts = [outcome.verdict for outcome in self.outcomes]
        for verdict in ("interrupted", "failed", "not run"):
            if verdict in verdicts:
                return "failed" if verdict == "not run" else verdict
        return self.cleaned.verdict

    def document(self) -> dict[str, Any]:
        """The results as JSON, without anything private."""
        found = {
            "verdict": self.verdict,
            "started": self.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **self.facts,
            "steps": [
                {
                    "name": outcome.name,
                    "title": outcome.title,
                    "verdict": outcome.verdict,
                    "seconds": round(outcome.seconds, 1),
                    **({"why": outcome.why} if outcome.why else {}),
                    **({"figures": outcome.figures} if outcome.figures else {}),
                }
                for outcome in self.outcomes
            ],
            "cleanUp": {
                "verdict": self.cleaned.verdict,
                "seconds": round(self.cleaned.seconds, 1),
                "removed": self.cleaned.removed,
                **({"left": self.cleaned.left} if self.cleaned.left else {}),
                **({"why": self.cleaned.why} if self.cleaned.why else {}),
            },
        }
        document: dict[str, Any] = without_private(found)
        return document

    def page(self) -> str:
        """The results as a page."""
        document = self.document()
        facts = "\n".join(f"| {name} | {_cell(document[name])} |" for name in self.facts)
        rows = "\n".join(
            f"| {_cell(step['title'])} | **{step['verdict']}** | {step['seconds']} | {_cell(step.get('why', ''))} |"
            for step in [*document["steps"], {"title": "Delete everything", **document["cleanUp"]}]
        )
        figures = "\n".join(
            f"| {step['name']} | {name} | {_cell(value)} |"
            for step in document["steps"]
            for name, value in step.get("figures", {}).items()
        )
        where = "an emulator of AWS" if self.facts.get("emulator") else "AWS"
        return (
            f"# Run on {where}, {self.started:%Y-%m-%d}: {self.verdict}\n\n"
            f"Written by `make verify-aws`, which started at {self.started:%H:%M} UTC.\n\n"
            f"| | |\n|---|---|\n{facts}\n\n"
            f"| Step | Verdict | Seconds | Why |\n|---|---|---|---|\n{rows}\n\n"
            f"| Step | Figure | Value |\n|---|---|---|\n{figures}\n"
        )

    def write(self, folder: Path) -> list[Path]:
        """Write both files under a name that no earlier run has; return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        name = f"aws-{self.started:%Y-%m-%d}"
        for candidate in (name, *(f"{name}-{number}" for number in range(2, _MOST))):
            data, page = folder / f"{candidate}.json", folder / f"{candidate}.md"
            try:
                with data.open("x", encoding="utf-8") as file:
                    file.write(json.dumps(self.document(), indent=2) + "\n")
            except FileExistsError:
                continue
            page.write_text(self.page(), encoding="utf-8")
            return [data, page]
        raise FileExistsError(f"{folder} has {_MOST} results of this day")


def without_private(value: Any) -> Any:
    """The value with placeholders for account ids, ARNs, keys, addresses and folders of this machine."""
    if isinstance(value, str):
        for pattern, placeholder in _PRIVATE:
            value = pattern.sub(placeholder, value)
        return value
    if isinstance(value, Mapping):
        return {name: without_private(member) for name, member in value.items()}
    if isinstance(value, Iterable):
        return [without_private(member) for member in value]
    return value


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {_cell(member)}" for name, member in value.items())
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("\n", " ")
