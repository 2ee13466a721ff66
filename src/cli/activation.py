"""JumpCloud's Activate, step by step: a test user comes, changes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from cli.checks import CheckList, Endpoint, Failed, Json, total_results
from domain.quoting import argument

_CORE_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE_USER: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_EXTERNAL_ID: Final = "65a1b2c3d4e5f60718293a4b"
_REPORT: Final = "This is a defect of the service: look at its log for the request."


@dataclass
class Activation:
    """JumpCloud's Activate: a test user comes, changes and goes."""

    endpoint: Endpoint
    email: str
    user_id: str = ""
    sent: bool = False

    def run(self, checks: CheckList) -> None:
        """Run the steps up to the first that fails; whatever happens, the test user does not stay."""
        try:
            for name, step in self.steps():
                if not checks.run(name, step):
                    break
        finally:
            if self.sent:
                checks.run("Test user is removed after the failure", self._remove)

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """The steps in order; each depends on the one before."""
        yield "Look-up of the test user finds nobody", self.look_up_nobody
        yield "Test user is created", self.create
        yield "Test user is read", self.read
        yield "Look-up finds the test user", self.look_up_somebody
        yield "Test user is updated (PUT with emails null)", self.update
        yield "Test user is deactivated", self.deactivate
        yield "Test user is deleted", self.delete
        yield "Address is free again", self.look_up_nobody

    def look_up_nobody(self) -> str:
        """A look-up that misses is 200 with an empty list, never 404."""
        total = total_results(self._look_up())
        if total:
            raise Failed(
                f"{total} user has the test address",
                "Choose another --test-email, or remove that user: "
                f"rollcall users show --account NAME {argument('--user-name', self.email, 'ADDRESS')}.",
            )
        return "200, nobody"

    def look_up_somebody(self) -> str:
        """The user is found by what JumpCloud looks for, at once."""
        found = self._look_up()
        if total_results(found) != 1 or found["Resources"][0].get("id") != self.user_id:
            raise Failed("the user just created is not found by userName", _REPORT)
        return "200, found"

    def create(self) -> str:
        """The synthetic user of JumpCloud's activation; its id must be a string."""
        self.sent = True
        user = self.endpoint.expect(201, "POST", "/Users", _test_user(self.email))
        if not isinstance(user.get("id"), str) or not user["id"]:
            raise Failed("the new user has no id that is a string", _REPORT)
        self.user_id = user["id"]
        return "201"

    def read(self) -> str:
        """The user is there by id."""
        user = self.endpoint.expect(200, "GET", f"/Users/{self.user_id}")
        if user.get("userName") != self.email:
            raise Failed("the user read is another than the one created", _REPORT)
        return "200"

    def update(self) -> str:
        """The recorded minimal PUT, which must not cost the user the address."""
        user = self.endpoint.expect(200, "PUT", f"/Users/{self.user_id}", self._minimal(active=True))
        addresses = [email.get("value") for email in user.get("emails") or ()]
        if addresses != [self.email]:
            raise Failed(
                "the PUT took the user's address",
                "Set the account tolerant: rollcall account set NAME mode tolerant.",
            )
        return "200, address kept"

    def deactivate(self) -> str:
        """The same PUT with active false."""
        user = self.endpoint.expect(200, "PUT", f"/Users/{self.user_id}", self._minimal(active=False))
        if user.get("active") is not False:
            raise Failed("the user is still active", _REPORT)
        return "200, inactive"

    def delete(self) -> str:
        """The test user goes again."""
        self.endpoint.expect(204, "DELETE", f"/Users/{self.user_id}")
        self.user_id, self.sent = "", False
        return "204"

    def _remove(self) -> str:
        try:
            if not self.user_id:
                # The answer that held the id was lost; the user may be there all the same, or somebody else is.
                found = self._look_up().get("Resources") or [{}]
                if found[0].get("externalId") == _EXTERNAL_ID:
                    self.user_id = str(found[0].get("id", ""))
            response = self.endpoint.ask("DELETE", f"/Users/{self.user_id}") if self.user_id else None
        except Failed as failure:
            raise Failed(failure.seen, self._by_hand) from failure
        # 404: a first deletion took effect although its answer was lost.
        if response is None or response.status_code == 404:
            return "it is not there"
        if response.status_code != 204:
            raise Failed(f"{response.status_code} instead of 204", self._by_hand)
        return "204"

    @property
    def _by_hand(self) -> str:
        return (
            f"Remove the user {self.email} by hand (DELETE /Users/{self.user_id}). If the account is paused by then: "
            f"rollcall account let-through NAME {argument('--id', self.user_id, 'ID')}."
        )

    def _look_up(self) -> Json:
        return self.endpoint.expect(200, "GET", "/Users?filter=" + quote(f'userName eq "{self.email}"', safe=""))

    def _minimal(self, *, active: bool) -> Json:
        return {
            "active": active,
            "emails": None,
            "id": self.user_id,
            "name": {"familyName": "lastname", "givenName": "firstname"},
            "schemas": [_CORE_USER],
            "userName": self.email,
        }


def _test_user(email: str) -> dict[str, Any]:
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
        "externalId": _EXTERNAL_ID,
        "locale": "en-US",
        "name": {"familyName": "lastname", "givenName": "firstname"},
        "phoneNumbers": [{"primary": True, "type": "work", "value": "tel:+1-555-555-5555"}],
        "preferredLanguage": "en-US",
        "schemas": [_CORE_USER, _ENTERPRISE_USER],
        "userName": email,
    }
