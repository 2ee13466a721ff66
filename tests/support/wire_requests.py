"""The recorded and documented requests of the identity providers, and what each finds when it comes.

operations.simulation has the requests; the state that a line's note implies is written down here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from operations.simulation.recorded import RecordedRequest, recorded_requests
from support.people import ENTERPRISE, user
from support.scim_http import Answer, Json, ScimClient

Check = Callable[["Played"], None]


@dataclass(frozen=True)
class Given:
    """The users before the request: the user that it is about, and perhaps another one."""

    user: Json | None = None
    inactive: bool = False
    deleted: bool = False
    other: Json | None = None


@dataclass(frozen=True)
class Played:
    """The result of a request. `before` is the user that it is about as it was, {} when there was none."""

    client: ScimClient
    request: RecordedRequest
    answer: Answer
    before: Json
    manager_id: str
    users_before: list[Json] = field(repr=False)

    @property
    def after(self) -> Json:
        """The user that the request was about, read again."""
        found = self.client.get(f"/Users/{self.before['id']}")
        return found.json if found.status == 200 else {}


def play(request: RecordedRequest, client: ScimClient) -> Played:
    """Prepare what the request finds, and send it."""
    given = GIVEN.get(str(request), Given())
    manager = client.create(user("manager"))
    before: Json = {}
    if given.other is not None:
        client.create(given.other)
    if given.user is not None:
        before = client.create(_filled(given.user, {"managerId": manager["id"]}))
        if given.inactive:
            before = client.patch(before["id"], {"op": "replace", "path": "active", "value": False}).json
        if given.deleted:
            assert client.delete(before["id"]).status == 204
    fill = {"id": before.get("id", ""), "managerId": manager["id"], "token": client.key}
    answer = client.request(
        request.method,
        _filled(request.path, fill),
        _filled(request.query, fill),
        _filled(request.body, fill),
        _filled(request.headers, fill),
    )
    users_before = [manager] if given.deleted or not before else [manager, before]
    return Played(client, request, answer, before, manager["id"], users_before)


def _filled(value: Any, placeholders: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(member, placeholders) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, placeholders) for member in value]
    if isinstance(value, str):
        for name, text in placeholders.items():
            value = value.replace("{" + name + "}", text)
    return value


REQUESTS = recorded_requests()
_BODIES = {str(request): request.body for request in REQUESTS}

_TEST_USER = _BODIES["jumpcloud activation.02-create-test-user"]
_IVO = _BODIES["jumpcloud provision.02-create"]
_MARA = {
    name: value
    for name, value in (_BODIES["jumpcloud update.05-put-with-meta-and-groups"] or {}).items()
    if name not in ("id", "meta", "groups")
}
_ROSA = _BODIES["entra create.01-documented"] or {}
_TOMAS = _BODIES["entra create.02-with-nulls"]
_ANA = _BODIES["entra create.03-default-mapping"] or {}
_QUINN = _BODIES["entra validator.01-create-full"]
_PIA = _BODIES["okta create.02-post"]
_RUNNER = _BODIES["okta spec.05-create"]

_ROSA_WITHOUT_EMAIL = {name: value for name, value in _ROSA.items() if name != "emails"}
_ROSA_COMPLETE = _ROSA | {
    "title": "Analyst",
    "phoneNumbers": [{"type": "work", "value": "+41 555 0199"}],
    "addresses": [{"type": "work", "streetAddress": "1 Sample Way", "locality": "Basel"}],
    "roles": [{"value": "reader", "primary": True}],
    ENTERPRISE: {"employeeNumber": "E1042", "department": "Finance", "division": "West"},
}
_ROSA_MANAGED = _ROSA | {ENTERPRISE: {"manager": {"value": "{managerId}"}}}

GIVEN: dict[str, Given] = {
    "jumpcloud activation.03-read-test-user": Given(_TEST_USER),
    "jumpcloud activation.04-update-test-user-null-emails": Given(_TEST_USER),
    "jumpcloud activation.05-delete-test-user": Given(_TEST_USER),
    "jumpcloud activation.05b-no-delete-fallback": Given(_TEST_USER),
    "jumpcloud activation.06-repeat-create-same-email": Given(_TEST_USER, deleted=True),
    "jumpcloud activation.07-create-existing-email": Given(_MARA),
    "jumpcloud activation.07b-create-existing-email-other-userName": Given(_MARA),
    "jumpcloud activation.08-lookup-hit": Given(_MARA),
    "jumpcloud activation.12-base-url-trailing-slash": Given(_TEST_USER),
    "jumpcloud provision.03-create-repeat": Given(_IVO),
    "jumpcloud provision.03b-create-case-variant": Given(_IVO),
    "jumpcloud update.01-put-full": Given(_MARA),
    "jumpcloud update.02-put-email-change": Given(_MARA),
    "jumpcloud update.03-put-email-collision": Given(_MARA, other=_IVO),
    "jumpcloud update.04-put-without-emails": Given(_MARA),
    "jumpcloud update.05-put-with-meta-and-groups": Given(_MARA),
    "jumpcloud deactivate.01-put-active-false": Given(_MARA),
    "jumpcloud deactivate.02-put-active-false-again": Given(_MARA, inactive=True),
    "jumpcloud reactivate.01-lookup-inactive-hit": Given(_MARA, inactive=True),
    "jumpcloud reactivate.02-put-active-true": Given(_MARA, inactive=True),
    "jumpcloud delete.01": Given(_MARA),
    "jumpcloud delete.02-again": Given(_MARA, deleted=True),
    "jumpcloud delete.03-lookup-after-delete": Given(_MARA, deleted=True),
    "jumpcloud import.01-list-no-parameters": Given(_MARA),
    "jumpcloud import.02-list-paged": Given(_MARA),
    "jumpcloud import.03-list-second-page": Given(_MARA),
    "jumpcloud import.04-list-unknown-parameter": Given(_MARA),
    "entra lookup.02-hit": Given(_ROSA),
    "entra lookup.03-hit-other-case": Given(_ROSA),
    "entra lookup.04-hit-inactive": Given(_ROSA, inactive=True),
    "entra lookup.05-email-value-path": Given(_ROSA),
    "entra lookup.06-externalId": Given(_ROSA),
    "entra lookup.07-externalId-unquoted": Given(_ROSA | {"externalId": "rkeller"}),
    "entra lookup.08-employeeNumber": Given(_ANA),
    "entra lookup.09-plus-address": Given(user("rosa+scim"), other=_ROSA),
    "entra lookup.10-validator-double-encoded": Given(_ROSA),
    "entra lookup.11-trailing-slash": Given(_ROSA),
    "entra lookup.12-flag-in-query": Given(_ROSA),
    "entra lookup.13-manager-reference": Given(_ROSA_MANAGED),
    "entra lookup.14-lowercase-operator-path": Given(_ROSA),
    "entra create.04-conflict": Given(_ROSA),
    "entra create.05-email-owned-by-other": Given(_ROSA),
    "entra validator.02-create-duplicate": Given(_QUINN),
    "entra validator.03-filter-hit": Given(_QUINN),
    "entra validator.05-filter-other-case": Given(_QUINN),
    "entra validator.06-patch-value-paths": Given(_QUINN),
    "entra validator.07-patch-rename-pathless": Given(_QUINN),
    "entra validator.08-patch-disable": Given(_QUINN),
    "entra validator.09-manager-add": Given(_QUINN),
    "entra validator.10-manager-replace": Given(_QUINN),
    "entra validator.11-manager-remove": Given(_QUINN),
    "entra validator.12-manager-remove-by-empty": Given(_QUINN),
    "entra validator.13-multi-op": Given(_QUINN),
    "entra validator.14-multi-op-same-attribute": Given(_QUINN),
    "entra validator.15-delete": Given(_QUINN),
    "entra validator.16-get-after-delete": Given(_QUINN, deleted=True),
    "entra validator.17-delete-twice": Given(_QUINN, deleted=True),
    "entra read.01-by-id": Given(_ROSA),
    "entra patch.01-legacy-multi": Given(_ROSA),
    "entra patch.02-flag-multi": Given(_ROSA),
    "entra patch.03-legacy-disable": Given(_ROSA),
    "entra patch.04-flag-disable": Given(_ROSA),
    "entra patch.05-capital-op-real-boolean": Given(_ROSA),
    "entra patch.06-pathless-disable": Given(_ROSA),
    "entra patch.07-reactivate-legacy": Given(_ROSA, inactive=True),
    "entra patch.08-reactivate-with-attributes": Given(_ROSA, inactive=True),
    "entra patch.09-add-email-no-member": Given(_ROSA_WITHOUT_EMAIL),
    "entra patch.10-replace-no-member": Given(_ROSA),
    "entra patch.11-email-address-department": Given(_ROSA_COMPLETE),
    "entra patch.12-manager-plain-string": Given(_ROSA),
    "entra patch.13-manager-array-ref": Given(_ROSA),
    "entra patch.14-roles-json-string": Given(_ROSA),
    "entra patch.15-roles-primary-filter": Given(_ROSA_COMPLETE),
    "entra patch.16-remove-with-value": Given(_ROSA),
    "entra patch.17-remove-simple": Given(_ROSA_COMPLETE),
    "entra patch.18-pathless-urn-object": Given(_ROSA_COMPLETE),
    "entra patch.19-clear-by-empty-string": Given(_ROSA_COMPLETE),
    "entra patch.20-email-collision": Given(_ROSA, other=_TOMAS),
    "entra patch.22-unmapped-attribute": Given(_ROSA),
    "entra delete.01": Given(_ROSA),
    "entra discovery.01-list": Given(_ROSA),
    "okta create.03-lookup-hit-inactive": Given(_PIA, inactive=True),
    "okta update.01-read-first": Given(_PIA),
    "okta update.02-put-round-trip": Given(_PIA),
    "okta deactivate.01-put": Given(_PIA),
    "okta deactivate.02-patch": Given(_PIA),
    "okta reactivate.01-put": Given(_PIA, inactive=True),
    "okta reactivate.02-patch": Given(_PIA, inactive=True),
    "okta import.01-page1": Given(_PIA),
    "okta import.02-page2": Given(_PIA),
    "okta spec.01-users-count-1": Given(_RUNNER),
    "okta spec.02-user-by-id": Given(_RUNNER),
    "okta spec.06-create-again": Given(_RUNNER),
    "okta spec.07-userName-upper-case": Given(_RUNNER),
}
