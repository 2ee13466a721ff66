"""Rules for every function."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

import pytest
from botocore.session import Session

from handlers.environment.settings import SettingsEnvironment
from support.child_processes import run
from support.repository import ROOT
from support.source_modules import MODULES, imported
from support.stack_template import FUNCTIONS, OF_THE_API, PARAMETERS, RESOURCES, TEMPLATE, of_type

SECONDS_OF_API_GATEWAY = 29
PROPERTIES = of_type("AWS::Lambda::Function")
SETTINGS = dict.fromkeys(("TABLE_NAME", "CONNECTOR_SECRET_PREFIX", "SCIM_CONNECTOR_BASE_URL", "LOG_GROUPS"), "x")
HANDLERS = {name: PROPERTIES[name]["Handler"].rpartition(".") for name in FUNCTIONS}


def variables(name: str) -> dict[str, Any]:
    found: dict[str, Any] = PROPERTIES[name]["Environment"]["Variables"]
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_can_be_called(name: str) -> None:
    module, _, attribute = HANDLERS[name]

    assert callable(getattr(import_module(module), attribute))


def test_a_function_of_the_api_answers_before_the_gateway_gives_up() -> None:
    assert [name for name in OF_THE_API if PROPERTIES[name]["Timeout"] >= SECONDS_OF_API_GATEWAY] == []


def test_concurrency_is_bounded_unless_the_operator_reserves_none() -> None:
    """No function can take the executions of another, or of the rest of the AWS account."""
    for name in FUNCTIONS:
        _, reserved, otherwise = PROPERTIES[name]["ReservedConcurrentExecutions"]["Fn::If"]

        assert reserved, name
        assert otherwise == {"Ref": "AWS::NoValue"}


def test_requests_are_traced_from_the_gateway_on() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()

    assert stage["TracingEnabled"] is True
    assert [name for name in FUNCTIONS if PROPERTIES[name]["TracingConfig"] != {"Mode": "Active"}] == []


def test_no_function_imports_a_tracing_sdk_even_where_one_is_installed() -> None:
    """The X-Ray SDK's import would cost more than the rest of a handler; Powertools imports it when it finds it."""
    script = (
        "import importlib, sys\n"
        "class Trap:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('aws_xray_sdk', 'opentelemetry'): raise SystemExit('imports ' + name)\n"
        "sys.meta_path.insert(0, Trap())\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
    )
    modules = sorted({module for module, _, _ in HANDLERS.values()})

    done = run([sys.executable, "-c", script, *modules], env={"PYTHONPATH": str(ROOT / "src")})

    assert (done.returncode, done.stderr) == (0, "")


def test_every_function_logs_json_to_a_group_of_the_stack() -> None:
    for name in FUNCTIONS:
        logging = PROPERTIES[name]["LoggingConfig"]

        # With an ApplicationLogLevel, Lambda would drop requests below it, which metrics are counted from. Lambda's
        # own lines of WARN and above are about failures, which the saved query `crashes` reads.
        assert logging.keys() == {"LogFormat", "LogGroup", "SystemLogLevel"}
        assert logging["SystemLogLevel"] == "WARN"
        assert logging["LogFormat"] == "JSON"
        assert RESOURCES[logging["LogGroup"]["Ref"]]["Type"] == "AWS::Logs::LogGroup"


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "LOG_GROUPS" in variables(name)])
def test_a_function_that_searches_logs_knows_those_of_every_function_of_the_api(name: str) -> None:
    groups = {PROPERTIES[function]["LoggingConfig"]["LogGroup"]["Ref"] for function in OF_THE_API}

    assert groups == {group for group in groups if f"'Ref': '{group}'" in str(variables(name)["LOG_GROUPS"])}


@pytest.mark.parametrize("name", ["SettingsWidget", "Watch"])
def test_audit_lines_and_counted_lines_are_written_at_every_log_level(name: str) -> None:
    assert variables(name)["POWERTOOLS_LOG_LEVEL"] == "INFO"


def test_no_environment_holds_a_secret() -> None:
    assert [name for name in FUNCTIONS if "resolve:" in str(variables(name))] == []


def test_a_deployment_reaches_aws_and_no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [name for name in FUNCTIONS if variables(name)["AWS_ENDPOINT_URL"] != {"Ref": "LocalEndpoint"}] == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", PARAMETERS["LocalEndpoint"]["Default"])
    client = Session().create_client("dynamodb", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
    assert client.meta.endpoint_url == "https://dynamodb.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_every_environment_variable_that_its_code_requires(name: str) -> None:
    modules = imported({HANDLERS[name][0]})
    code = "".join(MODULES[module].read_text(encoding="utf-8") for module in modules)

    required = set(re.findall(r'\b(?:required|number)\(env, "(\w+)"\)', code))
    assert required
    assert required <= variables(name).keys()


def test_the_settings_page_invites_with_links_to_the_set_up_page_where_there_is_one() -> None:
    _, address, otherwise = variables("SettingsWidget")["SETUP_PAGE_URL"]["Fn::If"]
    output = TEMPLATE["Outputs"]["SetupPageUrl"]

    assert (output["Condition"], output["Value"]) == ("ServesSetupPage", address)
    assert SettingsEnvironment.from_env(SETTINGS | {"SETUP_PAGE_URL": otherwise}).setup_page_url is None
