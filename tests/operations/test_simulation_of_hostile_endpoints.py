"""Simulations against an endpoint that is wrong in many ways: each is noticed, explained, and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from operations.simulation import Outcome, simulate
from support.least_scim_service import LIST, Answer, Service, at, error, least_scim_service


@pytest.fixture
def service() -> Iterator[Service]:
    with least_scim_service() as running:
        yield running


def play(service: Service, scenario: str = "first-sync", **settings: Any) -> Outcome:
    """Okta's scenario, without waiting."""
    given: dict[str, Any] = {"sleep": lambda seconds: None, "run": "hostile", **settings}
    return simulate(service.base_url, service.key, "okta", scenario, 8, **given)


def reasons(outcome: Outcome) -> str:
    """Why the steps failed. Each has a remedy."""
    failed = [step for step in outcome.steps if not step.ok]
    assert all(step.reason and step.remedy for step in failed)
    return "; ".join(f"{step.name}: {step.reason}" for step in failed)


@pytest.mark.parametrize("scenario", ["first-sync", "mover", "groups"])
def test_an_endpoint_that_is_right_passes(service: Service, scenario: str) -> None:
    outcome = play(service, scenario)

    assert reasons(outcome) == ""
    assert outcome.ok


USERS = "/Users"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (at("GET", USERS, error(500, "broken")), "500: broken"),
        (at("GET", USERS, (502, None)), "502 without a SCIM error"),
        (at("GET", USERS, (302, None)), "302: a redirection"),
        (at("GET", USERS, (0, None)), "the connection ended before the answer was complete"),
        (at("GET", USERS, (200, [])), "the answer is not a JSON object"),
        (at("GET", USERS, (200, {"schemas": None})), "does not have the form that SCIM requires"),
        (at("GET", USERS, (200, {"schemas": [LIST], "totalResults": "8"})), "not a ListResponse"),
        (at("GET", USERS, (401, {"message": "Unauthorized"})), "401 without a SCIM error"),
        (at("POST", USERS, error(500, "broken")), "create.02-post: 500: broken"),
        (at("POST", USERS, error(503, "busy")), "create.02-post: 503: busy"),
        (at("POST", USERS, (0, None)), "the connection ended before the answer was complete"),
        (at("POST", USERS, (200, {})), "create.02-post: 200"),
        (at("POST", USERS, (201, {"id": 7})), "the new user has no id that is a string"),
        (at("POST", USERS, (201, None)), "the new user has no id that is a string"),
        (at("POST", USERS, (201, {"id": "7", "meta": "?"})), "does not have the form"),
        (at("POST", USERS, (201, {"id": "7"})), "other values than the request: displayName"),
    ],
)
def test_each_fault_fails_with_a_reason_and_a_remedy(
    service: Service, fault: Callable[[str, str, Answer], Answer], reason: str
) -> None:
    service.fault = fault

    outcome = play(service)

    assert not outcome.ok
    assert reason in reasons(outcome)
    assert service.key not in str(outcome)


def test_a_page_of_another_site_is_no_answer(service: Service) -> None:
    service.content_type = "text/html; charset=utf-8"

    assert "the answer is text/html, not SCIM" in reasons(play(service))


def test_nothing_listens(service: Service) -> None:
    service.base_url = "http://127.0.0.1:9/scim/v2"

    assert "no connection" in reasons(play(service))


def test_a_slow_answer_is_not_waited_for(service: Service) -> None:
    released = Event()

    def stuck(method: str, path: str, right: Answer) -> Answer:
        if method == "POST":
            released.wait(60)
            return 0, None
        return right

    service.fault = stuck

    outcome = play(service, "mover", seconds=0.2)
    released.set()

    assert "no answer in time" in reasons(outcome)


def test_a_busy_endpoint_is_asked_again_with_growing_pauses(service: Service) -> None:
    waited: list[float] = []
    refusals = iter([error(429, "busy")] * 3)

    def busy(method: str, path: str, right: Answer) -> Answer:
        if method != "POST" or (refusal := next(refusals, None)) is None:
            return right
        service.users.clear()
        return refusal

    service.fault = busy

    outcome = play(service, "mover", sleep=waited.append)

    assert outcome.ok
    assert waited == [1.0, 2.0, 4.0]


def test_an_endpoint_that_stays_busy_is_given_up(service: Service) -> None:
    waited: list[float] = []
    service.fault = at("POST", USERS, error(429, "busy"))

    outcome = play(service, "mover", sleep=waited.append)

    assert "429: busy" in reasons(outcome)
    assert len(waited) == 9
    assert max(waited) == 60


def test_it_ends_when_nothing_succeeds_any_more(service: Service) -> None:
    service.fault = at("POST", USERS, error(500, "broken"))

    outcome = simulate(service.base_url, service.key, "okta", "mass-leave", 1_000, run="hostile")

    assert len(service.requests) < 3_000
    assert not outcome.ok


def changed_lists(
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> Callable[[str, str, Answer], Answer]:
    """A fault of lists alone: what is answered to a write is right."""

    def fault(method: str, path: str, right: Answer) -> Answer:
        status, body = right
        if method != "GET" or path != USERS or not body.get("Resources"):
            return right
        users = change([dict(user) for user in body["Resources"]])
        return status, body | {"Resources": users, "totalResults": len(users)}

    return fault


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        (lambda users: [user | {"displayName": "Somebody"} for user in users], "displayName"),
        (lambda users: [user | {"active": False} for user in users], "active"),
        (lambda users: [user | {"title": "Not sent"} for user in users], "title"),
        (lambda users: [{name: user[name] for name in user if name != "emails"} for user in users], "emails"),
        (lambda users: users[1:], "user"),
        (lambda users: [*users, users[0] | {"id": "another"}], "user"),
    ],
    ids=["other value", "inactive", "additional value", "lost value", "lost user", "additional user"],
)
def test_wrong_data_on_reading_back_is_a_difference(
    service: Service, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], attribute: str
) -> None:
    service.fault = changed_lists(change)

    outcome = play(service)

    assert not outcome.ok
    assert {difference.attribute for difference in outcome.differences} == {attribute}


def test_a_list_without_an_end_is_left(service: Service) -> None:
    page = {"schemas": [LIST], "totalResults": 10**9, "Resources": []}
    service.fault = at("GET", USERS, (200, page))

    outcome = play(service)

    assert not outcome.ok
