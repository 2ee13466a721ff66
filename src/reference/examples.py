"""Examples of requests and answers: requests of identity providers, and what the service's own code answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.clock import MonotonicDeadline
from domain.changes.bulk import BulkJob
from domain.changes.patching import patched
from domain.documents import Json
from domain.effort import Effort
from domain.messages import BULK_REQUEST_URN, PATCH_OP_URN, SEARCH_REQUEST_URN, list_response
from domain.patch import parse_operations
from domain.ports import Related
from domain.queries.listing import Result
from domain.queries.projection import Projection
from domain.queries.related import Completed
from domain.queries.rendering import Renderer
from domain.resources import discovery
from domain.resources.attributes import ResourceType
from domain.resources.body import attributes_of, checked
from domain.resources.group_schema import GROUP
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_resource import StoredResource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from domain.tolerances import Strict
from operations.simulation.recorded import recorded_steps
from reference.parameters import EXAMPLE_IDS

USER_ID: Final = EXAMPLE_IDS[USER.name]
GROUP_ID: Final = EXAMPLE_IDS[GROUP.name]
_CREATED: Final = "2026-01-02T03:04:05.678Z"
_CHANGED: Final = "2026-02-03T04:05:06.789Z"
_NEXT: Final = "WzE3NjczMjY2NDUsIjI4MTljMjIzIl0"
"""Stands for a cursor, which only the service reads."""

_CREATES: Final = {"jumpcloud": "provision.02-create", "entra": "create.01-documented", "okta": "create.02-post"}
_REPLACES: Final = {"jumpcloud": "update.01-put-full", "okta": "update.02-put-round-trip"}
_PATCHES: Final = {"entra": "validator.13-multi-op", "okta": "deactivate.02-patch"}
"""Recorded requests that a strict account accepts, by identity provider."""
_GROUP: Final = {
    "schemas": [GROUP.schema.id],
    "displayName": "Tour Guides",
    "members": [{"value": USER_ID}],
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Bodies of requests and of answers by `operationId`, and in it by the name of the example."""

    bodies: dict[str, dict[str, Json]]
    answers: dict[str, dict[str, Json]]

    def components(self) -> dict[str, Json]:
        """Return all of them as `components.examples` has them."""
        parts = (("request", self.bodies), ("answer", self.answers))
        return {
            f"{operation}.{part}.{name}": {"value": value}
            for part, by_operation in parts
            for operation, named in by_operation.items()
            for name, value in named.items()
        }

    def of_body(self, operation_id: str) -> Json:
        """Return the `examples` of an operation's request, as references."""
        return self._references(operation_id, "request", self.bodies)

    def of_answer(self, operation_id: str) -> Json:
        """Return the `examples` of an operation's answer, as references."""
        return self._references(operation_id, "answer", self.answers)

    def _references(self, operation_id: str, part: str, by_operation: dict[str, dict[str, Json]]) -> Json:
        names = by_operation.get(operation_id, {})
        return {name: {"$ref": f"#/components/examples/{operation_id}.{part}.{name}"} for name in names}


def examples_of(types: Sequence[ResourceType], server_url: str) -> Examples:
    """Return the examples of a deployment that serves these types, users among them, at this Base URL."""
    user_type = next(each for each in types if each.name == USER.name)
    creates, replaces, patches = (_recorded(steps) for steps in (_CREATES, _REPLACES, _PATCHES))
    made = {name: _made(body, user_type) for name, body in creates.items()}
    user = made["entra"]
    group = StoredGroup.new(GROUP_ID, attributes_of(_without_members(_GROUP), GROUP), _CREATED)
    renamed = {"op": "replace", "path": "displayName", "value": "City Guides"}
    joined = {"op": "add", "path": "members", "value": [{"value": USER_ID}]}
    show = _Show(user_type, server_url)
    members = {"members": [Related(USER_ID)]}
    whole_group = Completed.of(group, show.renderer(GROUP), members)
    later_group = Completed.of(
        group.changed_to(group.attributes | {"displayName": "City Guides"}, _CHANGED), show.renderer(GROUP), members
    )
    bulk = _bulk(creates["entra"])
    bodies = {
        "createUser": creates,
        "replaceUser": replaces,
        "patchUser": patches,
        "searchUsers": {"by-name": _search(filter='userName eq "rosa.keller@example.com"', attributes=["userName"])},
        "createGroup": {"group": _GROUP},
        "replaceGroup": {"renamed": _GROUP | {"displayName": "City Guides"}},
        "patchGroup": {"renamed": _patch(renamed), "joined": _patch(joined)},
        "searchGroups": {"of-a-user": _search(filter=f'members.value eq "{USER_ID}"')},
        "search": {"by-name": _search(filter='displayName sw "Tour"', count=10)},
        "bulk": {"create": bulk},
    }
    answers = {
        "createUser": {name: show.one(each) for name, each in made.items()},
        "getUser": {"user": show.one(user)},
        "replaceUser": {name: show.one(_replaced(made[name], body, user_type)) for name, body in replaces.items()},
        "patchUser": {name: show.one(_patched(made[name], body, user_type)) for name, body in patches.items()},
        "listUsers": {"by-index": show.page(user), "by-cursor": show.page(user, next_cursor=_NEXT)},
        "searchUsers": {"by-name": show.page(user, attributes="userName")},
        "createGroup": {"group": show.one(whole_group)},
        "getGroup": {"group": show.one(whole_group)},
        "replaceGroup": {"renamed": show.one(later_group)},
        "patchGroup": {"renamed": show.one(later_group)},
        "listGroups": {"without-members": show.page(group)},
        "searchGroups": {"of-a-user": show.page(whole_group)},
        "search": {"by-name": show.page(group)},
        "bulk": {"create": BulkJob(
            {USER.endpoint: _Creates(user)}, Strict(user_type), MonotonicDeadline.after(60),
            lambda endpoint, resource_id: f"{server_url}{endpoint}/{resource_id}", lambda operations: None,
        ).run(bulk)},
        "getServiceProviderConfig": {"config": discovery.service_provider_config(server_url)},
        "listResourceTypes": {"all": list_response(discovery.resource_types(types, server_url))},
        "getResourceType": {"user": discovery.resource_type(types, USER.name, server_url)},
        "listSchemas": {"all": list_response(discovery.schemas(types, server_url))},
        "getSchema": {"group": discovery.schema((GROUP,), GROUP.schema.id, server_url)},
    }  # fmt: skip
    return Examples(bodies, answers)


