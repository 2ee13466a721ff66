"""Tracing: Lambda's and API Gateway's own, and OpenTelemetry's layer where an operator names one."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from support.child_processes import run
from support.repository import ROOT
from support.stack_template import FUNCTIONS, PARAMETERS, RESOURCES, TEMPLATE, of_type

NO_VALUE = {"Ref": "AWS::NoValue"}
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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_layer_and_its_wrapper_are_there_only_where_an_operator_names_one(name: str) -> None:
    function: dict[str, Any] = of_type("AWS::Lambda::Function")[name]

    assert function["Layers"] == {"Fn::If": ["HasAdotLayer", [{"Ref": "AdotLayerArn"}], []]}
    assert function["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"] == {
        "Fn::If": ["HasAdotLayer", "/opt/otel-instrument", NO_VALUE]
    }


def test_there_is_no_layer_unless_an_operator_names_one() -> None:
    parameter = PARAMETERS["AdotLayerArn"]

    assert parameter["Default"] == ""
    assert TEMPLATE["Conditions"]["HasAdotLayer"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AdotLayerArn"}, ""]}]}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:lambda:eu-central-1:615299751070:layer:AWSOpenTelemetryDistroPython:16",
        "arn:aws:lambda:ap-southeast-3:901920570463:layer:aws-otel-python-arm64-ver-1-32-0:2",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:AWSOpenTelemetryDistroPython:3",
        "",
    ],
)
def test_a_version_of_a_layer_is_accepted(arn: str) -> None:
    assert re.fullmatch(PARAMETERS["AdotLayerArn"]["AllowedPattern"], arn)
    assert len(arn) <= PARAMETERS["AdotLayerArn"]["MaxLength"]


def test_a_layer_without_its_version_is_refused() -> None:
    arn = "arn:aws:lambda:eu-central-1:615299751070:layer:AWSOpenTelemetryDistroPython"

    assert not re.fullmatch(PARAMETERS["AdotLayerArn"]["AllowedPattern"], arn)
