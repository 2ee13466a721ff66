"""Versions, ETag, If-Match and If-None-Match (RFC 7644 section 3.14), over HTTP."""

from __future__ import annotations

import pytest

from support.people import PATCH_OP, user
from support.scim_http import ScimClient

TITLE = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "Lead"}]}


def test_the_etag_is_the_version_and_changes_with_the_user(client: ScimClient) -> None:
    created = client.post(user())
    changed = client.patch(created.json["id"], {"op": "replace", "path": "title", "value": "Lead"})

    assert created.headers["etag"] == created.json["meta"]["version"] == 'W/"1"'
    assert changed.headers["etag"] == changed.json["meta"]["version"] == 'W/"2"'


@pytest.mark.parametrize("path_and_value", [("title", "Lead"), ("emails", [user()["emails"][0]])])
def test_a_patch_that_changes_nothing_keeps_version_and_time(
    client: ScimClient, path_and_value: tuple[str, object]
) -> None:
    created = client.create(user(title="Lead"))

    again = client.patch(created["id"], {"op": "add", "path": path_and_value[0], "value": path_and_value[1]})

    assert again.json["meta"] == created["meta"]


def test_an_unchanged_user_is_not_sent_again(client: ScimClient) -> None:
    created = client.post(user())
    path = f"/Users/{created.json['id']}"

    unchanged = client.request("GET", path, headers={"If-None-Match": created.headers["etag"]})
    changed = client.request("GET", path, headers={"If-None-Match": 'W/"7"'})

    assert (unchanged.status, unchanged.text, unchanged.headers["etag"]) == (304, "", 'W/"1"')
    assert changed.status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_version_is_not_changed(client: ScimClient, method: str) -> None:
    created = client.create(user())
    path = f"/Users/{created['id']}"
    body = {"PUT": user(title="Lead"), "PATCH": TITLE, "DELETE": None}[method]

    refused = client.request(method, path, body=body, headers={"If-Match": 'W/"9"'})

    assert refused.status == 412
    assert client.get(path).json == created


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "*", 'W/"5", W/"1"'])
def test_the_present_version_is_changed(client: ScimClient, method: str, tag: str) -> None:
    created = client.create(user())
    body = {"PUT": user(title="Lead"), "PATCH": TITLE, "DELETE": None}[method]

    done = client.request(method, f"/Users/{created['id']}", body=body, headers={"If-Match": tag})

    assert done.status == (204 if method == "DELETE" else 200)