@dataclass(frozen=True, slots=True)
class _Show:
    """Shows resources as answers do."""

    user_type: ResourceType
    server_url: str

    def renderer(self, resource_type: ResourceType, attributes: str | None = None) -> Renderer:
        return Renderer(self.server_url, Projection.of(resource_type, attributes), resource_type)

    def one(self, stored: StoredResource) -> Json:
        return _parsed(self._renderer_of(stored).text(stored))

    def page(self, stored: StoredResource, *, attributes: str | None = None, next_cursor: str | None = None) -> Json:
        result = Result([stored], 1, 1 if next_cursor is None else None, next_cursor)
        return _parsed(result.text(self._renderer_of(stored, attributes)))

    def _renderer_of(self, stored: StoredResource, attributes: str | None = None) -> Renderer:
        is_user = "userName" in stored.attributes
        return self.renderer(self.user_type if is_user else GROUP, attributes)


@dataclass(frozen=True, slots=True)
class _Creates:
    """Stands for the users of an account in a bulk request that creates one."""

    created: StoredUser

    def create(self, body: Json, /) -> StoredUser:
        return self.created

    def replace(self, resource_id: str, body: Json, if_match: str | None = None, /) -> StoredUser:
        return self.created

    def patch(self, resource_id: str, body: Json, if_match: str | None = None, /) -> StoredUser:
        return self.created

    def delete(self, resource_id: str, if_match: str | None = None, /) -> StoredUser:
        return self.created


def _recorded(steps: dict[str, str]) -> dict[str, Json]:
    """Return the bodies of recorded requests by identity provider, about the user of the examples."""
    bodies = {idp: json.dumps(recorded_steps(idp)[step].body) for idp, step in steps.items()}
    return {idp: _parsed(body.replace("{id}", USER_ID)) for idp, body in bodies.items()}


def _made(body: Json, user_type: ResourceType) -> StoredUser:
    return StoredUser.new(USER_ID, attributes_of(body, user_type), _CREATED)


def _replaced(user: StoredUser, body: Json, user_type: ResourceType) -> StoredUser:
    return user.changed_to(attributes_of(body, user_type), _CHANGED, replaced=True)


def _patched(user: StoredUser, body: Json, user_type: ResourceType) -> StoredUser:
    operations = parse_operations(body)
    attributes = patched(
        operations, user.attributes, user_type, reader=Strict(user_type), effort=Effort.of_operations()
    )
    return user.changed_to(checked(attributes, user_type), _CHANGED)


def _without_members(group: Json) -> Json:
    return {name: value for name, value in group.items() if name != "members"}


def _search(**members: Any) -> Json:
    return {"schemas": [SEARCH_REQUEST_URN], **members}


def _patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP_URN], "Operations": list(operations)}


def _bulk(user: Json) -> Json:
    create = {"method": "POST", "path": USER.endpoint, "bulkId": "rosa", "data": user}
    return {"schemas": [BULK_REQUEST_URN], "failOnErrors": 1, "Operations": [create]}


def _parsed(text: str) -> Json:
    value: Json = json.loads(text)
    return value
