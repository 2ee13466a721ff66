"""The requests of the Postman collection: what is sent, in which order, and what the answer must have.

Scripts are JavaScript lines of Postman's sandbox. `{{run}}` is another text in each run, so that nothing of an aborted
run is in the way of the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from domain.documents import Json
from domain.errors import ERROR_URN
from domain.messages import BULK_REQUEST_URN, BULK_RESPONSE_URN, LIST_RESPONSE_URN, PATCH_OP_URN, SEARCH_REQUEST_URN
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.user_schema import CORE_URN as USER_URN

GROUPS_OFF: Final = 'pm.collectionVariables.get("groups") === "off"'
"""A script's question: did the service answer that groups are off?"""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of an operation of the OpenAPI document, and the status that it must have."""

    name: str
    operation: str
    status: int
    id: str = ""
    """What stands for `{id}` in the path."""
    query: dict[str, str] = field(default_factory=dict)
    body: Json | None = None
    example: str = ""
    """The example of the document that is the body, made one of this run."""
    user: str = "userId"
    """The variable with the id of the user in the example."""
    headers: dict[str, str] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)
    """An assertion about `body` or `pm.response`, by its name."""
    keeps: dict[str, str] = field(default_factory=dict)
    """The value of a variable for later requests, by its name."""
    with_key: bool = True
    of_groups: bool = False
    """True if the service answers 404 where groups are off."""
    before: tuple[str, ...] = ()
    """A script that runs before the request."""
    first: tuple[str, ...] = ()
    """A script that runs on the answer, before its tests."""

    @property
    def reads_body(self) -> bool:
        """True if a script needs the answer's body."""
        return any("body" in script for script in (*self.checks.values(), *self.keeps.values()))


def _is(member: str, value: str) -> str:
    return f"pm.expect({member}).to.eql({value})"


def _has_urn(urn: str) -> dict[str, str]:
    return {"has its schema": f'pm.expect(body.schemas).to.include("{urn}")'}


def _found(number: str = "1") -> dict[str, str]:
    return _has_urn(LIST_RESPONSE_URN) | {f"finds {number}": _is("body.totalResults", number)}


def _refused(scim_type: str = "") -> dict[str, str]:
    kind = {"has its scimType": _is("body.scimType", f'"{scim_type}"')} if scim_type else {}
    return _has_urn(ERROR_URN) | {"says why": 'pm.expect(body.detail).to.be.a("string").and.not.empty'} | kind


def _person(name: str, /, **more: object) -> Json:
    """Return the body of an inactive user whose name no other run has."""
    address = f"{name}.{{{{run}}}}@example.com"
    emails = [{"value": address, "type": "work", "primary": True}]
    return {"schemas": [USER_URN], "userName": address, "emails": emails, "active": False, **more}


def _patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP_URN], "Operations": list(operations)}


def _search(filter_: str) -> Json:
    return {"schemas": [SEARCH_REQUEST_URN], "filter": filter_}


_NEW_RUN: Final = (
    'pm.collectionVariables.set("run", Date.now().toString(36) + Math.random().toString(36).slice(2, 6));',
)
_BY_NAME: Final = 'userName eq "pia.santos.{{run}}@example.com"'
_IS_THE_USER: Final = {"is the user": _is("body.id", 'pm.collectionVariables.get("userId")')}
_IS_THE_GROUP: Final = {"is the group": _is("body.id", 'pm.collectionVariables.get("groupId")')}
_ETAG: Final = 'pm.response.headers.get("ETag")'

