"""The pages of the local server over HTTP: what is served, to whom, and with which protection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.pages.site import PLACES
from local.service import LocalService


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.mark.parametrize("path", [place.path for place in PLACES if place.path != "/"])
def test_a_page_is_html_with_a_strict_policy_and_without_inline_script_or_style(
    service: LocalService, path: str
) -> None:
    answer = httpx.get(service.address + path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", answer.text)
    assert 'aria-current="page"' in answer.text
    assert httpx.post(service.address + path).status_code == 405


def test_the_files_that_a_page_names_are_served(service: LocalService) -> None:
    for place in PLACES[1:]:
        for named in re.findall(r'(?:src|href)="(/[^"]+\.\w+)"', httpx.get(service.address + place.path).text):
            assert httpx.get(service.address + named).status_code == 200, named


@pytest.mark.parametrize("path", ["/favicon.ico", "/favicon.svg", "/robots.txt", "/apple-touch-icon.png"])
def test_what_browsers_ask_for_by_themselves_is_no_scim_traffic(service: LocalService, path: str) -> None:
    lines = service.activity_file.read_text()

    assert httpx.get(service.address + path).status_code in (200, 404)

    assert service.activity_file.read_text() == lines


OWN = {"X-Rollcall-Page": "1"}


def asked(service: LocalService, path: str) -> httpx.Response:
    return httpx.get(service.address + path, headers=OWN)


@pytest.mark.parametrize("path", ["/data/requests", "/data/accounts", "/data/request?id=x"])
def test_only_the_pages_of_this_server_get_data(service: LocalService, path: str) -> None:
    assert httpx.get(service.address + path).status_code == 403
    elsewhere = OWN | {"Host": "rebound.example:80"}
    assert httpx.get(service.address + path, headers=elsewhere).status_code == 421


def test_a_page_of_another_site_can_clear_nothing(service: LocalService) -> None:
    address = service.address + "/data/requests/clear"

    assert httpx.post(address, headers=OWN | {"Origin": "https://evil.example"}, json={}).status_code == 403
    assert httpx.post(address, json={}).status_code == 403
    assert asked(service, "/data/requests/clear").status_code == 405
    assert httpx.post(address, headers=OWN, content=b"x" * 100_000).status_code == 413
    assert httpx.post(address, headers=OWN, content=b"[").status_code == 400


def latest(service: LocalService) -> dict[str, Any]:
    found: dict[str, Any] = asked(service, "/data/requests").json()["requests"][-1]
    return found


def test_a_request_is_shown_with_its_reason_its_remedy_and_its_bodies(service: LocalService) -> None:
    headers = {"Authorization": f"Bearer {service.key.text}", "Content-Type": "application/json"}
    sent = httpx.post(service.base_url + "/Users?a=1", headers=headers, json={"userName": "", "emails": []})

    line = latest(service)

    assert (line["method"], line["path"], line["query"]) == ("POST", "/scim/v2/Users", "a=1")
    assert (line["status"], line["account"]) == (400, "default")
    assert line["reason"] == "invalid-value"
    assert line["remedy"]
    assert line["tolerances"] == ["missing-core-schema"]
    whole = asked(service, f"/data/request?id={line['id']}").json()
    assert json.loads(whole["request"]["text"]) == {"userName": "", "emails": []}
    assert whole["answer"]["text"] == sent.text
    assert whole["curl"] == (
        f"curl -i -X POST '{service.base_url}/Users?a=1' -H \"Authorization: Bearer $KEY\" "
        "-H 'Content-Type: application/json' -H 'Accept: */*' "
        """--data-binary '{"userName": "", "emails": []}'"""
    )


def test_the_key_is_nowhere_in_what_is_shown(service: LocalService) -> None:
    key = service.key.text
    httpx.post(
        f"{service.base_url}/Users?key={key}", headers={"Authorization": f"Bearer {key}"}, json={"userName": key}
    )

    shown = asked(service, "/data/requests").text + asked(service, f"/data/request?id={latest(service)['id']}").text

    assert "rck_..." in shown
    assert key not in shown
    assert key[-20:] not in shown


def test_only_what_came_after_a_position_is_answered(service: LocalService) -> None:
    position = asked(service, "/data/requests").json()["position"]
    httpx.get(service.base_url + "/Users")

    assert len(asked(service, f"/data/requests?after={position}").json()["requests"]) == 1
    assert asked(service, "/data/requests?after=-1").status_code == 400
    assert asked(service, "/data/requests?after=" + "9" * 5000).status_code == 400


def test_a_request_that_is_not_kept_is_not_found(service: LocalService) -> None:
    answer = asked(service, "/data/request?id=nosuch")

    assert (answer.status_code, "only the last 500" in answer.json()["detail"]) == (404, True)
