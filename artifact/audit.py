"""Asks the advisory services what is known against the pinned packages, and says so when they could not be asked.

pip-audit alone does not: where a mirror or a firewall stands before the service it skips every package and ends with
"No known vulnerabilities found" and 0.

    python artifact/audit.py .venv-audit/bin/pip-audit requirements.txt ...

Exit codes: 0 all were examined and nothing is known, 1 something is known, 3 not all could be examined.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

SERVICES: Final = ("pypi", "osv")
"""Asked in this order; the next one only if the previous one could not be reached."""
SECONDS: Final = 300
"""For all of it, whatever the network does."""
SECONDS_OF_AN_ANSWER: Final = 10

KNOWN: Final = 1
NOT_EXAMINED: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """Findings of a service: packages without a known fault, known faults, and packages that were not checked."""

    examined: int
    known: tuple[str, ...]
    skipped: tuple[str, ...]
    reason: str

    @classmethod
    def of(cls, output: str, errors: str) -> Report:
        """Reads the output of pip-audit; no package was examined when it is not a report."""
        try:
            found: list[dict[str, Any]] = json.loads(output)["dependencies"]
        except (ValueError, LookupError, TypeError):
            return cls.none(errors.strip().splitlines()[-1] if errors.strip() else "pip-audit wrote no report")
        named = [(f"{one['name']} {one.get('version', '')}".strip(), one) for one in found]
        skipped = [(name, one.get("skip_reason", "")) for name, one in named if "vulns" not in one]
        return cls(
            len(found) - len(skipped),
            tuple(f"{name}: {_said(known)}" for name, one in named for known in one.get("vulns", ())),
            tuple(name for name, _ in skipped),
            (skipped[0][1] or "a package was skipped") if skipped else "" if found else "pip-audit found no package",
        )

    def __add__(self, other: Report) -> Report:
        """Both together; a package that stands in both is counted twice."""
        reason = self.reason or other.reason
        return Report(
            self.examined + other.examined, (*self.known, *other.known), (*self.skipped, *other.skipped), reason
        )

    @classmethod
    def none(cls, reason: str) -> Report:
        """Nothing was examined."""
        return cls(0, (), (), reason)

    @property
    def is_whole(self) -> bool:
        """True if every package was examined."""
        return not self.reason


def _said(known: dict[str, Any]) -> str:
    fixed = ", ".join(known.get("fix_versions", ())) or "no version"
    return f"{known['id']} ({', '.join(known.get('aliases', ())) or 'no alias'}), fixed in {fixed}"


def ask(pip_audit: str, file: str, service: str, seconds: float) -> Report:
    """Have pip-audit ask a service about what a file pins."""
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are this file's and the Makefile's
            [
                *(pip_audit, "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"),
                *("--vulnerability-service", service, "--timeout", str(SECONDS_OF_AN_ANSWER), "--requirement", file),
            ],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report.none(f"{file}: no answer in time")
    return Report.of(done.stdout, done.stderr)


def ask_about_all(pip_audit: str, files: Sequence[str], service: str, end: float) -> Report:
    """Findings of a service for all files, as far as it answers."""
    total = Report(0, (), (), "")
    for file in files:
        report = ask(pip_audit, file, service, max(1.0, end - time.monotonic()))
        total += report
        if not report.examined:
            break  # it cannot be asked, which would be the same for each file, and take its time
    return total


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(pip_audit: str, *files: str) -> int:
    """Ask, say what came of it, and give the exit code."""
    end = time.monotonic() + SECONDS
    for service in SERVICES:
        report = ask_about_all(pip_audit, files, service, end)
        for known in sorted(set(report.known)):
            _say(known)
        if report.known:
            _say(
                f"Known vulnerabilities were found ({service}). To update the packages above: make requirements "
                "UPGRADE=1"
            )
            return KNOWN
        if report.is_whole:
            _say(f"{report.examined} pinned packages were checked ({service}): no known vulnerabilities.")
            return 0
        _say(f"{service}: {report.examined} packages were checked, then the check failed: {report.reason}")
    _say(
        "NOT CHECKED: no advisory service answered for all packages, so it is unknown whether they have "
        "vulnerabilities."
    )
    return NOT_EXAMINED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
