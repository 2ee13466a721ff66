"""`rollcall doctor` against the service that `make run` starts: when all is well, and with each mistake made."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from adapters.clock import MonotonicDeadline, new_id, now
from cli.main import app
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DeprovisioningPaused, Limit
from domain.resources.stored_user import StoredUser
from local.serve import write_state
from local.service import LocalService
from support.least_scim_service import failures

Doctor = Callable[..., Result]

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def key(service: LocalService) -> ConnectorKey:
    """The key of a fresh account."""
    return service.new_account()


@pytest.fixture
def doctor(service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs the doctor as an operator does in the directory of `make run`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ROLLCALL_LOCAL_STATE", raising=False)
    write_state(service)
    return lambda *arguments, **env: CliRunner().invoke(app, ["--local", "doctor", *arguments], env=env)


def users(service: LocalService, key: ConnectorKey) -> int:
    answer = httpx.get(f"{service.base_url}/Users", headers={"Authorization": f"Bearer {key.text}"})
    total = answer.json()["totalResults"]
    assert isinstance(total, int)
    return total


def create(service: LocalService, key: ConnectorKey, **attributes: Any) -> None:
    body = {"schemas": [CORE], **attributes}
    answer = httpx.post(f"{service.base_url}/Users", headers={"Authorization": f"Bearer {key.text}"}, json=body)
    assert answer.status_code == 201


def test_every_check_passes_and_nothing_stays_behind(service: LocalService, key: ConnectorKey, doctor: Doctor) -> None:
    result = doctor(key.account)

    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.stdout
    assert result.stdout.count("ok  ") == 15
    assert "Ready: paste the Base URL and the Connector Key" in result.stdout
    assert users(service, key) == 0


def test_the_default_account_is_examined_when_none_is_named(service: LocalService, doctor: Doctor) -> None:
    assert failures(doctor("--json")) == {}
    assert users(service, service.key) == 0


def test_the_remedy_for_a_strict_account_is_tolerant_mode(
    service: LocalService, key: ConnectorKey, doctor: Doctor
) -> None:
    service.accounts.configure(key.account, mode="strict")

    failed = failures(doctor(key.account, "--json"))

    assert list(failed) == ["Test user is updated (PUT with emails null)"]
    assert "mode tolerant" in failed["Test user is updated (PUT with emails null)"]["fix"]
    assert users(service, key) == 0


def test_a_wrong_key_fails_the_check(service: LocalService, key: ConnectorKey, doctor: Doctor) -> None:
    wrong = ConnectorKey.generate(key.account, secrets.token_bytes)

    failed = failures(doctor("--json", "--base-url", service.base_url, CONNECTOR_KEY=wrong.text))

    assert list(failed) == ["Service answers (ServiceProviderConfig)"]
    assert "401" in failed["Service answers (ServiceProviderConfig)"]["seen"]
    fix = failed["Service answers (ServiceProviderConfig)"]["fix"]
    assert f"rollcall --local account show {key.account} --reveal" in fix


def test_a_trailing_slash_of_the_base_url_is_reported(service: LocalService, key: ConnectorKey, doctor: Doctor) -> None:
    failed = failures(doctor("--json", "--base-url", service.base_url + "/", CONNECTOR_KEY=key.text))

    assert list(failed) == ["Base URL"]
    assert "Remove the slash" in failed["Base URL"]["fix"]


def test_a_path_that_is_not_the_services(service: LocalService, key: ConnectorKey, doctor: Doctor) -> None:
    wrong = service.base_url.removesuffix("/v2")

    failed = failures(doctor("--json", "--base-url", wrong, CONNECTOR_KEY=key.text))

    assert list(failed) == ["Service answers (ServiceProviderConfig)"]
    assert "/scim/v2" in failed["Service answers (ServiceProviderConfig)"]["fix"]


def test_scim_switched_off_fails_the_check(service: LocalService, key: ConnectorKey, doctor: Doctor) -> None:
    service.accounts.disable(key.account)

    failed = failures(doctor(key.account, "--json"))

    assert list(failed) == ["Service answers (ServiceProviderConfig)"]
    assert "403" in failed["Service answers (ServiceProviderConfig)"]["seen"]
    fix = failed["Service answers (ServiceProviderConfig)"]["fix"]
    assert fix == f"Switch SCIM on: rollcall --local account enable {key.account}"


@pytest.mark.parametrize(
    ("attributes", "check"),
    [
        ({"userName": "taken@corp.example"}, "Look-up of the test user finds no user"),
        ({"userName": "ann", "emails": [{"value": "TAKEN@corp.example"}]}, "Test user is created"),
    ],
    ids=["as a userName", "as an address"],
)
def test_an_address_that_is_taken(
    service: LocalService, key: ConnectorKey, doctor: Doctor, attributes: dict[str, Any], check: str
) -> None:
    create(service, key, **attributes)

    failed = failures(doctor(key.account, "--json", "--test-email", "taken@corp.example"))

    assert list(failed) == [check]
    assert "Choose another --test-email" in failed[check]["fix"]
    assert users(service, key) == 1


def test_a_test_user_goes_again_also_while_the_account_is_paused(
    service: LocalService, key: ConnectorKey, doctor: Doctor
) -> None:
    service.accounts.configure(key.account, deprovisioning_limit=Limit(0))
    guard = service.table.account(key.account, MonotonicDeadline.after(9)).guard(Limit(0))
    with pytest.raises(DeprovisioningPaused):
        guard.take()

    assert failures(doctor(key.account, "--json")) == {}

    assert users(service, key) == 0
    assert guard.state().used == 0


def test_an_existing_user_is_never_removed_as_the_test_user(
    service: LocalService, key: ConnectorKey, doctor: Doctor
) -> None:
    service.accounts.configure(key.account, match_existing_by_email=True)
    attributes = {"schemas": [CORE], "userName": "ann", "emails": [{"value": "ann@corp.example"}]}
    there_first = StoredUser.new(new_id(), attributes, now())
    service.table.account(key.account, MonotonicDeadline.after(9)).users.create(there_first)

    failed = failures(doctor(key.account, "--json", "--test-email", "ANN@corp.example"))

    assert list(failed) == ["Look-up of the test user finds no user"]
    assert users(service, key) == 1


def test_an_account_that_is_not_there(doctor: Doctor) -> None:
    result = doctor("nobody")

    assert result.exit_code == 1
    assert "rollcall --local account enable nobody" in result.stderr
