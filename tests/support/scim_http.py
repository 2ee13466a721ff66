"""A SCIM client that sends bytes and checks what every answer must be, by the RFC and by the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from support.described_api import described_api
from support.people import patch

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and body of an answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Json:
        """The body as a JSON object."""
        value = json.loads(self.text)
        assert isinstance(value, dict)
        return value


@dataclass(frozen=True)
class ScimClient:
    """Speaks to one account of a service; one connection per request, so that threads may share it."""

    base_url: str
    key: str
    host: str | None = None
    """The header Host, as a gateway sees it; None for the one of the base URL."""
    strict: bool = False
    """True if the account is in mode `strict`: then what it accepts is checked, too."""

    @property
    def shown_url(self) -> str:
        """The base URL in the answers' locations."""
        return self.base_url if self.host is None else f"https://{self.host}{urlsplit(self.base_url).path}"

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """One request: `path` and `query` go out as they are, a `body` other than bytes as JSON.

        Only the headers given go out, with the account's key as Authorization unless that is among them; None is none.
        """
        address = urlsplit(self.base_url)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        connection = connection_to(address, 60)
        try:
            url = address.path + path + (f"?{query}" if query else "")
            connection.putrequest(method, url, skip_host=self.host is not None, skip_accept_encoding=True)
            if self.host is not None:
                connection.putheader("Host", self.host)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if content is not None:
                connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, received, response.read().decode("utf-8"))
        finally:
            connection.close()
        check_form(answer, sent.get("Accept"))
        self._check_described(method, path, body, answer)
        return answer

    def _check_described(self, method: str, path: str, body: Any, answer: Answer) -> None:
        """Check the answer, and the body of what a strict account accepted, against the OpenAPI document."""
        api = described_api()
        api.require_answer(method, path, answer.status, answer.headers, answer.json if answer.text else None)
        if self.strict and isinstance(body, dict) and answer.status < 300:
            api.require_body(method, path, body)

    def get(self, path: str, query: str = "") -> Answer:
        """GET."""
        return self.request("GET", path, query)

    def post(self, body: Any) -> Answer:
        """POST /Users."""
        return self.request("POST", "/Users", body=body)

    def put(self, user_id: str, body: Any) -> Answer:
        """PUT /Users/{id}."""
        return self.request("PUT", f"/Users/{user_id}", body=body)

    def patch(self, user_id: str, *operations: Json) -> Answer:
        """PATCH /Users/{id} with these operations."""
        body = patch(*operations)
        return self.request("PATCH", f"/Users/{user_id}", body=body)

    def delete(self, user_id: str) -> Answer:
        """DELETE /Users/{id}."""
        return self.request("DELETE", f"/Users/{user_id}")

    def create(self, body: Json) -> Json:
        """The user that a POST made."""
        answer = self.post(body)
        assert answer.status == 201, answer.text
        return answer.json

    def find(self, filter_: str) -> list[Json]:
        """The users that a filter finds."""
        answer = self.get("/Users", f"filter={quote(filter_)}")
        assert answer.status == 200, answer.text
        found: list[Json] = answer.json["Resources"]
        assert answer.json["totalResults"] == len(found)
        return found

    def all(self) -> list[Json]:
        """The account's users, a hundred at most."""
        return list(self.get("/Users").json["Resources"])


def connection_to(address: SplitResult, timeout: float) -> HTTPConnection:
    """A connection to an address, with TLS for https; `timeout` in seconds."""
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return kind(address.hostname or "", address.port, timeout=timeout)


def check_form(answer: Answer, accept: str | None = None) -> None:
    """Check every answer: SCIM's media type, no null members, and errors as RFC 7644 section 3.12 has them."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    if not answer.text:
        assert answer.status in (204, 304) or "content-length" in answer.headers, answer
        return
    media_type = "application/json" if accept == "application/json" else "application/scim+json"
    assert answer.headers["content-type"].startswith(media_type), answer
    assert not list(_nulls(answer.json)), answer.text
    assert "Traceback" not in answer.text
    assert '"password":' not in answer.text
    if answer.status >= 400:
        assert answer.json["schemas"] == [ERROR]
        assert answer.json["status"] == str(answer.status)
        assert answer.json["detail"]


def _nulls(value: Any) -> Any:
    if value is None:
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nulls(inner)
