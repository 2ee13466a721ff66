"""Groups as the identity providers push them. The tests in tests/contract name the sources of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.documents import Json
from domain.messages import LIST_RESPONSE_URN, PATCH_OP_URN
from domain.resources.group_schema import CORE_URN
from operations.simulation.people import Person
from operations.simulation.play import Given, Play, Request
from operations.simulation.wire import Answer

Check = Callable[[Answer], str]


class PushedGroups:
    """The life of one group, which the people given join and leave. A last group stays, for the comparison."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._name = group_name(play.run, "Engineering")
        self._id = ""
        line = next(each for each in play.recorded.values() if each.path == "/Groups")
        self._headers = {name: value.replace("{token}", play.wire.key) for name, value in line.headers.items()}

    def play_jumpcloud(self, who: Person, another: Person) -> None:
        """A test group at activation; then a group that is filled, renamed, left by one, and deleted."""
        self._create("group.01-create-test-group", {"displayName": group_name(self._play.run, "activation")})
        self._delete("group.02-delete-test-group")
        self._create("group.03-create", {"displayName": self._name})
        for each in (who, another):
            self._patch("group.04-add-member", _members("add", self._value(each)), join=(each,))
        self._rename("group.05-rename", None)
        self._patch("group.06-remove-member", _members("remove", self._value(another)), leave=(another,))
        self._delete("group.07-delete")
        self._create("group.08-create-again", {"displayName": self._name})
        self._patch("group.09-add-member-again", _members("add", self._value(who)), join=(who,))

    def play_entra(self, who: Person, another: Person) -> None:
        """Looked up, created, one member in each PATCH, references checked, renamed, deleted."""
        self._look_up("group.01-lookup", "+", 0)
        self._create("group.02-create", {"displayName": self._name, "externalId": f"group-{self._play.run}"})
        for each in (who, another):
            self._patch("group.03-add-member", _members("Add", {"$ref": None, **self._value(each)}), join=(each,))
        query = f"excludedAttributes=members&filter=id+eq+%22{self._id}%22+and+members+eq+%22{self._play.id_of(who)}%22"
        self._send(self._request("group.04-check-reference", "GET", f"/Groups?{query}"), (200,), _finds(1))
        self._rename("group.05-rename", "displayName")
        removed = _members("Remove", {"$ref": None, **self._value(another)})
        self._patch("group.06-remove-member", removed, leave=(another,))
        self._delete("group.07-delete")
        self._create("group.08-create-again", {"displayName": self._name})
        self._patch(
            "group.09-add-member-again", _members("Add", {"$ref": None, **self._value(another)}), join=(another,)
        )

    def play_okta(self, who: Person, another: Person) -> None:
        """Pushed with its members, changed by PATCH (catalog) and by PUT (app wizard), deleted."""
        self._look_up("group.01-lookup", "%20", 0)
        self._create("group.02-push", self._with_members(who), join=(who,))
        self._patch("group.03-add-member", _members("add", self._value(another)), join=(another,))
        self._rename("group.04-rename", None)
        path = f'members[value eq "{self._play.id_of(another)}"]'
        self._patch("group.05-remove-member", {"op": "remove", "path": path}, leave=(another,))
        self._put("group.06-replace", who, another)
        self._delete("group.07-delete")
        self._create("group.08-push-again", self._with_members(who, another), join=(who, another))

    def _value(self, who: Person) -> Json:
        return {"value": self._play.id_of(who)}

    def _with_members(self, *people: Person) -> Json:
        return {"displayName": self._name, "members": [self._value(who) | {"display": who.address} for who in people]}

    def _create(self, step: str, attributes: Json, join: tuple[Person, ...] = ()) -> None:
        body = {"schemas": [CORE_URN], **attributes}
        name = attributes["displayName"]
        answer = self._send(self._request(step, "POST", "/Groups", body), (201,), _is_named(name))
        if answer.status != 201 or not isinstance(answer.json.get("id"), str):
            raise Given("the group was not created")
        self._id = answer.json["id"]
        self._play.directory.groups[self._id] = (name, {self._play.id_of(who) for who in join})

    def _rename(self, step: str, path: str | None) -> None:
        """Rename the group by a path, or without one by an object, as far as the provider does it."""
        self._name += " renamed"
        value: Any = {"id": self._id, "displayName": self._name} if path is None else self._name
        self._patch(step, {"op": "replace", "value": value} if path is None else _replace(path, value))

    def _patch(
        self,
        step: str,
        operation: Mapping[str, Any],
        join: tuple[Person, ...] = (),
        leave: tuple[Person, ...] = (),
    ) -> None:
        body = {"schemas": [PATCH_OP_URN], "Operations": [operation]}
        if self._send(self._request(step, "PATCH", self._path, body), (200, 204)).status < 400:
            members = self._play.directory.groups[self._id][1] | {self._play.id_of(who) for who in join}
            members -= {self._play.id_of(who) for who in leave}
            self._play.directory.groups[self._id] = (self._name, members)

    def _put(self, step: str, *members: Person) -> None:
        body = {"schemas": [CORE_URN], **self._with_members(*members)}
        if self._send(self._request(step, "PUT", self._path, body), (200,), _is_named(self._name)).status == 200:
            self._play.directory.groups[self._id] = (self._name, {self._play.id_of(who) for who in members})

    def _delete(self, step: str) -> None:
        if self._send(self._request(step, "DELETE", self._path), (204,)).status == 204:
            del self._play.directory.groups[self._id]

    def _look_up(self, step: str, space: str, found: int) -> None:
        name = self._name.replace(" ", space)
        query = f"excludedAttributes=members&filter=displayName{space}eq{space}%22{name}%22"
        self._send(self._request(step, "GET", f"/Groups?{query}"), (200,), _finds(found))

    @property
    def _path(self) -> str:
        return f"/Groups/{self._id}"

    def _request(self, step: str, method: str, target: str, body: Any = None) -> Request:
        shown = "/Groups/{id}" if target.startswith("/Groups/") else "/Groups"
        return Request(step, method, target, self._headers, body, f"{method} {shown}")

    def _send(self, request: Request, expected: tuple[int, ...], check: Check = lambda answer: "") -> Answer:
        return self._play.exchange(request, expected, check)


def group_name(run: str, name: str) -> str:
    """The name of a group of that run.

    >>> group_name("a1b2", "Sales")
    'Simulated a1b2 Sales'
    """
    return f"Simulated {run} {name}"


def _members(op: str, value: Json) -> Json:
    return {"op": op, "path": "members", "value": [value]}


def _replace(path: str, value: str) -> Json:
    return {"op": "Replace", "path": path, "value": value}


def _finds(number: int) -> Check:
    def check(answer: Answer) -> str:
        if LIST_RESPONSE_URN not in answer.json["schemas"]:
            return "the answer is not a ListResponse"
        total = answer.json["totalResults"]
        return "" if total == number else f"{total} groups were found instead of {number}"

    return check


def _is_named(name: str) -> Check:
    return lambda answer: "" if answer.json.get("displayName") == name else "the answer has another displayName"
