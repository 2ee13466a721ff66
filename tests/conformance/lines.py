"""The points of every suite and profile, each with the tests that show it or the reason why it is not met.

`suites/*.toml` holds them; docs/conformance.md is written from them and from the recorded results.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from support.repository import ROOT

FOLDER: Final = ROOT / "tests" / "conformance" / "suites"

_WIRE: Final = "tests/contract/test_wire_requests.py"
_WIRE_TESTS: Final = {
    "users": (
        "test_an_identity_providers_request_is_answered_as_it_needs[moto-{}]",
        "test_a_request_about_users_is_answered_alike_where_groups_are_on[{}-twin]",
    ),
    "groups": ("test_a_request_about_groups_is_served_where_they_are_on[moto-{}]",),
}
"""What tries a recorded request; one about users with groups off and on."""


@dataclass(frozen=True)
class Line:
    """One point of a suite: shown by tests, not met because of `deviates`, or `left` to others."""

    point: str
    source: str
    tests: tuple[str, ...]
    """Node ids, with their parameters or without; without, every variant counts."""
    deviates: str
    left: str

    @property
    def verdict(self) -> str:
        """`met`, `deviates` or `left`."""
        return "deviates" if self.deviates else "left" if self.left else "met"


@dataclass(frozen=True)
class Deviation:
    """A verdict of a checker other than passed, and why it stands."""

    check: str
    verdict: str
    because: str
    tests: tuple[str, ...]
    """Node ids of what the reason says."""


@dataclass(frozen=True)
class Suite:
    """A suite or profile: of lines, or (with `package`) a checker that is run."""

    name: str
    title: str
    source: str
    about: str
    package: str
    lines: tuple[Line, ...]
    deviations: tuple[Deviation, ...]

    def named_tests(self) -> Iterator[str]:
        """The node ids of all lines and reasons."""
        for line in self.lines:
            yield from line.tests
        for deviation in self.deviations:
            yield from deviation.tests


def load(folder: Path = FOLDER) -> list[Suite]:
    """Every suite in the order of its file's name."""
    return [_suite(path) for path in sorted(folder.glob("*.toml"))]


def named_tests(suites: list[Suite]) -> list[str]:
    """The node ids that the lines name, each once, in order."""
    return sorted({test for suite in suites for test in suite.named_tests()})


def _suite(path: Path) -> Suite:
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    suite = Suite(
        path.stem,
        read.pop("title"),
        read.pop("source"),
        read.pop("about").strip(),
        read.pop("package", ""),
        tuple(_line(each) for each in read.pop("lines", [])),
        tuple(Deviation(tests=_tests(each), **each) for each in read.pop("deviations", [])),
    )
    if read:
        raise ValueError(f"{path.name} has unknown keys: {', '.join(read)}")
    return suite


def _line(read: dict[str, Any]) -> Line:
    tests = _tests(read)
    return Line(
        point=read.pop("point"),
        source=read.pop("source", ""),
        tests=tests,
        deviates=read.pop("deviates", ""),
        left=read.pop("left", ""),
        **read,
    )


def _tests(read: dict[str, Any]) -> tuple[str, ...]:
    """Take what names tests out of a table."""
    named = [f"tests/{name}" for name in read.pop("tests", [])]
    for about, tests in _WIRE_TESTS.items():
        named += [f"{_WIRE}::{test.format(step)}" for step in read.pop(f"wire_{about}", []) for test in tests]
    return tuple(named)
