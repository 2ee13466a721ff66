"""The OpenAPI document of the local server, and what its page API asks for: the files of Swagger UI, and a key."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from local.service import LocalService
from reference import openapi
from support.declared import ACME, EXAMPLE

OWN = {"X-Rollcall-Page": "1"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """A server whose deployment declares an extension."""
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "acme.json").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLLCALL_SCHEMAS", str(folder))
        with LocalService() as running:
            yield running


def test_the_document_describes_this_server_with_its_extensions(service: LocalService) -> None:
    answer = httpx.get(service.address + "/openapi.json")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found = answer.json()
    assert found["paths"].keys() == openapi.document()["paths"].keys()
    assert ACME in found["components"]["schemas"]["User"]["properties"]
    assert ACME not in openapi.document()["components"]["schemas"]["User"]["properties"]
    assert [each["url"] for each in found["servers"]] == [service.base_url]


def test_under_localhost_the_document_sends_requests_to_localhost(service: LocalService) -> None:
    address = service.address.replace("127.0.0.1", "localhost")

    found = httpx.get(service.address + "/openapi.json", headers={"Host": address.removeprefix("http://")}).json()

    assert [each["url"] for each in found["servers"]] == [address + "/scim/v2"]


def test_the_document_is_for_this_machine_and_only_read(service: LocalService) -> None:
    address = service.address + "/openapi.json"

    assert httpx.get(address, headers={"Host": "rebound.example:80"}).status_code == 421
    assert httpx.post(address).status_code == 405
    assert (httpx.head(address).status_code, httpx.head(address).content) == (200, b"")


def test_of_swagger_ui_only_what_the_page_names_is_served(service: LocalService) -> None:
    style = httpx.get(service.address + "/swagger-ui/swagger-ui.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    for name in ("index.css", "%2e%2e/__init__.py", "swagger-ui.css/", "oauth2-redirect.html"):
        assert httpx.get(f"{service.address}/swagger-ui/{name}").status_code == 401, name  # the API's own answer


def test_a_page_gets_the_key_of_an_account_and_the_log_says_so(service: LocalService) -> None:
    other = service.new_account()

    answer = httpx.post(service.address + "/data/key", headers=OWN, json={"account": other.account})

    assert (answer.status_code, answer.json()) == (200, {"key": other.text})
    lines = [json.loads(line) for line in service.activity_file.read_text(encoding="utf-8").splitlines()]
    shown = [line for line in lines if line.get("what") == "key-revealed"]
    assert [line["account"] for line in shown] == [other.account]
    assert other.text not in json.dumps(lines)


def test_no_other_site_gets_a_key(service: LocalService) -> None:
    address, body = service.address + "/data/key", {"account": "default"}

    assert httpx.post(address, json=body).status_code == 403
    assert httpx.post(address, json=body, headers=OWN | {"Origin": "https://evil.example"}).status_code == 403
    assert httpx.get(address, headers=OWN).status_code == 405


@pytest.mark.parametrize("account", ["nosuch", "No Name!", None, 7])
def test_who_asks_for_the_key_of_no_account_gets_a_reason(service: LocalService, account: object) -> None:
    answer = httpx.post(service.address + "/data/key", headers=OWN, json={"account": account})

    assert answer.status_code == 400
    assert answer.json()["detail"]
