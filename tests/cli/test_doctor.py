"""`rollcall doctor` against an endpoint that is right, and one that is wrong in each of the ways it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner

from cli.checks import check_base_url, check_key
from cli.main import app
from handlers.jobs.checks import CheckFailed
from support.least_scim_service import KEY, LIST, Answer, Service, at, doctor, error, failures, least_scim_service


@pytest.fixture
def service() -> Iterator[Service]:
    with least_scim_service() as running:
        yield running


def test_a_right_endpoint_passes_and_the_test_user_is_gone_again(service: Service) -> None:
    result = doctor(service)

    assert result.exit_code == 0, result.output
    assert "Ready" in result.stdout
    assert "FAIL" not in result.stdout
    assert service.users == {}
    assert [method for method, _ in service.requests if method in ("POST", "PUT", "DELETE")] == [
        "POST",
        "PUT",
        "PUT",
        "DELETE",
    ]


def test_an_endpoint_with_groups_is_tried_with_a_test_group_that_is_gone_again(service: Service) -> None:
    service.groups = {}

    result = doctor(service)

    assert result.exit_code == 0, result.output
    assert "Resource types are served: users and groups" in result.stdout
    assert "Test user joins the test group" in result.stdout
    assert "Groups are off" not in result.stdout
    assert (service.users, service.groups) == ({}, {})


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (at("POST", "/Groups", error(500, "x")), "Test group is created"),
        (at("POST", "/Groups", (201, {"id": 7})), "Test group is created"),
        (at("POST", "/Groups", (0, None)), "Test group is created"),
        (at("PATCH", "/Groups/", error(500, "x")), "Test user joins the test group"),
        (at("PATCH", "/Groups/", (200, {})), "Test user joins the test group"),
        (at("DELETE", "/Groups/", (200, {})), "Test group is deleted"),
        (at("GET", "/Groups/", (200, {"members": []})), "Test user joins the test group"),
        (at("GET", "/Groups/", error(404, "x")), "Test user joins the test group"),
        (
            at("GET", "/Groups", (200, {"schemas": [LIST], "totalResults": 1})),
            "Look-up of the test group finds no group",
        ),
        (at("GET", "/ResourceTypes", error(404, "x")), "Resource types are served"),
    ],
)
def test_each_fault_of_groups_is_found_and_leaves_neither_group_nor_user(
    service: Service, fault: Callable[[str, str, Answer], Answer], check: str
) -> None:
    service.groups = {}
    # The answer is lost, or wrong; what was asked for happens, unless it is an error.
    service.fault = fault

    failed = failures(doctor(service, "--json"))

    assert next(iter(failed)) == check
    assert (service.users, service.groups) == ({}, {})


def test_a_test_group_that_cannot_be_removed_is_named(service: Service) -> None:
    service.groups = {}
    service.fault = at("DELETE", "/Groups/", error(500, "x"))

    failed = failures(doctor(service, "--json"))

    left = next(path.removeprefix("/Groups/") for method, path in service.requests if method == "DELETE")
    assert f"DELETE /Groups/{left}" in failed["Test group is deleted after the failure"]["fix"]
    assert (
        f"rollcall groups show --account acme --id={left}" in failed["Test group is deleted after the failure"]["fix"]
    )
    assert service.users == {}


def test_the_json_report_contains_no_key(service: Service) -> None:
    result = doctor(service, "--json")

    assert failures(result) == {}
    assert KEY not in result.output


def test_the_test_address_can_be_chosen(service: Service) -> None:
    created: list[str] = []

    def listen(method: str, path: str, answer: Answer) -> Answer:
        if method == "POST":
            created.append(answer[1]["userName"])
        return answer

    service.fault = listen

    assert failures(doctor(service, "--json", "--test-email", "probe+1@corp.example")) == {}
    assert created == ["probe+1@corp.example"]


def test_a_taken_address_is_reported_and_its_user_left_unchanged(service: Service) -> None:
    service.users["1"] = {"id": "1", "userName": "taken@corp.example", "emails": []}

    failed = failures(doctor(service, "--json", "--test-email", "taken@corp.example"))

    assert list(failed) == ["Look-up of the test user finds no user"]
    assert "--test-email" in failed["Look-up of the test user finds no user"]["fix"]
    assert list(service.users) == ["1"]


@pytest.mark.parametrize(
    ("fault", "check", "fix"),
    [
        (at("GET", "/ServiceProviderConfig", error(404, "x")), "Service answers (ServiceProviderConfig)", "/scim/v2"),
        (at("GET", "/ServiceProviderConfig", (200, {})), "Service answers (ServiceProviderConfig)", "Base URL"),
        (at("GET", "/ServiceProviderConfig", (200, [])), "Service answers (ServiceProviderConfig)", "Base URL"),
        (at("GET", "/ServiceProviderConfig", error(403, "off")), "Service answers (ServiceProviderConfig)", "enable"),
        (at("GET", "/ServiceProviderConfig", error(503, "x")), "Service answers (ServiceProviderConfig)", "log"),
        (at("GET", "/ServiceProviderConfig", (0, None)), "Service answers (ServiceProviderConfig)", "Base URL"),
        (at("GET", "/Groups", (200, {"schemas": [LIST]})), "Groups are off, and a SCIM 404", "log"),
        (at("GET", "/Groups", (404, {"message": "Not Found"})), "Groups are off, and a SCIM 404", "in front"),
        (at("GET", "/Users", (200, {"schemas": [LIST], "totalResults": 0})), "Another key is refused", "log"),
        (at("POST", "/Users", error(409, "taken")), "Test user is created", "--test-email"),
        (at("POST", "/Users", (201, {"id": 7})), "Test user is created", "defect"),
        (at("GET", "/Users/", error(500, "x")), "Test user is read", "log"),
        (at("PUT", "/Users/", (200, {"emails": []})), "Test user is updated (PUT with emails null)", "tolerant"),
        (at("PUT", "/Users/", error(400, "null")), "Test user is updated (PUT with emails null)", "log"),
    ],
)
def test_each_fault_is_found_with_its_fix_and_leaves_no_test_user(
    service: Service, fault: Callable[[str, str, Answer], Answer], check: str, fix: str
) -> None:
    service.fault = fault

    failed = failures(doctor(service, "--json"))

    assert fix in failed[check]["fix"]
    assert service.users == {}


def test_a_test_user_whose_creation_was_not_answered_is_found_and_removed(service: Service) -> None:
    service.fault = at("POST", "/Users", (0, None))

    failed = failures(doctor(service, "--json"))

    assert list(failed) == ["Test user is created"]
    assert service.users == {}


def test_a_test_user_that_cannot_be_removed_is_named(service: Service) -> None:
    service.fault = at("DELETE", "/Users/", error(500, "x"))

    failed = failures(doctor(service, "--json"))

    left = next(path.removeprefix("/Users/") for method, path in service.requests if method == "DELETE")
    assert left in failed["Test user is deleted after the failure"]["fix"]


def test_a_test_user_removed_without_an_answer_is_not_missed(service: Service) -> None:
    answers = iter([error(500, "x")])
    service.fault = lambda method, path, right: next(answers, right) if method == "DELETE" else right

    assert list(failures(doctor(service, "--json"))) == ["Test user is deleted"]


def test_an_endpoint_that_answers_plain_json_fails_the_check(service: Service) -> None:
    service.content_type = "application/json"

    assert "Service answers (ServiceProviderConfig)" in failures(doctor(service, "--json"))


def test_an_unreachable_address_is_reported(service: Service) -> None:
    service.base_url = "http://127.0.0.1:9/scim/v2"

    result = doctor(service)

    assert result.exit_code == 1
    assert "no connection" in result.stdout
    assert "make run" in result.stdout


def test_a_malformed_key_or_address_is_reported_before_any_request(service: Service) -> None:
    assert "Connector Key" in failures(doctor(service, "--json", key=KEY[:-1]))
    assert "Base URL" in failures(
        CliRunner().invoke(app, ["--json", "doctor", "--base-url", service.base_url + "/"], env={"CONNECTOR_KEY": KEY})
    )

    assert service.requests == []


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("http://scim.example.com/scim/v2", "https"),
        ("https://scim.example.com/scim/v2/", "slash"),
        ("https://scim.example.com/scim/v2?aadOptscim062020", "after its path"),
        ("https://scim_prod.example.com/scim/v2", "Okta"),
        ("scim.example.com/scim/v2", "not a URL"),
        ("ftp://scim.example.com", "not a URL"),
        ("", "not a URL"),
    ],
)
def test_a_base_url_that_identity_providers_reject_is_reported(base_url: str, says: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        check_base_url(base_url)

    assert says in f"{failed.value.seen} {failed.value.fix}"


@pytest.mark.parametrize(
    "base_url", ["https://scim.example.com/scim/v2", "http://localhost:8080/scim/v2", "http://[::1]:8080/scim/v2"]
)
def test_a_valid_base_url_is_accepted(base_url: str) -> None:
    assert check_base_url(base_url).partition(",")[0] == base_url.partition(":")[0]


@pytest.mark.parametrize(("key", "says"), [(f"Bearer {KEY}", "only the key"), (KEY[1:], "again"), ("", "again")])
def test_a_wrongly_pasted_key_is_reported(key: str, says: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        check_key(key)

    assert says in failed.value.fix
