"""Every function in a container of the Lambda runtime, invoked by the SAM CLI with every event of `events/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.accounts.connector_document import connector_from_json
from local.sample_events import EXAMPLES, Example, example_requests
from support.child_processes import run
from support.repository import ROOT
from support.stand_ins import SECRET, Aws

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]

RECORDED = example_requests()


def invoke(sam: str, environment: dict[str, str], function: str, event: str) -> Any:
    """The function's answer, or `errorType` and `errorMessage` where it failed."""
    command = [sam, "local", "invoke", function, "--event", f"events/{event}"]
    done = run(command, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file_name.removesuffix(".json"))
def test_a_function_answers_its_event_with_the_status_of_the_contract(
    aws: Aws, sam: str, sam_environment: dict[str, str], example: Example
) -> None:
    request = example.request(RECORDED)
    aws.set_up(example, request)

    answer = invoke(sam, sam_environment, example.function, example.file_name)

    assert answer.get("statusCode") == request.expect_status, answer
    if request.expect_status == 204:
        assert not answer["body"]
        return
    assert answer["headers"]["Content-Type"].startswith("application/scim+json")
    body = json.loads(answer["body"])
    assert body["schemas"]
    if request.expect_status == 201:
        assert answer["headers"]["Location"].endswith(f"/live/scim/v2{request.path}/{body['id']}")


def test_the_first_connector_key_is_written_into_the_empty_secret(
    aws: Aws, sam: str, sam_environment: dict[str, str]
) -> None:
    aws.remove_secret()
    aws.secretsmanager.create_secret(Name=SECRET)

    answer = invoke(sam, sam_environment, "SeedDefaultAccount", "seed_default_account.cloudformation.json")

    # No server listens at the event's ResponseURL, which is where the function fails, after its work.
    assert answer["errorType"] == "URLError"
    text = aws.secretsmanager.get_secret_value(SecretId=SECRET)["SecretString"]
    connector = connector_from_json(text, "default")
    assert connector.enabled
    assert json.loads(text)["current"]["key"].startswith("rck_default_")


@pytest.fixture
def logs(aws: Aws) -> Iterator[Aws]:
    """The stand-ins with the log group of the API's functions."""
    aws.logs.create_log_group(logGroupName="RequestsLog")
    yield aws
    aws.logs.delete_log_group(logGroupName="RequestsLog")


@pytest.fixture
def bus(aws: Aws) -> Iterator[str]:
    """The event bus."""
    aws.events.create_event_bus(Name="EventBus")
    yield "EventBus"
    aws.events.delete_event_bus(Name="EventBus")


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize("stream", ["publisher.stream.json", "publisher.stream-of-groups.json"])
def test_a_change_in_the_stream_is_an_event_on_the_bus(
    aws: Aws, sam: str, sam_environment: dict[str, str], stream: str
) -> None:
    answer = invoke(sam, sam_environment, "Publisher", stream)

    assert answer == {"batchItemFailures": []}


def test_the_settings_page_shows_the_accounts(logs: Aws, sam: str, sam_environment: dict[str, str]) -> None:
    page = invoke(sam, sam_environment, "Observability/SettingsWidget", "settings_widget.cloudwatch.json")

    assert "rc-card" in page
    assert ">default<" in page


def test_the_watch_looks_at_every_account_without_failing(logs: Aws, sam: str, sam_environment: dict[str, str]) -> None:
    assert invoke(sam, sam_environment, "Observability/Watch", "watch.schedule.json") is None


def test_a_release_that_cannot_be_tried_is_reported_to_codedeploy(
    aws: Aws, sam: str, sam_environment: dict[str, str]
) -> None:
    answer = invoke(sam, sam_environment, "PreTraffic", "pre_traffic.codedeploy.json")

    # There are no versions here to try, and no stand-in for CodeDeploy: reporting to it is where the function fails.
    assert "PutLifecycleEventHookExecutionStatus" in answer["errorMessage"]


def test_the_set_up_page_is_the_same_for_everyone(aws: Aws, sam: str, sam_environment: dict[str, str]) -> None:
    answer = invoke(sam, sam_environment, "ServeSetupPage", "serve_setup_page.browser.json")

    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in answer["headers"]["Content-Security-Policy"]
