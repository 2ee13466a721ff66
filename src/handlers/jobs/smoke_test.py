"""A smoke test of the service: a test user is created, found, read, changed and deleted.

`rollcall doctor` runs it over HTTP against one endpoint, the pre-traffic hook over Lambda's Invoke against the new
version of every function.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from domain import remedies
from domain.documents import Json
from domain.messages import BULK_REQUEST_URN, PATCH_OP_URN, SEARCH_REQUEST_URN
from domain.quoting import argument
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from handlers.jobs.checks import CHECK_BASE_URL, REPORT, CheckFailed, Transport, require_scim_error, total_results
from handlers.jobs.group_smoke_test import GroupSmokeTest


@dataclass
class SmokeTest:
    """The life of one test user, from the look-up that finds no user to the deletion.

    The requests are those of JumpCloud's Activate. With `every_function` there are more, so that each function of the
    API that serves users answers at least once, and no step depends on the account's mode.

    With a `group` the test user is a member of it for a while.

    `email` must be free. Smoke tests of different addresses may run at the same time.
    """

    transport: Transport
    email: str
    every_function: bool = False
    group: GroupSmokeTest | None = None
    user_id: str = ""
    may_exist: bool = False
    """True from just before the creation until the deletion is confirmed: `remove` is then needed."""
    _external_id: str = field(default_factory=lambda: secrets.token_hex(12))

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """The steps by name, in order. Each returns what it saw or raises `CheckFailed`, which ends the smoke test."""
        yield "Look-up of the test user finds no user", self.find_none
        yield "Test user is created", self.create
        yield "Test user is read", self.read
        yield "Look-up finds the test user", self.find
        if self.group is not None:
            yield from self.group.steps(lambda: self.user_id)
        if self.every_function:
            yield "Search finds the test user", self.search
            yield "Test user is deactivated by PATCH", self.patch
            yield "Test user is changed in bulk", self.change_in_bulk
        yield "Test user is updated (PUT with emails null)", self.update
        yield "Test user is deactivated", self.deactivate
        yield "Test user is deleted", self.delete
        if self.every_function:
            yield "Test user is gone", self.read_deleted
        yield "Address is free again", self.find_none

    def find_none(self) -> str:
        """Look the address up: 200 with an empty list, never 404."""
        total = total_results(self._look_up())
        if total:
            raise CheckFailed(
                f"{total} user has the test address",
                "Choose another --test-email, or look at that user and delete it: "
                f"{remedies.show_user(remedies.ACCOUNT, 'userName', self.email)}.",
            )
        return "200, no user"

    def create(self) -> str:
        """Create the test user of JumpCloud's activation; its id must be a string."""
        self.may_exist = True
        user = self.transport.expect(201, "POST", "/Users", _new_user(self.email, self._external_id))
        if not isinstance(user.get("id"), str) or not user["id"]:
            raise CheckFailed("the new user has no id that is a string", REPORT)
        self.user_id = user["id"]
        return "201"

    def read(self) -> str:
        """Read the user by id."""
        user = self.transport.expect(200, "GET", self._path)
        if user.get("userName") != self.email:
            raise CheckFailed("the user that was read is not the user that was created", REPORT)
        return "200"

    def find(self) -> str:
        """Look the user up by userName, as JumpCloud does; the creation must be visible at once."""
        self._require_found(self._look_up())
        return "200, found"

    def search(self) -> str:
        """Look the user up with POST /Users/.search."""
        body = {"schemas": [SEARCH_REQUEST_URN], "filter": self._filter}
        self._require_found(self.transport.expect(200, "POST", "/Users/.search", body))
        return "200, found"

    def patch(self) -> str:
        """Deactivate the user with PATCH."""
        body = _patch("replace", "active", value=False)
        return _inactive(self.transport.expect(200, "PATCH", self._path, body))

    def change_in_bulk(self) -> str:
        """Add a title in a bulk request; reading the user must show all changes until then."""
        operation = {"method": "PATCH", "path": self._path, "data": _patch("add", "title", value="Tester")}
        body = {"schemas": [BULK_REQUEST_URN], "Operations": [operation]}
        answer = self.transport.expect(200, "POST", "/Bulk", body)
        if [one.get("status") for one in answer.get("Operations", ())] != ["200"]:
            raise CheckFailed("the operation in the bulk request did not succeed", REPORT)
        user = self.transport.expect(200, "GET", self._path)
        if (user.get("active"), user.get("title")) != (False, "Tester"):
            raise CheckFailed("the user does not show what was written", REPORT)
        return "200"

    def update(self) -> str:
        """Send JumpCloud's minimal PUT, which must not remove the address."""
        user = self.transport.expect(200, "PUT", self._path, self._replacement(active=True))
        addresses = [email.get("value") for email in user.get("emails") or ()]
        if addresses != [self.email]:
            raise CheckFailed(
                "the PUT took the user's address",
                "Set the account to tolerant: rollcall account set NAME mode tolerant.",
            )
        return "200, address kept"

    def deactivate(self) -> str:
        """Send the same PUT with active false."""
        return _inactive(self.transport.expect(200, "PUT", self._path, self._replacement(active=False)))

    def delete(self) -> str:
        """Delete the test user."""
        self.transport.expect(204, "DELETE", self._path)
        self.may_exist = False
        return "204"

    def read_deleted(self) -> str:
        """Read the user by id after the deletion: 404 with a SCIM error."""
        require_scim_error(404, self.transport.expect(404, "GET", self._path))
        return "404 with a SCIM error"

    def remove(self) -> str:
        """Delete the test user after a step that failed; raises `CheckFailed` naming the user if that fails too."""
        try:
            if not self.user_id:
                # The answer with the id was lost. A user with this address may also be another client's.
                found = self._look_up().get("Resources") or [{}]
                if found[0].get("externalId") != self._external_id:
                    return "it does not exist"
                self.user_id = str(found[0].get("id", ""))
            self.transport.expect(204, "DELETE", self._path)
        except CheckFailed as failure:
            if failure.status == 404:  # an earlier deletion took effect although its answer was lost
                return "it does not exist"
            raise CheckFailed(
                failure.seen,
                f"Delete the user {self.email} by hand (DELETE {self._path}). If the account is paused: "
                f"{remedies.let_through(whom=argument('--id', self.user_id, 'ID'))}.",
            ) from failure
        return "204"

    @property
    def _path(self) -> str:
        return f"/Users/{self.user_id}"

    @property
    def _filter(self) -> str:
        return f'userName eq "{self.email}"'

    def _look_up(self) -> Json:
        return self.transport.expect(200, "GET", f"/Users?filter={quote(self._filter, safe='')}")

    def _require_found(self, answer: Json) -> None:
        if total_results(answer) != 1 or answer["Resources"][0].get("id") != self.user_id:
            raise CheckFailed("the user just created is not found by userName", REPORT)

    def _replacement(self, *, active: bool) -> Json:
        return {
            "active": active,
            # Only a tolerant account keeps the address when the PUT has null.
            "emails": [{"primary": True, "type": "work", "value": self.email}] if self.every_function else None,
            "id": self.user_id,
            "name": {"familyName": "lastname", "givenName": "firstname"},
            "schemas": [CORE_URN],
            "userName": self.email,
        }


