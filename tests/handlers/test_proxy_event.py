"""An HTTP request as the REST API's proxy event."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from handlers.http import Event, HttpRequest, proxy_event


def event(method: str = "GET", path: str = "/scim/v2/Users", query: str = "", body: bytes = b"", **more: Any) -> Event:
    headers = more.pop("headers", [("Authorization", "Bearer key")])
    more = {"resource": path, "path_parameters": None, **more}
    return proxy_event(method, path, query, headers, body, **more)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("filter=a%2Bb%40example.com", "a+b@example.com"),
        ("filter=a+b", "a b"),
        ("filter=a%20b", "a b"),
        ("filter=a%252Bb", "a%2Bb"),
        ("filter=", ""),
        ("filter", ""),
        ("filter=%FF", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_query_is_decoded_once_as_a_form_is(query: str, value: str) -> None:
    made = event(query=query)

    assert made["queryStringParameters"] == {"filter": value}
    assert made["multiValueQueryStringParameters"] == {"filter": [value]}


def test_of_a_parameter_that_comes_twice_all_values_are_kept_and_the_last_stands_alone() -> None:
    made = event(query="count=1&count=2")

    assert made["queryStringParameters"] == {"count": "2"}
    assert made["multiValueQueryStringParameters"] == {"count": ["1", "2"]}


def test_of_a_header_that_comes_twice_all_values_are_kept_and_the_last_stands_alone() -> None:
    made = event(headers=[("X-Trace", "a"), ("X-Trace", "b")])

    assert made["headers"]["X-Trace"] == "b"
    assert made["multiValueHeaders"]["X-Trace"] == ["a", "b"]


def test_absent_parts_of_a_proxy_event_are_null() -> None:
    made = event()

    absent = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert [made[name] for name in absent] == [None] * 5
    assert made["isBase64Encoded"] is False


def test_a_text_body_is_sent_unencoded() -> None:
    made = event("POST", body='{"userName": "Jürgen"}'.encode())

    assert (made["body"], made["isBase64Encoded"]) == ('{"userName": "Jürgen"}', False)


def test_a_binary_body_is_sent_base64_encoded() -> None:
    made = event("POST", body=b"\xff\xfe")

    assert (b64decode(made["body"]), made["isBase64Encoded"]) == (b"\xff\xfe", True)


def test_the_path_stays_as_sent() -> None:
    made = event(path="/scim/v2/Users/a%20b", resource="/scim/v2/Users/{id}", path_parameters={"id": "a%20b"})

    assert (made["path"], made["resource"]) == ("/scim/v2/Users/a%20b", "/scim/v2/Users/{id}")
    assert made["pathParameters"] == {"id": "a%20b"}


def test_a_client_cannot_forge_what_the_gateway_says() -> None:
    made = event(headers=[("x-forwarded-for", "198.51.100.1"), ("HOST", "elsewhere")], source_ip="203.0.113.9")

    said = {name.lower(): values for name, values in made["multiValueHeaders"].items()}
    assert said["x-forwarded-for"] == ["203.0.113.9"]
    assert said["host"] == ["127.0.0.1:8080"]


@pytest.mark.parametrize(
    ("place", "base_url"),
    [
        ({}, "http://127.0.0.1:8080/scim/v2"),
        ({"domain": "scim.example.com", "scheme": "https"}, "https://scim.example.com/scim/v2"),
        (
            {"domain": "a.execute-api.example.com", "scheme": "https", "stage": "live", "path_prefix": "/live"},
            "https://a.execute-api.example.com/live/scim/v2",
        ),
    ],
)
def test_handlers_find_the_base_url_in_it(place: dict[str, str], base_url: str) -> None:
    assert HttpRequest.of(event(**place), None).base_url == base_url  # type: ignore[arg-type]  # mypy does not match unpacked names to parameters
