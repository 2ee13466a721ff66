"""artifact/build.py as a module, for the tests about it; it is a program outside src/, not one of its packages."""

from __future__ import annotations

import runpy
from typing import Any

from support.repository import ROOT

_PROGRAM: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "build.py"), run_name="build")

PACKAGES = _PROGRAM["PACKAGES"]
SERVICES = _PROGRAM["SERVICES"]
compile_bytecode = _PROGRAM["compile_bytecode"]
ARTIFACT = _PROGRAM["ARTIFACT"]
prune = _PROGRAM["prune"]
copy_packages = _PROGRAM["copy_packages"]
python_of_the_functions = _PROGRAM["python_of_the_functions"]
UTILITIES = _PROGRAM["UTILITIES"]
WITHOUT_BYTECODE = _PROGRAM["WITHOUT_BYTECODE"]
