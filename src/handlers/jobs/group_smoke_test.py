"""The part of the smoke test about groups: a test group gets the test user, loses the user again, and is deleted.

An account without groups has nothing at `/Groups`, which is checked in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from domain import remedies
from domain.documents import Json
from domain.messages import PATCH_OP_URN, SEARCH_REQUEST_URN
from domain.quoting import argument
from domain.resources.group_schema import CORE_URN, GROUP
from handlers.jobs.checks import REPORT, CheckFailed, Transport, require_scim_error, total_results

_NO_GROUP: Final = "/Groups/00000000-0000-4000-8000-000000000000"


@dataclass
class GroupSmokeTest:
    """The life of one test group, from the look-up that finds no group to the deletion.

    The requests are those of JumpCloud's Activate and of Entra ID's membership changes. With `every_function` there are
    more, so that every route of groups answers at least once. `name` must be free.
    """

    transport: Transport
    name: str
    every_function: bool = False
    group_id: str = ""
    may_exist: bool = False
    """True from just before the creation until the deletion is confirmed: `remove` is then needed."""

    def steps(self, user_id: Callable[[], str]) -> Iterator[tuple[str, Callable[[], str]]]:
        """The steps by name, in order; `user_id` returns the id of the test user once the first step runs."""
        yield "Look-up of the test group finds no group", self.find_none
        yield "Test group is created", self.create
        yield "Test user joins the test group", lambda: self.join(user_id())
        yield "Test group is renamed", self.rename
        yield "Look-up finds the test group", self.find
        if self.every_function:
            yield "Search finds the test group", self.search
            yield "Test group is replaced", lambda: self.replace(user_id())
        yield "Test user leaves the test group", lambda: self.leave(user_id())
        yield "Test group is deleted", self.delete
        if self.every_function:
            yield "Test group is gone", self.read_deleted

    def find_none(self) -> str:
        """Look the name up: 200 with an empty list."""
        if total_results(self._look_up()):
            raise CheckFailed(
                "a group has the name of the test group",
                "Run the checks again. If this continues, look at that group: "
                f"{remedies.show_group(remedies.ACCOUNT, self.name)}.",
            )
        return "200, no group"

    def create(self) -> str:
        """Create the group without members; its id must be a string."""
        self.may_exist = True
        group = self.transport.expect(201, "POST", "/Groups", self._body())
        if not isinstance(group.get("id"), str) or not group["id"]:
            raise CheckFailed("the new group has no id that is a string", REPORT)
        self.group_id = group["id"]
        return "201"

    def join(self, user_id: str) -> str:
        """Add the user with PATCH, twice, as identity providers repeat it; the group must have the user once."""
        for _ in range(2):
            self._patch({"op": "add", "path": "members", "value": [{"value": user_id}]})
        self._require_members([user_id])
        return "204, a member"

    def rename(self) -> str:
        """Give the group its later name, with a PATCH without path."""
        self.name = f"{self.name}-renamed"
        self._patch({"op": "replace", "value": {"displayName": self.name}})
        return "204"

    def find(self) -> str:
        """Look the group up by its later name, without its members."""
        self._require_found(self._look_up("&excludedAttributes=members"))
        return "200, found"

    def search(self) -> str:
        """Look the group up with POST /Groups/.search."""
        body = {"schemas": [SEARCH_REQUEST_URN], "filter": self._filter}
        self._require_found(self.transport.expect(200, "POST", "/Groups/.search", body))
        return "200, found"

    def replace(self, user_id: str) -> str:
        """Replace the group by one of the same name and members."""
        self.transport.expect(200, "PUT", self._path, {**self._body(), "members": [{"value": user_id}]})
        self._require_members([user_id])
        return "200"

    def leave(self, user_id: str) -> str:
        """Remove the user with PATCH; the group must be empty."""
        self._patch({"op": "remove", "path": f'members[value eq "{user_id}"]'})
        self._require_members([])
        return "204, no member"

    def delete(self) -> str:
        """Delete the test group."""
        self.transport.expect(204, "DELETE", self._path)
        self.may_exist = False
        return "204"

    def read_deleted(self) -> str:
        """Read the group by id after the deletion: 404 with a SCIM error."""
        require_scim_error(404, self.transport.expect(404, "GET", self._path))
        return "404 with a SCIM error"

    def remove(self) -> str:
        """Delete the test group after a step that failed; raises `CheckFailed` naming the group if that fails too."""
        try:
            if not self.group_id:  # the answer with the id was lost
                found = self._look_up().get("Resources") or []
                if not found:
                    return "it does not exist"
                self.group_id = str(found[0].get("id", ""))
            self.transport.expect(204, "DELETE", self._path)
        except CheckFailed as failure:
            if failure.status == 404:
                return "it does not exist"
            shown = argument("--id", self.group_id, "ID") if self.group_id else argument("--name", self.name, "NAME")
            raise CheckFailed(
                failure.seen,
                f"Delete the group {self.name} by hand (DELETE {self._path}). To see whether it exists: "
                f"{remedies.SHOW_GROUP} --account {remedies.ACCOUNT} {shown}.",
            ) from failure
        return "204"

    @property
    def _path(self) -> str:
        return f"/Groups/{self.group_id}"

    @property
    def _filter(self) -> str:
        return f'displayName eq "{self.name}"'

    def _body(self) -> Json:
        return {"schemas": [CORE_URN], "displayName": self.name}

    def _look_up(self, further: str = "") -> Json:
        return self.transport.expect(200, "GET", f"/Groups?filter={quote(self._filter, safe='')}{further}")

    def _patch(self, operation: Json) -> None:
        self.transport.expect(204, "PATCH", self._path, {"schemas": [PATCH_OP_URN], "Operations": [operation]})

    def _require_found(self, answer: Json) -> None:
        if total_results(answer) != 1 or answer["Resources"][0].get("id") != self.group_id:
            raise CheckFailed("the test group is not found by its displayName", REPORT)

    def _require_members(self, user_ids: list[str]) -> None:
        group = self.transport.expect(200, "GET", self._path)
        if [member.get("value") for member in group.get("members") or ()] != user_ids:
            raise CheckFailed("the group does not show the members that were written", REPORT)


def has_groups(transport: Transport) -> bool:
    """Return True if the account has groups: /ResourceTypes (RFC 7644 section 4) then lists Group."""
    answer = transport.expect(200, "GET", "/ResourceTypes")
    total_results(answer)
    return any(each.get("name") == GROUP.name for each in answer.get("Resources") or ())


def check_no_groups(transport: Transport, *, every_function: bool = False) -> str:
    """Read groups, which the account does not have: 404 with a SCIM error; with `every_function` on each route."""
    requests: list[tuple[str, str, Json | None]] = [("GET", "/Groups", None)]
    if every_function:
        body: Json = {"schemas": [CORE_URN], "displayName": "Test group"}
        requests += [
            ("POST", "/Groups", body),
            ("POST", "/Groups/.search", {"schemas": [SEARCH_REQUEST_URN]}),
            ("GET", _NO_GROUP, None),
            ("PUT", _NO_GROUP, body),
            ("PATCH", _NO_GROUP, {"schemas": [PATCH_OP_URN], "Operations": [{"op": "remove", "path": "members"}]}),
            ("DELETE", _NO_GROUP, None),
        ]
    for method, path, sent in requests:
        require_scim_error(404, transport.expect(404, method, path, sent))
    return "404 with a SCIM error"
