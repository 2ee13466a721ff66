"""A mix of requests as JumpCloud, Microsoft Entra ID and Okta send them to an account, for a load.

Forms after src/operations/simulation/recorded.jsonl. Each user belongs to one of the three, and no two requests about
one user are under way at once, as an identity provider waits for an answer before it sends the next.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PROVIDERS: Final = ("JumpCloud", "Entra ID", "Okta")
PARTS: Final = {
    "look-up": 40, "read": 8, "list": 4, "create": 11, "put": 14, "patch": 12, "deactivate": 5, "delete": 6,
}  # fmt: skip
"""Of a hundred requests. Look-ups lead since each of the three looks a user up before anything else."""

Json = dict[str, Any]


@dataclass
class Person:
    """A user as the generator knows them; `number` determines names, address and provider."""

    number: int
    id: str = ""
    revision: int = 0

    @property
    def provider(self) -> str:
        return PROVIDERS[self.number % len(PROVIDERS)]

    @property
    def user_name(self) -> str:
        return f"person{self.number}@example.com"

    def body(self, *, active: bool = True) -> Json:
        """The whole resource, about 1 KB."""
        given, family = f"Given{self.number}", f"Family{self.revision}"
        return {
            "schemas": [CORE, ENTERPRISE],
            "userName": self.user_name,
            "externalId": f"65b2c3d4e5f6{self.number:012d}",
            "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
            "displayName": f"{given} {family}",
            "title": "Engineer",
            "locale": "en-US",
            "preferredLanguage": "en-US",
            "active": active,
            "emails": [{"value": self.user_name, "type": "work", "primary": True}],
            "phoneNumbers": [{"value": "+41 555 0100", "type": "work"}],
            "addresses": [{"type": "work", "streetAddress": "1 Sample Way", "locality": "Bern", "country": "CH"}],
            ENTERPRISE: {"department": "Research", "employeeNumber": f"E{self.number}", "costCenter": "4711"},
        } | ({"groups": [], "password": "not-a-real-password"} if self.provider == "Okta" else {})


@dataclass(frozen=True)
class Request:
    """One request, the status that is right, and what the generator learns from its answer."""

    kind: str
    method: str
    path: str
    expected: int
    body: Json | None = None
    done: Callable[[bytes], None] = lambda answer: None

    @property
    def content(self) -> bytes | None:
        return None if self.body is None else json.dumps(self.body).encode()


@dataclass
class Mix:
    """Draws requests of one account; `people` are users who exist. May be used while other threads finish requests.

    When every person left has a request under way, it makes new people.
    """

    people: list[Person]
    random: Random
    key: str = ""
    _lock: Lock = field(default_factory=Lock)
    _next: int = 0

    def __post_init__(self) -> None:
        self._next = 1 + max((person.number for person in self.people), default=-1)

    def draw(self) -> Request:
        """The next request."""
        (kind,) = self.random.choices(list(PARTS), weights=list(PARTS.values()))
        if kind == "create":
            return self._create()
        if kind == "list":
            first = self.random.randrange(0, max(1, len(self.people)), 100) + 1
            return Request(kind, "GET", f"/Users?startIndex={first}&count=100", 200)
        if kind == "look-up":
            return self._look_up()
        person = self._take()
        if person is None:
            return self._create()
        if kind == "delete":
            return Request(kind, "DELETE", f"/Users/{person.id}", 204)
        if kind == "read":
            return Request(kind, "GET", f"/Users/{person.id}", 200, done=self._back(person))
        person.revision += 1
        if kind == "patch" or (kind == "deactivate" and person.provider != "JumpCloud"):
            return Request(kind, "PATCH", f"/Users/{person.id}", 200, _patch(kind, person), self._back(person))
        body = person.body(active=kind != "deactivate") | {"id": person.id}
        return Request(kind, "PUT", f"/Users/{person.id}", 200, body, self._back(person))

    def _look_up(self) -> Request:
        """Look a user up by userName; every other look-up finds none, as before a create."""
        with self._lock:
            known = self.people and self.random.random() < 0.5
            number = self.random.choice(self.people).number if known else self._next + 10**6
        person = Person(number)
        query = "filter=" + quote(f'userName eq "{person.user_name}"')
        if person.provider == "Okta":
            query += "&startIndex=1&count=100"
        return Request("look-up", "GET", f"/Users?{query}", 200)

    def _create(self) -> Request:
        with self._lock:
            person = Person(self._next)
            self._next += 1

        def created(answer: bytes) -> None:
            person.id = json.loads(answer)["id"]
            self._back(person)(answer)

        return Request("create", "POST", "/Users", 201, person.body(), created)

    def _take(self) -> Person | None:
        """A user whom no request under way is about, if there is one."""
        with self._lock:
            if not self.people:
                return None
            position = self.random.randrange(len(self.people))
            self.people[position], self.people[-1] = self.people[-1], self.people[position]
            return self.people.pop()

    def _back(self, person: Person) -> Callable[[bytes], None]:
        def back(answer: bytes) -> None:
            with self._lock:
                self.people.append(person)

        return back


def _patch(kind: str, person: Person) -> Json:
    """Entra's capitalised operations with text for booleans, Okta's without a path."""
    if kind == "deactivate":
        entra: Json = {"op": "Replace", "path": "active", "value": "False"}
        okta: Json = {"op": "replace", "value": {"active": False}}
        return {"schemas": [PATCH_OP], "Operations": [entra if person.provider == "Entra ID" else okta]}
    operations = [
        {"op": "Replace", "path": "name.familyName", "value": f"Family{person.revision}"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": f"Department {person.revision % 9}"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": f"+41 555 {person.revision:04d}"},
    ]
    return {"schemas": [PATCH_OP], "Operations": operations}
