"""Users and attributes of an answer (RFC 7644 sections 3.4.2 and 3.9), over HTTP."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from support.people import PATCH_OP, user
from support.scim_http import LIST, Json, ScimClient

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
NAME = {"givenName": "Mara", "familyName": "Lind"}


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "PATCH"])
@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("attributes=USERNAME,name.givenName", {"schemas", "id", "userName", "name"}),
        ("attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName", {"schemas", "id", "userName"}),
        ("excludedAttributes=emails,meta,id,schemas", {"schemas", "id", "userName", "name", "active"}),
        ("attributes=favouriteColour", {"schemas", "id"}),
    ],
)
def test_the_attributes_asked_for_are_answered(client: ScimClient, method: str, query: str, members: set[str]) -> None:
    body = user(name=NAME)
    if method == "POST":
        answer = client.request("POST", "/Users", query, body)
    else:
        user_id = client.create(body)["id"]
        patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}
        sent = {"GET": None, "PUT": body, "PATCH": patch}[method]
        answer = client.request(method, f"/Users/{user_id}", query, sent)

    assert set(answer.json) == members
    if "name.givenName" in query:
        assert answer.json["name"] == {"givenName": "Mara"}


def test_asking_for_and_leaving_out_at_once_is_refused(client: ScimClient) -> None:
    answer = client.get("/Users", "attributes=userName&excludedAttributes=emails")

    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize("path", ["/Users/.search", "/.search"])
def test_a_search_request_answers_as_a_list_does(client: ScimClient, path: str) -> None:
    for name in ("ada", "bea", "cleo"):
        client.create(user(name, title=name))

    answer = client.request(
        "POST",
        path,
        body={
            "schemas": [SEARCH],
            "filter": 'title ge "bea"',
            "sortBy": "userName",
            "sortOrder": "descending",
            "startIndex": 1,
            "count": 10,
            "attributes": ["title"],
        },
    )

    assert answer.status == 200
    assert answer.json["schemas"] == [LIST]
    assert [found["title"] for found in answer.json["Resources"]] == ["cleo", "bea"]
    assert all(set(found) == {"schemas", "id", "title"} for found in answer.json["Resources"])


CRAWLS = {
    "everyone": {},
    "a filter of an index": {"filter": 'userName sw "user"'},
    "another filter": {"filter": "title pr"},
    "by userName": {"sortBy": "userName"},
    "by another attribute": {"sortBy": "title", "sortOrder": "descending"},
}


@pytest.mark.parametrize("path", ["/Users", "/Users/.search", "/.search"])
@pytest.mark.parametrize("query", CRAWLS.values(), ids=CRAWLS)
def test_a_crawl_sees_each_user_once_and_counts_them_although_one_who_was_read_goes(
    client: ScimClient, query: dict[str, str], path: str
) -> None:
    made = {client.create(user(f"user{number}", title=f"t{number % 3}"))["id"] for number in range(7)}

    def page_at(cursor: str) -> Json:
        asked = query | {"cursor": cursor, "count": 3}
        if path == "/Users":
            answer = client.get(path, urlencode(asked))
        else:
            answer = client.request("POST", path, body={"schemas": [SEARCH], **asked})
        return answer.json

    page = page_at("")
    seen = [found["id"] for found in page["Resources"]]
    totals = [page["totalResults"]]
    client.delete(seen[0])
    while "nextCursor" in page:
        page = page_at(page["nextCursor"])
        seen += [found["id"] for found in page["Resources"]]
        totals.append(page["totalResults"])

    assert len(seen) == 7
    assert set(seen) == made
    assert totals == [7, 6, 6]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "..", quote("ü")])
def test_a_made_up_cursor_is_refused(client: ScimClient, cursor: str) -> None:
    answer = client.get("/Users", f"cursor={cursor}")

    assert (answer.status, answer.json["scimType"]) == (400, "invalidCursor")


@pytest.mark.parametrize("endpoint", ["ServiceProviderConfig", "ResourceTypes", "Schemas"])
def test_discovery_takes_no_filter(client: ScimClient, endpoint: str) -> None:
    assert client.get(f"/{endpoint}").status == 200
    assert client.get(f"/{endpoint}", "filter=id%20pr").status == 403


def test_what_discovery_lists_is_found_where_it_says(client: ScimClient) -> None:
    for endpoint in ("ResourceTypes", "Schemas"):
        for listed in client.get(f"/{endpoint}").json["Resources"]:
            path = listed["meta"]["location"].removeprefix(client.shown_url)
            assert client.get(path).json == listed
            assert client.get(path.replace(":", "%3A")).json == listed
