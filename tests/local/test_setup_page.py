"""The set-up page of the local server: the same function, on the routes of template.yaml, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from adapters.secrets.setup_links import SetupLinks
from local.service import SECRET_PREFIX, LocalService
from support.people import user


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as service:
        yield service


def test_a_set_up_is_followed_from_the_link_to_the_first_user(service: LocalService) -> None:
    links = SetupLinks(service.clients.secretsmanager, SECRET_PREFIX, lambda: "ada")
    token, _ = links.invite("default", idp="okta")
    link = {"Authorization": f"Bearer {token.text}", "Content-Type": "application/json"}
    with httpx.Client(base_url=service.address) as browser:
        page = browser.get("/setup")
        assert page.status_code == 200
        assert "strict-transport-security" not in page.headers
        assert browser.get("/setup/setup.css").headers["Content-Type"].startswith("text/css")
        before = browser.post("/setup/view", headers=link)
        shown = browser.post("/setup/reveal", headers=link)
        assert service.key.text in shown.text
        assert browser.post("/setup/reveal", headers=link).status_code == 409

        scim = {"Authorization": f"Bearer {service.key.text}"}
        assert browser.get("/scim/v2/Users", headers=scim).status_code == 200
        assert browser.post("/scim/v2/Users", headers=scim, json=user("ada@example.com")).status_code == 201

    assert before.status_code == 200
    activity = service.activity_file.read_text(encoding="utf-8")
    assert "key-revealed" in activity
    assert "rcs_" not in activity


def test_the_set_up_page_is_not_among_the_requests_of_identity_providers(service: LocalService) -> None:
    httpx.get(service.address + "/setup")

    assert not [each for each in service.exchanges.after(0)[1] if each.path.startswith("/setup")]