def check_discovery(transport: Transport) -> str:
    """Read the ServiceProviderConfig (RFC 7643 section 5)."""
    config = transport.expect(200, "GET", "/ServiceProviderConfig")
    if not isinstance(config.get("patch"), dict) or not isinstance(config.get("filter"), dict):
        raise CheckFailed("the answer is not a ServiceProviderConfig", CHECK_BASE_URL)
    return "served"


def check_unknown_path(transport: Transport) -> str:
    """Ask for what is nowhere: 404 with a SCIM error."""
    require_scim_error(404, transport.expect(404, "GET", "/Nowhere"))
    return "404 with a SCIM error"


def _inactive(user: Json) -> str:
    if user.get("active") is not False:
        raise CheckFailed("the user is still active", REPORT)
    return "200, inactive"


def _patch(operation: str, path: str, *, value: object) -> Json:
    return {"schemas": [PATCH_OP_URN], "Operations": [{"op": operation, "path": path, "value": value}]}


def _new_user(email: str, external_id: str) -> Json:
    return {
        "active": True,
        "addresses": [
            {
                "country": "US",
                "locality": "locality",
                "postalCode": "80027",
                "primary": True,
                "region": "region",
                "streetAddress": "street-address",
                "type": "work",
            }
        ],
        "displayName": "displayname",
        "emails": [{"primary": True, "type": "work", "value": email}],
        "externalId": external_id,
        "locale": "en-US",
        "name": {"familyName": "lastname", "givenName": "firstname"},
        "phoneNumbers": [{"primary": True, "type": "work", "value": "tel:+1-555-555-5555"}],
        "preferredLanguage": "en-US",
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": email,
    }
