"""The examples in docstrings do what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from support.repository import ROOT

_SOURCE = ROOT / "src"
MODULES = sorted(
    ".".join(path.relative_to(_SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in _SOURCE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    result = doctest.testmod(import_module(name))

    assert not result.failed