FOLDERS: Final[dict[str, tuple[Step, ...]]] = {
    "Discovery": (
        Step(
            "Get what the service can do",
            "getServiceProviderConfig",
            200,
            checks={"has PATCH": _is("body.patch.supported", "true")},
        ),
        Step(
            "List the types of resources",
            "listResourceTypes",
            200,
            checks=_has_urn(LIST_RESPONSE_URN)
            | {"has User": 'pm.expect(body.Resources.map((one) => one.id)).to.include("User")'},
        ),
        Step("Get the type User", "getResourceType", 200, "User", checks={"is User": _is("body.endpoint", '"/Users"')}),
        Step(
            "List the schemas",
            "listSchemas",
            200,
            checks={"has User": f'pm.expect(body.Resources.map((one) => one.id)).to.include("{USER_URN}")'},
        ),
        Step("Get the schema of users", "getSchema", 200, USER_URN, checks={"is User": _is("body.name", '"User"')}),
    ),
    "Users": (
        Step(
            "Create a user",
            "createUser",
            201,
            example="createUser.request.okta",
            before=(*_NEW_RUN, 'pm.collectionVariables.unset("userId");'),
            checks=_has_urn(USER_URN)
            | {"has an id": "pm.expect(body.id).to.match(/^[0-9a-f-]{36}$/)"}
            | {"has its address": _is('pm.response.headers.get("Location")', "body.meta.location")},
            keeps={"userId": "body.id", "userVersion": _ETAG},
        ),
        Step("Get the user", "getUser", 200, "{{userId}}", checks=_has_urn(USER_URN) | _IS_THE_USER),
        Step(
            "Get the user if it changed",
            "getUser",
            304,
            "{{userId}}",
            headers={"If-None-Match": "{{userVersion}}"},
        ),
        Step("List users", "listUsers", 200, query={"count": "2"}, checks=_has_urn(LIST_RESPONSE_URN)),
        Step("Find the user by userName", "listUsers", 200, query={"filter": _BY_NAME}, checks=_found()),
        Step("Search users", "searchUsers", 200, body=_search(_BY_NAME), checks=_found()),
        Step(
            "Create a user with a taken address",
            "createUser",
            409,
            body=_person("other", emails=[{"value": "pia.santos.{{run}}@example.com"}]),
            checks=_refused("uniqueness"),
        ),
        Step(
            "Replace the user",
            "replaceUser",
            200,
            "{{userId}}",
            example="replaceUser.request.okta",
            headers={"If-Match": "{{userVersion}}"},
            checks=_IS_THE_USER | {"has the new name": _is("body.name.familyName", '"Santos-Lim"')},
        ),
        Step(
            "Replace a version that is not the last",
            "replaceUser",
            412,
            "{{userId}}",
            example="replaceUser.request.okta",
            headers={"If-Match": "{{userVersion}}"},
            checks=_refused(),
        ),
        Step(
            "Change the user",
            "patchUser",
            200,
            "{{userId}}",
            body=_patch({"op": "add", "path": "title", "value": "Lead guide"}),
            checks=_IS_THE_USER | {"has the new title": _is("body.title", '"Lead guide"')},
        ),
        Step("Delete the user", "deleteUser", 204, "{{userId}}"),
        Step("Get the deleted user", "getUser", 404, "{{userId}}", checks=_refused()),
    ),
    "Groups": (
        Step(
            "List groups",
            "listGroups",
            200,
            query={"count": "2"},
            of_groups=True,
            checks=_has_urn(LIST_RESPONSE_URN),
            first=('pm.collectionVariables.set("groups", pm.response.code === 404 ? "off" : "on");',),
        ),
        Step(
            "Create a member", "createUser", 201, body=_person("member"), before=_NEW_RUN, keeps={"memberId": "body.id"}
        ),
        Step(
            "Create a group",
            "createGroup",
            201,
            example="createGroup.request.group",
            user="memberId",
            before=('pm.collectionVariables.unset("groupId");',),
            of_groups=True,
            checks=_has_urn(GROUP_URN) | {"has the member": "pm.expect(body.members).to.have.length(1)"},
            keeps={"groupId": "body.id"},
        ),
        Step(
            "Get the group", "getGroup", 200, "{{groupId}}", of_groups=True, checks=_has_urn(GROUP_URN) | _IS_THE_GROUP
        ),
        Step(
            "Find the group by displayName",
            "listGroups",
            200,
            query={"filter": 'displayName eq "Tour Guides {{run}}"'},
            of_groups=True,
            checks=_found(),
        ),
        Step(
            "Search groups of the member",
            "searchGroups",
            200,
            example="searchGroups.request.of-a-user",
            user="memberId",
            of_groups=True,
            checks=_found(),
        ),
        Step(
            "Replace the group",
            "replaceGroup",
            200,
            "{{groupId}}",
            example="replaceGroup.request.renamed",
            user="memberId",
            of_groups=True,
            checks=_IS_THE_GROUP,
        ),
        Step(
            "Remove the member",
            "patchGroup",
            204,
            "{{groupId}}",
            body=_patch({"op": "remove", "path": 'members[value eq "{{memberId}}"]'}),
            of_groups=True,
        ),
        Step("Delete the group", "deleteGroup", 204, "{{groupId}}", of_groups=True),
        Step("Delete the member", "deleteUser", 204, "{{memberId}}"),
    ),
    "Search": (
        Step(
            "Search users and groups",
            "search",
            200,
            example="search.request.by-name",
            checks=_has_urn(LIST_RESPONSE_URN),
        ),
    ),
    "Bulk": (
        Step(
            "Create a user in bulk",
            "bulk",
            200,
            example="bulk.request.create",
            before=_NEW_RUN,
            checks=_has_urn(BULK_RESPONSE_URN) | {"has made it": _is("body.Operations[0].status", '"201"')},
            keeps={"bulkUserId": 'body.Operations[0].location.split("/").pop()'},
        ),
        Step(
            "Change and delete the user in bulk",
            "bulk",
            200,
            body={
                "schemas": [BULK_REQUEST_URN],
                "Operations": [
                    {
                        "method": "PATCH",
                        "path": "/Users/{{bulkUserId}}",
                        "data": _patch({"op": "add", "path": "title", "value": "Guide"}),
                    },
                    {"method": "DELETE", "path": "/Users/{{bulkUserId}}"},
                ],
            },
            checks={
                "has done both": _is("body.Operations.map((one) => one.status)", '["200", "204"]'),
            },
        ),
    ),
    "Refused requests": (
        Step("List users without a key", "listUsers", 401, with_key=False, checks=_refused()),
        Step(
            "List users with a filter that is none",
            "listUsers",
            400,
            query={"filter": "userName"},
            checks=_refused("invalidFilter"),
        ),
        Step("Get a user who is not there", "getUser", 404, "nosuch", checks=_refused()),
    ),
}
"""The requests of each folder. A folder can be run alone: it makes what it needs."""
