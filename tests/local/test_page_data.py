"""The data of the pages Users, Groups and Simulate over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.pages.resources_data import MOST_LISTED
from local.service import LocalService
from support.people import user
from support.scim_http import ScimClient

OWN = {"X-Rollcall-Page": "1"}
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        running.accounts.configure("default", groups=True)
        yield running


@pytest.fixture(scope="module")
def client(service: LocalService) -> ScimClient:
    return ScimClient(service.base_url, service.key.text)


def get(service: LocalService, path: str, **parameters: str) -> httpx.Response:
    return httpx.get(service.address + path, params=parameters, headers=OWN, timeout=60)


def post(service: LocalService, path: str, body: Any) -> httpx.Response:
    return httpx.post(service.address + path, json=body, headers=OWN, timeout=60)


def test_a_user_is_shown_with_groups_and_history(service: LocalService, client: ScimClient) -> None:
    ada = client.create(user("ada", displayName=HOSTILE))["id"]
    group = client.request("POST", "/Groups", body={"displayName": "Guides", "members": [{"value": ada}]}).json["id"]

    listed = get(service, "/data/resources", type="users", account="default", text="ADA").json()
    shown = get(service, "/data/resource", type="users", account="default", id=ada)
    members = get(service, "/data/resource", type="groups", account="default", id=group).json()

    assert [(one["id"], one["display"], one["active"]) for one in listed["resources"]] == [(ada, HOSTILE, True)]
    assert shown.headers["content-type"] == "application/json"
    assert json.loads(shown.json()["document"])["id"] == ada
    assert shown.json()["related"] == [{"id": group, "name": "Guides"}]
    assert [one["method"] for one in shown.json()["requests"]] == ["POST"]
    assert [one["id"] for one in members["related"]] == [ada]
    assert get(service, "/data/resources", type="groups", account="default", text="guid").json()["resources"]
    assert get(service, "/data/resources", type="users", account="default", text="nosuch").json()["resources"] == []


def test_a_long_list_is_cut_and_says_so(service: LocalService) -> None:
    key = service.new_account()
    for number in range(MOST_LISTED + 1):
        ScimClient(service.base_url, key.text).create(user(f"user{number}"))

    answer = get(service, "/data/resources", type="users", account=key.account).json()

    assert (len(answer["resources"]), answer["more"]) == (MOST_LISTED, True)


def test_what_is_not_there_and_what_is_no_account_is_refused(service: LocalService) -> None:
    assert get(service, "/data/resource", type="users", account="default", id="nosuch").status_code == 404
    assert get(service, "/data/resources", type="users", account="no*such").status_code == 400
    assert get(service, "/data/resources", type="users").status_code == 400
    for path in ("/data/resources", "/data/resource", "/data/simulation"):
        assert httpx.get(service.address + path).status_code == 403


def test_a_simulation_plays_one_at_a_time_can_be_cancelled_and_leaves_its_result(service: LocalService) -> None:
    account = service.new_account().account
    wanted = {"account": account, "profile": "jumpcloud", "scenario": "first-sync", "users": 500}

    assert post(service, "/data/simulation/start", wanted).json()["state"] == "running"
    assert post(service, "/data/simulation/start", wanted).status_code == 409
    assert post(service, "/data/simulation/cancel", {}).status_code == 200
    service.simulations.stop()

    ended = get(service, "/data/simulation").json()
    assert (ended["state"], ended["outcome"]["interrupted"], ended["outcome"]["ok"]) == ("ended", True, False)
    assert service.key.text not in json.dumps(ended)


def test_a_mass_leave_is_stopped_by_the_guard_on_the_page_too(service: LocalService) -> None:
    account = service.new_account().account
    wanted = {"account": account, "profile": "jumpcloud", "scenario": "mass-leave", "users": 60, "cleanUp": True}

    post(service, "/data/simulation/start", wanted)
    service.simulations.wait(60)

    ended = get(service, "/data/simulation").json()
    assert (ended["state"], ended["problem"], ended["outcome"]["ok"]) == ("ended", None, True)
    assert get(service, "/data/resources", type="users", account=account).json()["resources"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"account": "no*such"}, 400),
        ({"account": "nosuch"}, 400),
        ({"account": 1}, 400),
        ({"users": "20"}, 400),
        ({"users": True}, 400),
        ({"cleanUp": "yes"}, 400),
    ],
)
def test_a_simulation_that_is_not_well_formed_is_refused(
    service: LocalService, change: dict[str, Any], status: int
) -> None:
    wanted = {"account": "default", "profile": "jumpcloud", "scenario": "first-sync", "users": 20} | change

    assert post(service, "/data/simulation/start", wanted).status_code == status


def test_what_the_simulation_itself_refuses_is_said(service: LocalService) -> None:
    wanted = {"account": "default", "profile": "nosuch", "scenario": "first-sync", "users": 20}

    post(service, "/data/simulation/start", wanted)
    service.simulations.stop()

    ended = get(service, "/data/simulation").json()
    assert (ended["state"], "is not an identity provider" in ended["problem"]) == ("refused", True)
