"""Simulations against the service that `make run` starts: they end with what the identity provider has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.service import LocalService
from operations.simulation import PROFILES, Exchange, simulate


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.mark.parametrize("groups", [False, True], ids=["groups off", "groups on"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_scenario_ends_with_what_the_identity_provider_has(
    service: LocalService, profile: str, *, groups: bool
) -> None:
    key = service.new_account()
    service.accounts.configure(key.account, groups=groups)
    seen: list[Exchange] = []

    outcome = simulate(
        service.base_url,
        key.text,
        profile,
        report=lambda event: seen.append(event) if isinstance(event, Exchange) else None,
    )

    assert [step for step in outcome.steps if not step.ok] == []
    assert outcome.differences == ()
    assert outcome.ok
    assert outcome.requests == len(seen)
    assert outcome.users is not None
    assert outcome.users >= 20
    assert (outcome.groups is not None) == groups
    assert not any(key.text in str(event) for event in seen)
