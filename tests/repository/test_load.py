"""Failures of the load program: no people left to send requests about, a broken generator, bad arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random
from threading import enumerate as threads
from types import ModuleType
from typing import Any

import pytest
from rich.progress import Progress, TextColumn

from support.repository import ROOT

NOWHERE = "http://127.0.0.1:1/scim/v2"
"""An address at which no service answers, so that a request fails at once."""


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    before = set(sys.modules)
    import load  # type: ignore[import-not-found]  # a program outside the packages

    yield load
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def progress() -> Progress:
    return Progress(TextColumn("{task.description}"), disable=True)


def test_new_people_are_created_when_all_have_a_pending_request(load: ModuleType) -> None:
    mix = load.Mix([load.Person(0, "id")], Random(1))

    drawn = [mix.draw() for _ in range(500)]

    about_no_person = {"look-up", "list", "create"}
    assert sum(request.kind not in about_no_person for request in drawn) <= 1
    created = [request.body["userName"] for request in drawn if request.kind == "create"]
    assert len(created) > 100
    assert len(set(created)) == len(created)


def test_a_load_continues_when_no_request_is_answered(load: ModuleType, progress: Progress) -> None:
    running = load.Load(NOWHERE)

    running.run([load.Mix([], Random(1)), load.Mix([load.Person(0, "id")], Random(2))], 300, 1e9, progress)

    assert (running.done, len(running.errors)) == (300, 300)


@pytest.mark.parametrize("error", [IndexError, KeyboardInterrupt, SystemExit])
def test_a_broken_generator_leaves_no_thread(load: ModuleType, progress: Progress, error: type[BaseException]) -> None:
    class Broken:
        key = ""

        def draw(self) -> Any:
            raise error

    before = set(threads())

    with pytest.raises(error):
        load.Load(NOWHERE).run([Broken()], 10, 1e9, progress)

    assert set(threads()) <= before  # of other tests some may end meanwhile


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rate", "0"], ["--rate", "-5"], ["--rate", "nan"], ["--rate", "inf"], ["--rate", "many"],
        ["--seconds", "0"], ["--seconds", "-1"], ["--people", "0"], ["--people", "1.5"], ["--accounts", "0"],
        ["--accounts", "-3"], ["--rate", "0.1", "--seconds", "1"],
    ],
)  # fmt: skip
def test_invalid_arguments_are_rejected_before_anything_starts(
    load: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["load.py", *arguments])
    monkeypatch.setattr(load.engines, "dynamodb_local", lambda: pytest.fail("started"))

    with pytest.raises(SystemExit) as ended:
        load.main()

    assert ended.value.code == 2
    assert "--" in capsys.readouterr().err
