"""Authentication: RFC 6750's 401 as a SCIM error, and no access to another account."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any

import pytest

from adapters.secrets.guesses import Guesses
from domain.accounts.connector_key import ConnectorKey
from local.service import SECRET_PREFIX, LocalService
from support.people import user
from support.scim_http import ScimClient

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


@pytest.fixture
def client(service: LocalService) -> ScimClient:
    """A client of an account as it was made: moto lets no value that is put by hand take the place of a changed one."""
    return ScimClient(service.base_url, service.new_account().text)


@pytest.fixture(autouse=True)
def _no_guess_of_another_test_counts(service: LocalService) -> None:
    """An address that has sent wrong keys is held back for a while, and all tests have the same."""
    service.bound.authenticator._guesses = Guesses()


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


def test_a_refusal_does_not_reveal_whether_the_account_exists_or_is_disabled(
    client: ScimClient, service: LocalService
) -> None:
    off = service.new_account().account
    service.accounts.disable(off)
    keys = [wrong_key("nobody"), wrong_key(off), wrong_key(client.key.split("_")[1])]

    refusals = [replace(client, key=key).get("/Users") for key in keys]

    answers = [(each.status, each.text, sorted(without_what_varies(each.headers).items())) for each in refusals]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


def wrong_key(account: str) -> str:
    return ConnectorKey.generate(account, secrets.token_bytes).text


def without_what_varies(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if "date" not in name and "id" not in name.split("-")}


@pytest.mark.parametrize("around", ["Bearer  {} ", "Bearer \t{}\t", " Bearer {}", "BEARER {}"])
def test_a_key_with_white_space_around_it_is_accepted(client: ScimClient, around: str) -> None:
    answer = client.request("GET", "/Users", headers={"Authorization": around.format(client.key)})

    assert answer.status == 200


@pytest.mark.parametrize("twice", ["Bearer Bearer {}", "Bearer bearer {}", "bearer  Bearer  {}"])
def test_the_word_bearer_pasted_with_the_key_is_reported(client: ScimClient, twice: str) -> None:
    answer = client.request("GET", "/Users", headers={"Authorization": twice.format(client.key)})

    assert answer.status == 401
    assert "The word Bearer appears twice" in answer.json["detail"]
    assert "Paste only the Connector Key" in answer.json["detail"]
    assert client.key not in answer.text


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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '{"enabled": true}',
        '{"account": "%s", "enabled": "yes", "current": {}}',
        f'{{"account": "%s", "enabled": true, "current": {{"key": "{UNKNOWN_ACCOUNT.text}"}}}}',
        '{"account": "%s", "enabled": true, "current": {"key": ["x"]}, "previous": 7}',
        '{"account": "%s", "enabled": true, "lastChange": {"at": "0001-01-01T00:00:00+14:00"}}',
        '{"account": "%s", "enabled": true, "current": ' + "[" * 20_000,
        '{"account": "%s", "enabled": true, "note": "' + "x" * 60_000 + '"}',
    ],
    ids=str.__len__,
)
def test_a_secret_edited_into_nonsense_is_refused_like_an_unknown_account_and_the_log_names_it(
    client: ScimClient, service: LocalService, text: str
) -> None:
    name = SECRET_PREFIX + client.key.split("_")[1]
    edited = text.replace("%s", client.key.split("_")[1])
    service.clients.secretsmanager.put_secret_value(SecretId=name, SecretString=edited or " ")

    answers = [client.get("/Users"), client.post(user()), client.get("/ServiceProviderConfig")]

    unknown = ScimClient(client.base_url, UNKNOWN_ACCOUNT.text).get("/Users")
    for answer in answers:
        assert (answer.status, answer.text) == (unknown.status, unknown.text)
    lines = logged(service, name)
    assert len(lines) == len(answers)
    assert {line["reason"] for line in lines} == {"secret-malformed"}
    assert all(name in line["remedy"] for line in lines)
    assert client.key not in json.dumps(lines)


def test_a_deleted_secret_admits_no_request(client: ScimClient, service: LocalService) -> None:
    name = SECRET_PREFIX + client.key.split("_")[1]

    service.clients.secretsmanager.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert client.get("/Users").status == 401
    assert [line["reason"] for line in logged(service, name)] == ["secret-marked-for-deletion"]

    service.clients.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert client.get("/Users").status == 401


def logged(service: LocalService, secret: str) -> list[dict[str, Any]]:
    """The log lines that name a secret."""
    lines = service.activity_file.read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line.get("secret") == secret]
