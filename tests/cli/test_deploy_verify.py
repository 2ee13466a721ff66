"""`rollcall deploy verify`: the service is tried in an account that no one uses, and no key is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from support.answering_aws import AnsweringAws
from support.deployable_aws import signed_in
from support.least_scim_service import Service, at, error, least_scim_service
from support.recorded_secrets_manager import connector

runner = CliRunner()
KEYS = {name: ConnectorKey.generate(name, Random(7).randbytes) for name in ("default", RELEASE_CHECK_ACCOUNT)}


@pytest.fixture
def service() -> Iterator[Service]:
    with least_scim_service() as running:
        running.key = KEYS[RELEASE_CHECK_ACCOUNT].text
        yield running


@pytest.fixture
def aws(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringAws]:
    """The stack `rollcall` with that service, and SCIM switched on for the account default."""
    monkeypatch.setenv("COLUMNS", "200")
    outputs = {
        "ScimConnectorBaseUrl": service.base_url,
        "TableName": "t",
        "ConnectorSecretPrefix": "rollcall/connectors/",
    }
    described = {
        "StackName": "rollcall",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }

    def secret(asked: dict[str, Any]) -> Any:
        name = asked["SecretId"].removeprefix("rollcall/connectors/")
        return {"SecretString": connector_to_json(connector(KEYS[name])), "VersionId": "v" * 32}

    found = AnsweringAws(DescribeStacks={"Stacks": [described]}, GetSecretValue=secret)
    with signed_in(found):
        yield found


def verify(*arguments: str) -> Result:
    return runner.invoke(app, ["deploy", "verify", "prod", *arguments])


def test_a_right_service_passes_in_the_account_for_releases_and_shows_no_key(
    aws: AnsweringAws, service: Service
) -> None:
    result = verify()

    assert result.exit_code == 0, result.output
    assert aws.of("DescribeStacks") == [{"StackName": "rollcall"}]
    assert "FAIL" not in result.stdout
    assert service.users == {}
    assert f"SCIM Connector Base URL: {service.base_url}" in result.stdout.splitlines()
    assert "account show default --reveal" in result.stdout
    assert not [key for key in KEYS.values() if key.text in result.output]


def test_without_scim_for_default_it_says_how_to_switch_it_on(aws: AnsweringAws, service: Service) -> None:
    off = connector(KEYS["default"]).switched(False, datetime.now(UTC), "test")

    def secret(asked: dict[str, Any]) -> Any:
        found = off if asked["SecretId"].endswith("default") else connector(KEYS[RELEASE_CHECK_ACCOUNT])
        return {"SecretString": connector_to_json(found), "VersionId": "v" * 32}

    aws.answers["GetSecretValue"] = secret

    text, answer = verify(), verify("--json")

    assert (text.exit_code, answer.exit_code) == (0, 0)
    assert service.base_url in text.stdout
    assert "account enable default" in text.stdout
    document = json.loads(answer.stdout)
    assert (document["ok"], document["stack"], document["scimIsOn"]) == (True, "rollcall", False)


def test_a_service_that_fails_ends_with_1_and_its_fix(aws: AnsweringAws, service: Service) -> None:
    service.fault = at("POST", "/Users", error(500, "x"))

    result = verify()

    assert result.exit_code == 1
    assert "FAIL" in result.stdout
    assert service.base_url in result.stdout


@pytest.mark.parametrize("refused", ["AccessDeniedException", "ResourceNotFoundException"])
def test_where_keys_may_not_be_read_the_base_url_is_still_said(
    aws: AnsweringAws, service: Service, refused: str
) -> None:
    aws.answers["GetSecretValue"] = refused

    result = verify()

    assert result.exit_code == 1
    assert service.base_url in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_stack_that_is_not_there_is_one_line(aws: AnsweringAws) -> None:
    aws.answers["DescribeStacks"] = "ValidationError"

    result = verify()

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "'rollcall'" in result.stderr
