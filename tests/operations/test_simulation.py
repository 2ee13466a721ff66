"""Simulations against the service that `make run` starts: they end with what the identity provider has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import httpx
import pytest

from adapters.clock import MonotonicDeadline
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from local.service import LocalService
from operations.simulation import (
    PROFILES,
    SCENARIOS,
    AccountBackstage,
    Exchange,
    InvalidSettings,
    Outcome,
    Progress,
    Refused,
    simulate,
)
from operations.simulation.people import person

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def key(service: LocalService) -> ConnectorKey:
    """The key of a fresh account that may send as much as a test does."""
    made = service.new_account()
    service.accounts.configure(made.account, rate=Rate(MAX_REQUESTS_PER_SECOND))
    return made


@pytest.fixture
def backstage(service: LocalService, key: ConnectorKey) -> AccountBackstage:
    """The operator's side of the account."""
    limit = service.accounts.show(key.account).settings.deprovisioning_limit
    return AccountBackstage(
        lambda: service.table.account(key.account, MonotonicDeadline.after(60)), limit, lambda: "operator"
    )


def users(service: LocalService, key: ConnectorKey) -> list[str]:
    """The userNames of all users."""
    answer = httpx.get(f"{service.base_url}/Users?count=1000", headers={"Authorization": f"Bearer {key.text}"})
    return [user["userName"] for user in answer.json()["Resources"]]


def failed(outcome: Outcome) -> list[tuple[str, str]]:
    return [(step.name, step.reason) for step in outcome.steps if not step.ok]


