"""Who may ask: RFC 6750's 401 in SCIM's form, and nothing of one account for another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.local_service import LocalService
from contract.scim_http import ScimClient, user
from domain.connector_key import ConnectorKey

WRONG_KEY = ConnectorKey.generate("default", bytes)
UNKNOWN_ACCOUNT = ConnectorKey.generate("nobody", bytes)

REFUSED = {
    "wrong-key": f"Bearer {WRONG_KEY.text}",
    "unknown-account": f"Bearer {UNKNOWN_ACCOUNT.text}",
    "not-a-key": "Bearer not-the-token",
    "wrong-checksum": f"Bearer {WRONG_KEY.text[:-1]}x",
    "no-scheme": WRONG_KEY.text,
    "no-token": "Bearer",
    "empty": "",
    "other-scheme": "Basic cm9sbGNhbGw6cm9sbGNhbGw=",
    "quoted": f'Bearer "{WRONG_KEY.text}"',
    "two-tokens": f"Bearer {WRONG_KEY.text} {WRONG_KEY.text}",
    "very-long": "Bearer " + "x" * 8000,
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize(("method", "path"), [("GET", "/Users"), ("POST", "/Users"), ("GET", "/Groups"), ("GET", "/x")])
def test_a_wrong_authorization_is_refused_in_scim_form(
    client: ScimClient, authorization: str, method: str, path: str
) -> None:
    answer = client.request(method, path, body=user(), headers={"Authorization": authorization})

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert WRONG_KEY.text[-20:] not in answer.text
    assert client.all() == []


def test_a_missing_authorization_is_refused(client: ScimClient) -> None:
    answer = client.request("GET", "/Users", headers={"Authorization": None})

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_refusal_does_not_tell_a_wrong_key_from_an_unknown_account(client: ScimClient) -> None:
    wrong = client.request("GET", "/Users", headers={"Authorization": REFUSED["wrong-key"]})
    unknown = client.request("GET", "/Users", headers={"Authorization": REFUSED["unknown-account"]})

    assert wrong.text == unknown.text


def test_the_scheme_is_known_in_any_case(client: ScimClient) -> None:
    assert client.request("GET", "/Users", headers={"Authorization": f"bearer {client.key}"}).status == 200


def test_one_account_sees_nothing_of_another(client: ScimClient, service: LocalService) -> None:
    other = replace(client, key=service.new_account().text)
    mine = client.create(user())

    theirs = other.create(user())

    assert theirs["id"] != mine["id"]
    assert [found["id"] for found in other.all()] == [theirs["id"]]
    assert other.get(f"/Users/{mine['id']}").status == 404
    assert other.delete(mine["id"]).status == 404
    assert other.put(mine["id"], user()).status == 404
    assert client.get(f"/Users/{mine['id']}").status == 200


def test_an_account_that_is_switched_off_is_refused_with_403(client: ScimClient, service: LocalService) -> None:
    account = client.key.split("_")[1]

    service.accounts.disable(account)

    assert client.get("/Users").status == 403
