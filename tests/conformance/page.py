"""docs/conformance.md, from the suites and the recorded results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from conformance.checkers import PASSED, Verdicts
from conformance.lines import Line, Suite
from conformance.results import Results, is_deviation
from support.repository import ROOT

FILE: Final = ROOT / "docs" / "conformance.md"

_INTRODUCTION: Final = ROOT / "tests" / "conformance" / "introduction.md"


def render(suites: Sequence[Suite], results: Results) -> str:
    """Return the page; the same text for the same lines and results."""
    parts = [_INTRODUCTION.read_text(encoding="utf-8"), _summary(suites, results)]
    for suite in suites:
        body = _checker(suite, results.checkers[suite.package]) if suite.package else _lines(suite.lines)
        parts.append(f"## {suite.title}\n\n{_source(suite, results)}\n\n{suite.about}\n\n{body}")
    return "\n".join(parts)


def _source(suite: Suite, results: Results) -> str:
    return f"Version {results.versions[suite.package]}. {suite.source}" if suite.package else suite.source


def _summary(suites: Sequence[Suite], results: Results) -> str:
    rows = ["| Suite | Points | Met | Deviates | Left to others | Skipped |", "|---|---|---|---|---|---|"]
    for suite in suites:
        if suite.package:
            for groups, verdicts in results.checkers[suite.package].items():
                rows.append(_row(f"{_link(suite.title)}, {groups}", _count(verdicts)))
        else:
            rows.append(_row(_link(suite.title), Counter(line.verdict for line in suite.lines)))
    return "\n".join(rows) + "\n"


def _row(name: str, counts: Counter[str]) -> str:
    return f"| {name} | {counts.total()} | " + " | ".join(
        str(counts[verdict]) if counts[verdict] else "–" for verdict in ("met", "deviates", "left", "skipped")
    ) + " |"  # fmt: skip


def _link(title: str) -> str:
    anchor = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_").replace(" ", "-")
    return f"[{title}](#{anchor})"


def _count(verdicts: Verdicts) -> Counter[str]:
    counts: Counter[str] = Counter()
    for found in verdicts.values():
        for verdict, times in found.items():
            counts["deviates" if is_deviation(verdict) else "met" if verdict == PASSED else "skipped"] += times
    return counts


def _lines(lines: Sequence[Line]) -> str:
    rows = ["| Point | Source | Verdict | Shown by, or because |", "|---|---|---|---|"]
    for line in lines:
        reason = line.deviates or line.left
        last = " ".join(part for part in (reason, _shown(line.tests)) if part)
        rows.append(f"| {line.point} | {line.source} | {line.verdict} | {last} |")
    return "\n".join(rows) + "\n"


def _shown(tests: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(_test(test) for test in tests))


def _test(node: str) -> str:
    """A link to the test's file: by the name of the test, or of the request that it sends."""
    path, _, test = node.partition("::")
    name, _, parameters = test.rstrip("]").partition("[")
    return f"[`{parameters.removeprefix('moto-').removesuffix('-twin') or name}`](../{path})"


def _checker(suite: Suite, runs: dict[str, Verdicts]) -> str:
    checks = list(dict.fromkeys(check for verdicts in runs.values() for check in verdicts))
    rows = [f"| Check | {' | '.join(runs)} |", "|---|" + "---|" * len(runs)]
    for check in checks:
        cells = (_cell(verdicts.get(check, {})) for verdicts in runs.values())
        rows.append(f"| {check} | {' | '.join(cells)} |")
    deviations = [
        f"- **{each.check}**, `{each.verdict}`: deviates, because {each.because} {_shown(each.tests)}".rstrip()
        for each in suite.deviations
    ]
    return "\n".join(rows + (["", *deviations] if deviations else [])) + "\n"


def _cell(found: dict[str, int]) -> str:
    words = Counter[str]()
    for verdict, times in found.items():
        words["**deviates**" if is_deviation(verdict) else verdict.partition(":")[0]] += times
    return ", ".join(f"{times} {word}" for word, times in sorted(words.items(), reverse=True)) or "–"
