"""What a release must be able to do before it gets traffic: one SCIM conversation that uses every function.

A test user is created, found, read, deactivated, replaced, changed in bulk and deleted. Each name is new, so that
several of these conversations may run at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from domain.changes.bulk import BULK_REQUEST_URN
from domain.errors import ERROR_URN
from domain.patch.operations import PATCH_OP_URN
from domain.resources.user_schema import CORE_URN
from handlers.http import Event
from handlers.routes import BASE_PATH, match
from handlers.search_users import SEARCH_REQUEST_URN

Json = dict[str, Any]
Invoke = Callable[[str, Event], Json]
"""Calls a function, given its logical id and its event, and returns what it returns."""


class NotAsExpected(Exception):
    """A step was answered otherwise than it must be: which step, and what was seen."""

    def __init__(self, step: str, seen: str) -> None:
        super().__init__(f"{step}: {seen}")
        self.step = step
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Conversation:
    """A client of the release that calls its functions directly, as the gateway would."""

    invoke: Invoke
    key: str

    def hold(self, user_name: str) -> None:
        """The whole conversation; raises `NotAsExpected` at the first step that fails. The test user is deleted."""
        self.ask("Discovery", "GET", "/ServiceProviderConfig", 200)
        self.ask("Unrouted", "GET", "/Groups", 404)
        user_id = str(self.ask("CreateUser", "POST", "/Users", 201, _user(user_name)).get("id", ""))
        try:
            self._use(user_id, user_name)
        except BaseException:
            self._remove(user_id)
            raise
        self.ask("DeleteUser", "DELETE", f"/Users/{user_id}", 204)
        self.ask("GetUser", "GET", f"/Users/{user_id}", 404)

    def remove_left_over(self, before: str) -> None:
        """Delete the test users made before that time, which conversations that were cut off have left behind."""
        found = self.ask("ListUsers", "GET", "/Users", 200, filter=f'meta.created lt "{before}"')
        for user in found.get("Resources", ()):
            self.ask("DeleteUser", "DELETE", f"/Users/{user['id']}", 204)

    def ask(self, function: str, method: str, path: str, status: int, body: Json | None = None, **query: str) -> Json:
        """One request; the JSON of its answer, {} when it has none. `NotAsExpected` with another status."""
        step = f"{function} {method} {path.split('/')[1]}"
        answer = self.invoke(function, _event(method, path, body, query, self.key))
        try:
            content: Json = json.loads(answer.get("body") or "{}")
        except ValueError:
            raise NotAsExpected(step, "the body is not JSON") from None
        if answer.get("statusCode") != status:
            seen = f"{answer.get('statusCode')} instead of {status}"
            raise NotAsExpected(step, f"{seen}: {content['detail']}" if "detail" in content else seen)
        if status >= HTTPStatus.BAD_REQUEST and ERROR_URN not in content.get("schemas", ()):
            raise NotAsExpected(step, f"{status} without a SCIM error")
        return content

    def _use(self, user_id: str, user_name: str) -> None:
        path, query = f"/Users/{user_id}", f'userName eq "{user_name}"'
        search = {"schemas": [SEARCH_REQUEST_URN], "filter": query}
        _found("ListUsers", self.ask("ListUsers", "GET", "/Users", 200, filter=query), user_id)
        _found("SearchUsers", self.ask("SearchUsers", "POST", "/Users/.search", 200, search), user_id)
        _shows("GetUser", self.ask("GetUser", "GET", path, 200), active=True)
        patch = {"schemas": [PATCH_OP_URN], "Operations": [{"op": "replace", "path": "active", "value": False}]}
        _shows("PatchUser", self.ask("PatchUser", "PATCH", path, 200, patch), active=False)
        replaced = self.ask("ReplaceUser", "PUT", path, 200, _user(user_name) | {"displayName": "Replaced"})
        _shows("ReplaceUser", replaced, active=True, displayName="Replaced")
        in_bulk = {"method": "PATCH", "path": path, "data": _PATCH_TITLE}
        bulk = self.ask("Bulk", "POST", "/Bulk", 200, {"schemas": [BULK_REQUEST_URN], "Operations": [in_bulk]})
        if [operation.get("status") for operation in bulk.get("Operations", ())] != ["200"]:
            raise NotAsExpected("Bulk POST Bulk", "the operation in it did not succeed")
        _shows("GetUser", self.ask("GetUser", "GET", path, 200), displayName="Replaced", title="Tester")

    def _remove(self, user_id: str) -> None:
        """Delete the user of a conversation that failed; that failure is the one to report, whatever happens here."""
        with suppress(Exception):  # a later conversation's `remove_left_over` deletes it
            self.ask("DeleteUser", "DELETE", f"/Users/{user_id}", 204)


_PATCH_TITLE: Final = {
    "schemas": [PATCH_OP_URN],
    "Operations": [{"op": "add", "path": "title", "value": "Tester"}],
}


def _user(user_name: str) -> Json:
    return {
        "schemas": [CORE_URN],
        "userName": user_name,
        "name": {"givenName": "Release", "familyName": "Check"},
        "emails": [{"value": user_name, "type": "work", "primary": True}],
        "active": True,
    }


def _found(function: str, answer: Json, user_id: str) -> None:
    if [user.get("id") for user in answer.get("Resources", ())] != [user_id]:
        raise NotAsExpected(function, "the user just created is not the one found by userName")


def _shows(function: str, user: Json, **expected: object) -> None:
    wrong = [name for name, value in expected.items() if user.get(name) != value]
    if wrong:
        raise NotAsExpected(function, f"the user does not show what was written: {', '.join(wrong)}")


def _event(method: str, path: str, body: Json | None, query: dict[str, str], key: str) -> Event:
    """What API Gateway would hand over (REST API proxy event), as far as the functions read it."""
    full_path = BASE_PATH + path
    found = match(method, full_path)
    return {
        "httpMethod": method,
        "path": full_path,
        "pathParameters": {"id": quote(found.id)} if found and found.id else None,
        "queryStringParameters": query or None,
        "headers": {"Authorization": f"Bearer {key}", "Content-Type": "application/scim+json"},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"domainName": "release-check.invalid", "path": full_path, "requestId": "release-check"},
    }
