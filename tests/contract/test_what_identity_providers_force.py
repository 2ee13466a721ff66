"""Behaviour beyond the RFC's letter that JumpCloud, Entra ID and Okta need, each on its own."""

from __future__ import annotations

import json

import pytest

from local.service import LocalService
from support.people import CORE, ENTERPRISE, user
from support.scim_http import ScimClient

OLD_ADDRESS = "mara.lind@example.com"


def test_the_whole_life_of_a_jumpcloud_user(client: ScimClient) -> None:
    assert client.find(f'userName eq "{OLD_ADDRESS}"') == []
    created = client.create(user(externalId="65a1b2c3d4e5f60718293a4b", title="Engineer"))
    sent_back = {**created, "title": "Lead"}
    changed = client.put(created["id"], sent_back)
    assert (changed.status, changed.json["title"]) == (200, "Lead")
    deactivated = client.put(created["id"], {**changed.json, "active": False})
    assert (deactivated.status, deactivated.json["active"]) == (200, False)
    assert [found["active"] for found in client.find(f'userName eq "{OLD_ADDRESS}"')] == [False]
    assert client.put(created["id"], {**deactivated.json, "active": True}).json["active"] is True
    assert client.delete(created["id"]).status == 204
    assert client.get(f"/Users/{created['id']}").status == 404
    assert client.all() == []


def test_a_put_of_what_was_read_changes_nothing(client: ScimClient) -> None:
    created = client.create(user(name={"givenName": "Mara"}, nickName="M"))

    answer = client.put(created["id"], created)

    assert answer.json == created
    assert answer.headers["etag"] == created["meta"]["version"]


@pytest.mark.parametrize("emails", [{"emails": None}, {}], ids=["null", "absent"])
def test_a_put_without_emails_keeps_the_addresses_and_their_uniqueness(
    client: ScimClient, emails: dict[str, None]
) -> None:
    created = client.create(user())
    body = {"schemas": [CORE], "userName": OLD_ADDRESS, "active": True} | emails

    answer = client.put(created["id"], body)

    assert answer.json["emails"] == created["emails"]
    assert client.post(user(userName="another")).status == 409


def test_schemas_may_come_in_any_order_and_with_more_than_is_used(client: ScimClient) -> None:
    answer = client.post(user(schemas=[ENTERPRISE, CORE, "urn:example:params:Unknown"]))

    assert answer.status == 201
    assert CORE in answer.json["schemas"]


def test_a_freed_address_can_be_used_again_at_once(client: ScimClient) -> None:
    first = client.create(user())
    client.delete(first["id"])

    second = client.create(user())

    assert second["id"] != first["id"]


def test_an_address_that_a_put_gave_up_can_be_used_again(client: ScimClient) -> None:
    first = client.create(user())
    client.put(first["id"], user("mara.berg"))

    assert client.post(user()).status == 201


@pytest.mark.parametrize(
    ("second", "attribute"),
    [
        (user("other", userName=OLD_ADDRESS), "userName"),
        (user("other", userName=OLD_ADDRESS.upper()), "userName"),
        (user(userName="other"), "emails"),
        (user(userName="other", emails=[{"value": OLD_ADDRESS.upper()}]), "emails"),
        (user("other", emails=[{"value": "x@example.com"}, {"value": OLD_ADDRESS, "type": "home"}]), "emails"),
    ],
    ids=["userName", "userName-case", "address", "address-case", "second-address"],
)
def test_a_conflict_names_the_attribute(client: ScimClient, second: dict[str, object], attribute: str) -> None:
    client.create(user())

    answer = client.post(second)

    assert answer.status == 409
    assert answer.json["scimType"] == "uniqueness"
    assert attribute in answer.json["detail"]
    assert len(client.all()) == 1


def test_a_refused_create_leaves_its_other_values_free(client: ScimClient) -> None:
    client.create(user())
    addresses = [{"value": "free@example.com"}, {"value": OLD_ADDRESS}]
    assert client.post(user(userName="free", externalId="free", emails=addresses)).status == 409

    assert client.post(user("free", userName="free")).status == 201
    assert client.find('externalId eq "free"') == []


def test_values_come_back_in_the_case_they_were_sent_in(client: ScimClient) -> None:
    body = user(userName="Mara.Lind", emails=[{"value": "Mara.Lind@Example.COM", "type": "Work"}])

    created = client.create(body)

    assert (created["userName"], created["emails"]) == (body["userName"], body["emails"])
    assert client.find('userName eq "MARA.lind"') == [created]
    assert client.find('emails eq "mara.lind@example.com"') == [created]