@pytest.mark.parametrize("groups", [False, True], ids=["groups off", "groups on"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_scenario_ends_with_what_the_identity_provider_has(
    service: LocalService, key: ConnectorKey, profile: str, *, groups: bool
) -> None:
    service.accounts.configure(key.account, groups=groups)
    seen: list[Exchange] = []

    outcome = simulate(service.base_url, key.text, profile, report=requests_into(seen))

    assert failed(outcome) == []
    assert outcome.differences == ()
    assert outcome.ok
    assert outcome.requests == len(seen)
    assert outcome.users is not None
    assert outcome.users >= 20
    assert (outcome.groups is not None) == groups
    assert not any(key.text in str(event) for event in seen)
    assert any("rollcall account set NAME groups on" in note for note in outcome.notes) != groups


def requests_into(seen: list[Exchange]) -> Callable[[Progress | Exchange], None]:
    return lambda event: seen.append(event) if isinstance(event, Exchange) else None


def test_a_first_sync_of_200_users_ends_equal_to_its_source(service: LocalService, key: ConnectorKey) -> None:
    reached: list[Progress] = []

    outcome = simulate(
        service.base_url,
        key.text,
        "jumpcloud",
        "first-sync",
        200,
        report=lambda event: reached.append(event) if isinstance(event, Progress) else None,
    )

    assert failed(outcome) == []
    assert outcome.ok
    assert outcome.users == 200
    creating = [(event.done, event.total) for event in reached if event.label == "Creating users"]
    assert creating == [(done, creating[0][1]) for done in range(len(creating))]
    assert creating[-1][0] == creating[-1][1] >= 199


def test_the_same_run_again_continues_with_its_users(service: LocalService, key: ConnectorKey) -> None:
    first = simulate(service.base_url, key.text, "okta", "first-sync", 5, run="again")
    second = simulate(service.base_url, key.text, "okta", "first-sync", 8, run="again")

    assert (first.users, second.users) == (5, 8)
    assert second.ok
    created = [step.sent for step in second.steps if step.name == "create.02-post"]
    assert created == [3]


def test_a_seed_and_a_run_determine_the_people() -> None:
    for idp in PROFILES:
        people = [person(idp, 1, "one", number) for number in range(200)]
        assert people == [person(idp, 1, "one", number) for number in range(200)]
        assert people != [person(idp, 2, "one", number) for number in range(200)]
        assert len({each.address for each in people}) == len({each.external_id for each in people}) == 200
        assert all(each.address.endswith("@one.simulated.example") for each in people)
        assert all(each.address.isascii() for each in people)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_run_that_cleans_up_leaves_what_was_there(
    service: LocalService, key: ConnectorKey, backstage: AccountBackstage, profile: str
) -> None:
    service.accounts.configure(key.account, groups=True)
    headers = {"Authorization": f"Bearer {key.text}"}
    body = {"schemas": [CORE], "userName": "ann@corp.example", "emails": [{"value": "ann@corp.example"}]}
    ann = httpx.post(f"{service.base_url}/Users", headers=headers, json=body).json()

    outcome = simulate(service.base_url, key.text, profile, clean_up=True, into_existing=True, backstage=backstage)

    assert failed(outcome) == []
    assert outcome.cleaned
    assert httpx.get(f"{service.base_url}/Users/{ann['id']}", headers=headers).json() == ann
    assert users(service, key) == ["ann@corp.example"]
    assert httpx.get(f"{service.base_url}/Groups", headers=headers).json()["totalResults"] == 0
    paused = httpx.get(f"{service.base_url}/Users", headers=headers).status_code
    assert paused == 200


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_endpoint_with_other_users_is_refused_before_anything_is_written(
    service: LocalService, key: ConnectorKey, scenario: str
) -> None:
    headers = {"Authorization": f"Bearer {key.text}"}
    httpx.post(f"{service.base_url}/Users", headers=headers, json={"schemas": [CORE], "userName": "ann"})

    with pytest.raises(Refused, match="--into-existing"):
        simulate(service.base_url, key.text, "jumpcloud", scenario)

    assert users(service, key) == ["ann"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mass_leave_shows_the_guard_and_its_refusals(
    service: LocalService, key: ConnectorKey, backstage: AccountBackstage, profile: str
) -> None:
    outcome = simulate(service.base_url, key.text, profile, "mass-leave", 20, backstage=backstage)

    assert failed(outcome) == []
    assert outcome.ok
    (note,) = outcome.notes
    assert "allowed 3 of 10 users" in note
    assert "rollcall account resume" in note
    assert any("403" in step.status for step in outcome.steps)


def test_a_mass_leave_of_users_created_just_now_says_why_nobody_was_refused(
    service: LocalService, key: ConnectorKey
) -> None:
    outcome = simulate(service.base_url, key.text, "jumpcloud", "mass-leave", 20, run="crowd")

    assert not outcome.ok
    ((name, reason),) = failed(outcome)
    assert name == "deprovisioning guard"
    assert "all 10 users lost access" in reason
    (remedy,) = [step.remedy for step in outcome.steps if not step.ok]
    assert "in the last hour" in remedy
    assert "--run crowd" in remedy


def test_an_account_without_a_limit_fails_a_mass_leave(
    service: LocalService, key: ConnectorKey, backstage: AccountBackstage
) -> None:
    service.accounts.configure(key.account, deprovisioning_limit=None)

    outcome = simulate(service.base_url, key.text, "entra", "mass-leave", 20, backstage=backstage)

    (remedy,) = [step.remedy for step in outcome.steps if not step.ok]
    assert "deprovisioning-limit" in remedy


def test_a_strict_account_fails_with_the_reason_of_each_step(service: LocalService, key: ConnectorKey) -> None:
    service.accounts.configure(key.account, mode="strict")

    outcome = simulate(service.base_url, key.text, "jumpcloud", "first-sync", 5)

    assert not outcome.ok
    for step in outcome.steps:
        assert step.ok or (step.reason and step.remedy)


def test_a_wrong_key_ends_it_at_test_connection(service: LocalService, key: ConnectorKey) -> None:
    outcome = simulate(service.base_url, key.text[:-1] + "x", "jumpcloud")

    first, rest = (step for step in outcome.steps if not step.ok)
    assert first.name == "test-connection.01-list"
    assert first.reason.startswith("401")
    assert "rollcall account show NAME --reveal" in first.remedy
    assert "Test Connection failed" in rest.reason
    assert users(service, key) == []


def test_an_interrupt_ends_it_with_a_summary_and_cleans_up(service: LocalService, key: ConnectorKey) -> None:
    interrupted = Event()

    def report(event: Progress | Exchange) -> None:
        if isinstance(event, Progress) and event.label == "Creating users" and event.done == 3:
            interrupted.set()

    outcome = simulate(
        service.base_url, key.text, "okta", "first-sync", 50, report=report, interrupted=interrupted, clean_up=True
    )

    assert outcome.interrupted
    assert not outcome.ok
    assert failed(outcome) == []
    assert outcome.users is None
    assert outcome.cleaned
    assert users(service, key) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"profile": "google"},
        {"scenario": "nothing"},
        {"users": 0},
        {"users": 100_001},
        {"run": "Two Words"},
        {"run": "x" * 21},
        {"scenario": "mass-leave", "users": 9},
    ],
    ids=str,
)
def test_settings_that_are_out_of_bounds_send_nothing(settings: dict[str, object]) -> None:
    given: dict[str, object] = {"profile": "okta"} | settings

    with pytest.raises(InvalidSettings):
        simulate("http://127.0.0.1:9/scim/v2", "key", **given)  # type: ignore[arg-type]  # the values vary
