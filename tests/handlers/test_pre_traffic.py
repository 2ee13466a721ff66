"""The hook that tries a release before it gets traffic: its requests to new versions, and the faults that stop it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from support.in_process import InProcess, in_process
from support.lambda_context import LambdaContext
from support.releases import FUNCTIONS, Release, deploy, release_of


@pytest.fixture(scope="module")
def service() -> Iterator[InProcess]:
    with in_process() as found:
        yield found


@pytest.fixture
def release(service: InProcess) -> Iterator[Release]:
    with release_of(service) as found:
        yield found


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (found,) = [line for line in lines if line.get("message") == "release"]
    return dict(found)


def test_a_good_release_passes_the_smoke_test_with_every_new_version_and_leaves_no_user(
    release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(release)

    assert release.reported == ["Succeeded"]
    assert set(release.invoked) == set(FUNCTIONS)
    assert release.store.total() == 0
    assert logged(capsys)["deployment_id"] == "d-1"


def test_a_day_of_many_releases_is_no_mass_deprovisioning(release: Release) -> None:
    for _ in range(15):
        deploy(release)

    assert release.reported == ["Succeeded"] * 15


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_version_that_crashes_stops_the_release(
    release: Release, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    release.faults[function] = lambda event: {"errorType": "Runtime.ImportModuleError", "errorMessage": "rck_secret"}

    deploy(release)

    line = logged(capsys)
    assert release.reported == ["Failed"]
    assert line["step"].startswith(function)
    assert "Runtime.ImportModuleError" in line["cause"]
    assert line["remedy"]
    assert "rck_" not in json.dumps(line)
    assert release.store.total() == (1 if function == "DeleteUser" else 0)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_version_that_answers_an_error_stops_the_release(
    release: Release, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    release.faults[function] = lambda event: {"statusCode": 503, "body": json.dumps({"detail": "The table is away."})}

    deploy(release)

    line = logged(capsys)
    assert release.reported == ["Failed"]
    assert line["cause"].startswith("503 instead of")
    assert line["cause"].endswith("The table is away.")


@pytest.mark.parametrize(
    ("function", "returned"),
    [
        ("PatchUser", {"statusCode": 200, "body": json.dumps({"active": True})}),
        ("GetUser", {"statusCode": 200, "body": json.dumps({"active": "true"})}),
        ("ReplaceUser", {"statusCode": 200, "body": json.dumps({"active": True})}),
        ("ListUsers", {"statusCode": 200, "body": json.dumps({"totalResults": 0})}),
        ("SearchUsers", {"statusCode": 200, "body": json.dumps({"Resources": [{"id": "other"}]})}),
        ("Bulk", {"statusCode": 200, "body": json.dumps({"Operations": [{"status": "500"}]})}),
        ("Unrouted", {"statusCode": 404, "body": json.dumps({"message": "Not Found"})}),
        ("Discovery", {"statusCode": 200, "body": "<html>"}),
        ("CreateUser", ["no object"]),
    ],
)
def test_a_wrong_answer_of_the_right_status_stops_the_release(release: Release, function: str, returned: Any) -> None:
    release.faults[function] = lambda event: returned

    deploy(release)

    assert release.reported == ["Failed"]


def test_a_test_user_whose_creation_was_not_answered_is_removed(release: Release) -> None:
    def lost(event: dict[str, Any]) -> dict[str, Any]:
        release.service.handler("create_user")(event, LambdaContext())
        return {"errorType": "Runtime.ExitError"}

    release.faults["CreateUser"] = lost

    deploy(release)

    assert release.reported == ["Failed"]
    assert release.store.total() == 0


def test_a_release_can_be_tried_in_a_strict_account(release: Release) -> None:
    release.service.accounts.configure(RELEASE_CHECK_ACCOUNT, mode="strict")

    deploy(release)

    assert release.reported == ["Succeeded"]


def test_codedeploy_gets_its_answer_in_time_when_the_new_versions_are_slow(
    release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(release, milliseconds=20_000)

    assert release.reported == ["Failed"]
    assert "no time was left" in logged(capsys)["cause"]


def test_without_its_account_the_release_is_stopped_with_what_to_do(
    release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    release.service.accounts.delete(RELEASE_CHECK_ACCOUNT)

    deploy(release)

    assert release.reported == ["Failed"]
    assert logged(capsys)["remedy"].endswith(f"rollcall account enable {RELEASE_CHECK_ACCOUNT}")


def test_a_hook_without_its_environment_stops_the_release(release: Release, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(release, environment={})

    assert release.reported == ["Failed"]
    assert "InvalidEnvironment" in logged(capsys)["cause"]


def test_a_user_that_a_release_left_behind_is_removed_by_the_next_one(release: Release) -> None:
    left_behind = {"schemas": [CORE_URN], "userName": "release-check-0@example.com", "active": True}
    release.store.create(
        StoredUser.new("00000000-0000-4000-8000-000000000000", left_behind, "2020-01-01T00:00:00.000Z")
    )

    deploy(release)

    assert release.reported == ["Succeeded"]
    assert release.store.total() == 0