@pytest.mark.parametrize("user_id", ["1", "not-an-id", "0" * 2000, "%00", "a%2Fb", "%ff", "%F0%9F%98%80", ".", "*"])
def test_a_malformed_id_is_not_found(client: ScimClient, user_id: str) -> None:
    assert client.get(f"/Users/{user_id}").status == 404
    assert client.put(user_id, user()).status == 404
    assert client.patch(user_id, {"op": "replace", "path": "active", "value": False}).status == 404
    assert client.delete(user_id).status == 404


def test_a_password_is_accepted_and_kept_nowhere(client: ScimClient, service: LocalService) -> None:
    created = client.create(user(password="correct horse battery staple"))
    client.patch(created["id"], {"op": "replace", "path": "password", "value": "correct horse battery staple"})
    client.put(created["id"], {**created, "password": "correct horse battery staple"})

    assert "correct horse" not in client.get(f"/Users/{created['id']}").text
    assert "correct horse" not in client.get("/Users", "attributes=password,userName").text
    table = service.table
    assert "correct horse" not in json.dumps(table.client.scan(TableName=table.table_name)["Items"], default=str)


@pytest.mark.parametrize(("text", "value"), [("True", True), ("true", True), ("False", False), ("false", False)])
def test_a_boolean_as_text_is_a_boolean(client: ScimClient, text: str, value: bool) -> None:
    created = client.create(user(active=text))
    other = client.create(user("other"))

    patched = client.patch(other["id"], {"op": "Replace", "path": "active", "value": text})
    replaced = client.put(other["id"], {**other, "active": text})

    assert created["active"] is value
    assert patched.json["active"] is value
    assert replaced.json["active"] is value


def test_unknown_attributes_and_urns_are_ignored(client: ScimClient) -> None:
    created = client.create(user(favouriteColour="green", **{"urn:example:2.0:Thing": {"a": 1}}))

    assert "favouriteColour" not in created
    assert "urn:example:2.0:Thing" not in created


def test_unknown_query_parameters_are_ignored(client: ScimClient) -> None:
    created = client.create(user())

    assert client.get("/Users", "aadOptscim062020&expand=all&x=%2500").json["totalResults"] == 1
    assert client.get(f"/Users/{created['id']}", "aadOptscim062020").json == created


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/scim+json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
    ],
)
@pytest.mark.parametrize("accept", [None, "text/html", "application/json"])
def test_headers_other_than_the_key_are_ignored(
    client: ScimClient, content_type: str | None, accept: str | None
) -> None:
    headers = {"Content-Type": content_type, "Accept": accept}

    created = client.request("POST", "/Users", body=user(), headers=headers)

    assert created.status == 201
    assert client.request("GET", f"/Users/{created.json['id']}", headers=headers).json == created.json


@pytest.mark.parametrize("encoded", ["a%2Bb%40example.com", "a%2Bb@example.com", "%61%2bb%40example.com"])
def test_a_query_is_decoded_exactly_once(client: ScimClient, encoded: str) -> None:
    wanted = client.create(user("a+b"))
    client.create(user("a b"))

    for space in ("+", "%20"):
        answer = client.get("/Users", f"filter=userName{space}eq{space}%22{encoded}%22")
        assert answer.json["Resources"] == [wanted]


@pytest.mark.parametrize("path", ["/Users", "/Users/", "//Users", "///Users//"])
def test_repeated_slashes_are_ignored(client: ScimClient, path: str) -> None:
    created = client.request("POST", path, body=user())

    assert created.status == 201
    assert client.get(path, "count=1").json["Resources"] == [created.json]
    assert client.get(f"{path}/{created.json['id']}").json == created.json


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Groups", 404),
        ("POST", "/Groups", 404),
        ("PATCH", "/Groups/7", 404),
        ("GET", "/Groups/7/members", 404),
        ("GET", "/Nothing", 404),
        ("GET", "", 404),
        ("GET", "/", 404),
        ("GET", "/Users/1/2", 404),
        ("GET", "/Me", 501),
        ("PATCH", "/Me", 501),
        ("PUT", "/Users", 405),
        ("DELETE", "/Users", 405),
        ("POST", "/Users/1", 405),
        ("GET", "/Users/.search", 405),
        ("GET", "/Bulk", 405),
        ("POST", "/Schemas", 405),
        ("DELETE", "/ServiceProviderConfig", 405),
        ("OPTIONS", "/Users", 405),
    ],
)
def test_every_other_path_and_method_has_a_scim_answer(client: ScimClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)

    assert answer.status == status
    assert answer.json["status"] == str(status)
    assert ("allow" in answer.headers) is (status == 405)
