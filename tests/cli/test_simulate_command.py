"""`rollcall simulate` against the service that `make run` starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from local.serve import write_state
from local.service import LocalService
from support.least_scim_service import KEY, at, error, least_scim_service

Simulate = Callable[..., Result]


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def simulate(service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """Runs it as an operator does in the directory of `make run`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ROLLCALL_LOCAL_STATE", raising=False)
    monkeypatch.delenv("CONNECTOR_KEY", raising=False)
    write_state(service)
    return lambda *arguments: CliRunner().invoke(app, ["--local", "simulate", *arguments])


def test_a_person_reads_each_step_and_the_verdict(service: LocalService, simulate: Simulate) -> None:
    account = service.new_account().account

    result = simulate("okta", "--scenario", "mover", "--account", account, "--run", "shown", "--clean")

    assert result.exit_code == 0, result.output
    assert "update.02-put-round-trip" in result.stdout
    assert "Everything matches" in result.stdout
    assert "1 user" in result.stdout


def test_on_a_terminal_of_80_columns_each_step_is_one_line_below_its_scenario(
    service: LocalService, simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    account = service.new_account().account

    result = simulate("entra", "--scenario", "leaver", "--account", account, "--clean")

    shown = click.unstyle(result.stdout).splitlines()

    lines = [line.split() for line in shown if line]
    assert lines[:2] == [["Step", "Request", "Sent", "Answer", "Result"], ["leaver"]]
    assert ["patch.05-capital-op-real-boolean", "PATCH", "/Users/{id}", "1", "200", "ok"] in lines
    assert ["patch.21-unknown-id", "PATCH", "/Users/{id}", "1", "404", "ok"] in lines
    assert max(map(len, shown)) <= 80


def test_a_run_that_stays_says_how_to_continue_and_remove_it(service: LocalService, simulate: Simulate) -> None:
    account = service.new_account().account

    result = simulate("okta", "--scenario", "mover", "--account", account, "--run", "kept")

    assert "rollcall --local simulate okta --run kept --seed 1 --scenario mover" in result.stderr
    assert f"--account {account} --clean" in result.stderr


def test_the_answer_for_programs(service: LocalService, simulate: Simulate) -> None:
    account = service.new_account().account

    answer = json.loads(simulate("entra", "--scenario", "leaver", "--account", account, "--json").stdout)

    assert answer["ok"] is True
    assert answer["profile"] == "entra"
    assert answer["scenarios"] == ["leaver"]
    assert {step["failed"] for step in answer["steps"]} == {0}
    assert answer["differences"] == []


def test_verbose_shows_requests_and_answers_without_the_key(service: LocalService, simulate: Simulate) -> None:
    key = service.new_account()

    result = simulate("okta", "--scenario", "mover", "--account", key.account, "-v")

    assert "PUT /Users/" in result.stderr
    assert '  > {"schemas"' in result.stderr
    assert "  < {" in result.stderr
    assert key.text not in result.output


def test_users_of_others_are_refused(service: LocalService, simulate: Simulate) -> None:
    account = service.new_account().account
    with least_scim_service() as other:
        other.users["1"] = {"id": "1", "userName": "ann"}
        result = CliRunner().invoke(app, ["simulate", "okta", "--base-url", other.base_url], env={"CONNECTOR_KEY": KEY})

        assert result.exit_code == 1
        assert "--into-existing" in result.stderr
        assert list(other.users) == ["1"]
    assert simulate("okta", "--scenario", "mover", "--account", account).exit_code == 0


def test_a_failure_is_exit_code_1_with_a_fix() -> None:
    with least_scim_service() as other:
        other.fault = at("POST", "/Users", error(500, "broken"))
        result = CliRunner().invoke(
            app,
            ["simulate", "okta", "--scenario", "mover", "--base-url", other.base_url],
            env={"CONNECTOR_KEY": KEY, "COLUMNS": "200"},
        )

    assert result.exit_code == 1
    assert "create.02-post: 500: broken" in result.stdout
    assert "Fix:" in result.stdout
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["okta", "--base-url", "http://scim.example.com/v2"], "not https"),
        (["okta", "--base-url", "https://scim.example.com/v2/"], "slash"),
        (["okta", "--base-url", "https://scim.example.com/v2"], "CONNECTOR_KEY"),
        (["okta", "--run", "Two Words"], "not a name of a run"),
        (["okta", "--users", "9", "--scenario", "mass-leave"], "at least 10 users"),
        (["google"], "google"),
        (["okta", "--scenario", "nothing"], "nothing"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(simulate: Simulate, arguments: list[str], said: str) -> None:
    result = simulate(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr


def test_it_asks_before_it_writes_to_another_machine() -> None:
    result = CliRunner().invoke(
        app, ["simulate", "okta", "--base-url", "https://scim.example.com/v2"], env={"CONNECTOR_KEY": KEY}
    )

    assert result.exit_code == 1
    assert "Create simulated users at https://scim.example.com/v2" in result.stderr
    assert "Nothing was changed" in result.stderr


def test_the_advice_after_a_run_elsewhere_names_the_endpoint() -> None:
    with least_scim_service() as other:
        result = CliRunner().invoke(
            app, ["simulate", "okta", "--scenario", "mover", "--base-url", other.base_url], env={"CONNECTOR_KEY": KEY}
        )

    assert f"--scenario mover --base-url {other.base_url} --clean" in result.stderr


def test_a_run_that_reached_nothing_leaves_no_users_to_remove() -> None:
    # Port 9 (discard) of the loopback interface, where no server listens.
    result = CliRunner().invoke(app, ["simulate", "okta", "--base-url", "http://127.0.0.1:9/scim/v2", "--key", KEY])

    assert result.exit_code == 1
    assert "users stay" not in result.stderr


@pytest.mark.parametrize("key", ["schl\u00fcssel", "two\nlines"])
def test_a_key_that_no_header_can_have_is_refused_and_not_shown(key: str) -> None:
    address = "http://127.0.0.1:9/scim/v2"
    result = CliRunner().invoke(app, ["simulate", "okta", "--base-url", address, "--key", key])

    assert result.exit_code == 2
    assert (
        result.stderr == "rollcall: The Connector Key has characters that are not allowed in a header: copy it again.\n"
    )
