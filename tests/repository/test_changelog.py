"""CHANGELOG.md has the form that a release takes its notes from."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import NamedTuple

import pytest

from support.repository import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


class Section(NamedTuple):
    """A released version, with its date and the text below."""

    version: tuple[int, ...]
    day: date
    text: str


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


FIRST, *RELEASED = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
SECTIONS = [
    Section(numbers(found[1]), date.fromisoformat(found[2]), text)
    for text in RELEASED
    if (found := re.match(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})\n", text))
]


def test_what_is_not_released_comes_first_and_every_other_section_is_a_version_with_its_date() -> None:
    assert FIRST.startswith("[Unreleased]\n")
    assert RELEASED
    assert len(SECTIONS) == len(RELEASED)


def test_versions_are_in_order_the_newest_first() -> None:
    assert sorted(SECTIONS, key=lambda section: (section.version, section.day), reverse=True) == SECTIONS
    assert len({section.version for section in SECTIONS}) == len(SECTIONS)


def test_the_project_is_at_the_newest_version_or_about_to_release_a_later_one() -> None:
    assert numbers(VERSION) >= SECTIONS[0].version


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: ".".join(map(str, section.version)))
def test_a_version_has_upgrade_notes(section: Section) -> None:
    [notes] = re.findall(r"^### Upgrade notes\n\n(.*?)(?=^### |\Z)", section.text, re.MULTILINE | re.DOTALL)

    assert re.search(r"\w", notes)
