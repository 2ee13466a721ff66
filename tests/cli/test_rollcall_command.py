"""Rules for every command: help, global options, and errors without tracebacks."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner, Result

from cli.invocation import Invocation
from cli.main import app
from cli.root import globals_first
from domain.errors import UniquenessConflict
from domain.quoting import quoted

Rollcall = Callable[..., Result]

runner = CliRunner()


def test_help_names_every_command_and_the_first_two_steps() -> None:
    shown = runner.invoke(app, ["--help"]).stdout

    for word in ("account", "users", "doctor", "--stack", "--region", "--profile", "--json", "--local"):
        assert word in shown
    assert "rollcall account enable default" in " ".join(shown.split())
    assert "<bool>" not in shown


@pytest.mark.parametrize(
    "command",
    ["enable", "disable", "show", "list", "rotate-key", "revoke-previous", "delete", "set"],
)
def test_every_account_command_explains_itself(command: str) -> None:
    assert command in runner.invoke(app, ["account", "--help"]).stdout
    result = runner.invoke(app, ["account", command, "--help"])
    assert result.exit_code == 0
    assert f"rollcall account {command}" in result.stdout


def test_global_options_are_taken_from_anywhere_but_not_from_behind_a_double_dash() -> None:
    assert globals_first(["account", "show", "acme", "--json", "--stack", "other"]) == [
        "--json",
        "--stack",
        "other",
        "account",
        "show",
        "acme",
    ]
    assert globals_first(["users", "--region=eu-west-1", "list"]) == ["--region=eu-west-1", "users", "list"]
    assert globals_first(["account", "show", "--", "--json"]) == ["account", "show", "--", "--json"]
    assert globals_first(["account", "list", "--stack"]) == ["--stack", "account", "list"]


def test_without_a_local_server_the_error_shows_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROLLCALL_LOCAL_STATE", raising=False)

    result = runner.invoke(app, ["--local", "account", "list"])

    assert result.exit_code == 1
    assert result.stderr == "rollcall: no local server is running: start it with make run\n"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"baseUrl": 1}'])
def test_a_damaged_state_file_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    state = tmp_path / "local.json"
    state.write_text(content)
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(state))

    result = runner.invoke(app, ["account", "list", "--local"])

    assert result.exit_code == 1
    assert "unusable" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_region_or_credentials_the_error_names_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert "--region" in runner.invoke(app, ["account", "list"]).stderr
    assert "credentials" in runner.invoke(app, ["account", "list", "--region", "eu-central-1"]).stderr
    assert "nobody" in runner.invoke(app, ["account", "list", "--profile", "nobody"]).stderr


@pytest.mark.parametrize(
    ("variables", "options", "region", "noted"),
    [
        ({"AWS_REGION": "eu-central-1"}, (), "eu-central-1", 0),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, (), "eu-west-1", 0),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}, (), "eu-central-1", 1),
        (
            {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"},
            ("--region", "eu-north-1"),
            "eu-north-1",
            0,
        ),
    ],
    ids=["the first", "the second", "both", "an option"],
)
def test_the_region_is_the_option_then_aws_region_then_aws_default_region(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], options: tuple[str, ...], region: str, noted: int
) -> None:
    asked: list[str] = []

    def describe(client: BaseClient, *_: object) -> object:
        asked.append(client.meta.region_name)
        raise EndpointConnectionError(endpoint_url="https://example.com")

    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(BaseClient, "_make_api_call", describe)

    result = runner.invoke(app, ["account", "list", *options])

    assert asked == [region]
    assert result.stderr.count("from AWS_REGION; AWS_DEFAULT_REGION is") == noted


def test_a_defect_is_one_line_without_a_traceback(rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("rck_secret")

    monkeypatch.setattr("adapters.secrets.accounts.Accounts.list_all", broken)

    result = rollcall("account", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("rollcall: unexpected RuntimeError")
    assert "rck_secret" not in result.output
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (Invocation(), "rollcall account enable acme"),
        (Invocation(local=True), "rollcall --local account enable acme"),
        (
            Invocation("other", "eu-west-1", "ops"),
            "rollcall --stack other --region eu-west-1 --profile ops account enable acme",
        ),
    ],
    ids=["default", "local", "another stack"],
)
def test_suggested_commands_are_for_the_same_deployment(chosen: Invocation, typed: str) -> None:
    suggested = chosen.with_options("rollcall: There is none. Make it with: rollcall account enable acme")

    assert suggested == f"rollcall: There is none. Make it with: {typed}"
    assert chosen.with_options(suggested) == suggested or not chosen.options


@pytest.mark.parametrize(
    "value", ["rollcall users", "it's 'rollcall users' \"rollcall account x\"", 'a\\" rollcall users']
)
@pytest.mark.parametrize("attribute", ["userName", "emails.value"])
def test_a_value_that_reads_like_a_command_stays_the_value(attribute: str, value: str) -> None:
    detail = UniquenessConflict(attribute, value).detail

    typed = Invocation("other").with_options(detail)

    assert typed.count("rollcall --stack other ") == detail.count("rollcall ") - 2 * value.count("rollcall ")
    assert quoted(value) in typed
    assert f"={shlex.quote(value)}" in typed
