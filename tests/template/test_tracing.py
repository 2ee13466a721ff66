"""Tracing: Lambda's and API Gateway's own."""

from __future__ import annotations

import re
import sys

from support.child_processes import run
from support.repository import ROOT
from support.stack_template import FUNCTIONS, RESOURCES, of_type

MODULES = sorted({RESOURCES[name]["Properties"]["Handler"].rpartition(".")[0] for name in FUNCTIONS})
TRACERS = ("aws_xray_sdk", "opentelemetry")


def test_requests_are_traced_from_the_gateway_on() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()

    assert stage["TracingEnabled"] is True
    assert all(
        function["TracingConfig"] == {"Mode": "Active"} for function in of_type("AWS::Lambda::Function").values()
    )


def test_no_function_imports_a_tracing_sdk_even_where_one_is_installed() -> None:
    """The X-Ray SDK's import would cost more than the rest of a handler; Powertools imports it when it finds it."""
    script = (
        "import importlib, sys\n"
        "class Trap:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {TRACERS!r}: raise SystemExit('imports ' + name)\n"
        "sys.meta_path.insert(0, Trap())\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
    )

    command = [sys.executable, "-c", script, *MODULES]
    done = run(command, env={"PYTHONPATH": str(ROOT / "src")})

    assert (done.returncode, done.stderr) == (0, "")


def test_no_tracing_sdk_is_deployed() -> None:
    packages = re.findall(r"^([a-z0-9-]+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)

    assert packages
    assert not {"aws-xray-sdk", "opentelemetry-api", "opentelemetry-sdk"} & set(packages)
