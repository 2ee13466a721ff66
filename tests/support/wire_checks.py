"""What the sender of each request in `wire_requests` needs of the answer, beyond its status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.people import ENTERPRISE
from support.scim_http import LIST, Json
from support.wire_requests import Played

Check = Callable[[Played], None]


def check_by_status(played: Played) -> None:
    """What each status means for the user that the request was about."""
    request, answer = played.request, played.answer
    match request.method, answer.status:
        case _, 409:
            assert answer.json["scimType"] == "uniqueness"
            assert any(name in answer.json["detail"] for name in ("userName", "emails"))
            if played.before:
                assert played.after == played.before
        case _, 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
        case "POST", 201:
            created = answer.json
            assert isinstance(created["id"], str)
            assert answer.headers["location"] == created["meta"]["location"]
            assert played.client.get(f"/Users/{created['id']}").json == created
            assert echoes(created, request.body or {})
        case "PUT" | "PATCH", 200:
            assert answer.json["id"] == played.before["id"]
            assert played.after == answer.json
        case "DELETE", 204:
            assert answer.text == ""
            assert played.after == {}
            assert played.client.find(f'userName eq "{played.before["userName"]}"') == []
        case "GET", 200 if request.path.rstrip("/").endswith("/Users"):
            assert answer.json["schemas"] == [LIST]
            for name in ("totalResults", "itemsPerPage", "startIndex"):
                assert type(answer.json[name]) is int
            assert answer.json["itemsPerPage"] == len(answer.json["Resources"])
        case _:
            pass


# What is sent and not echoed: readOnly or never returned, unknown, empty.
_NOT_ECHOED = {"id", "meta", "groups", "password", "schemas", "department", "manager"}


def echoes(created: Json, body: Json) -> bool:
    """Return True if everything comes back as it was sent."""
    for name, value in body.items():
        if name in _NOT_ECHOED or value in (None, [], {}):
            continue
        if name == ENTERPRISE and isinstance(value.get("manager"), str):
            assert created[ENTERPRISE]["manager"] == {"value": created[ENTERPRISE]["manager"]["value"]}
        elif name == "roles":
            assert created["roles"] == [{**role, "primary": True} for role in value]
        else:
            assert created[name] == value, name
    return True


def finds_no_user(played: Played) -> None:
    """An empty ListResponse."""
    assert played.answer.json["totalResults"] == 0
    assert played.answer.json["Resources"] == []


def finds_the_user(played: Played) -> None:
    """A ListResponse of that user, unchanged."""
    assert played.answer.json["totalResults"] == 1
    assert played.answer.json["Resources"] == [played.before]


def finds_the_user_inactive(played: Played) -> None:
    """It is found all the same."""
    finds_the_user(played)
    assert played.before["active"] is False


def finds_only_the_id(played: Played) -> None:
    """`attributes=id` returns what is always returned, and nothing else."""
    assert played.answer.json["totalResults"] == 1
    assert played.answer.json["Resources"] == [{"id": played.before["id"], "schemas": played.before["schemas"]}]


def lists_everybody(played: Played) -> None:
    """All users on the first page."""
    assert played.answer.json["totalResults"] == len(played.users_before)
    listed = {user["id"] for user in played.answer.json["Resources"]}
    assert listed == {user["id"] for user in played.users_before}


def lists_no_user_past_the_end(played: Played) -> None:
    """The total stays."""
    assert played.answer.json["totalResults"] == len(played.users_before)
    assert played.answer.json["Resources"] == []


def is_the_user(played: Played) -> None:
    """The resource itself."""
    assert played.answer.json == played.before


def says_to_turn_groups_off(played: Played) -> None:
    """The detail says what to do."""
    assert "Groups are off" in played.answer.json["detail"]
    assert "group management" in played.answer.json["detail"]


def has(path: str, value: Any) -> Check:
    """The answer's user has that value at a path such as `emails.0.value`; None: nothing is there."""

    def check(played: Played) -> None:
        found: Any = played.answer.json
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else (found or {}).get(step)
        assert found == value, path

    return check


def keeps(*names: str) -> Check:
    """Those attributes are as they were before."""

    def check(played: Played) -> None:
        for name in names:
            assert played.answer.json.get(name) == played.before.get(name), name

    return check


def is_at(name: str, type_: str, value: str) -> Check:
    """The attribute has exactly one value of that type, and it is this."""

    def check(played: Played) -> None:
        values = [entry.get("value") for entry in played.answer.json[name] if entry.get("type") == type_]
        assert values == [value]

    return check


def enterprise(**attributes: Any) -> Check:
    """The enterprise extension has these attributes; None: it has not."""

    def check(played: Played) -> None:
        extension = played.answer.json.get(ENTERPRISE, {})
        assert {name: extension.get(name) for name in attributes} == attributes

    return check


def finds_it_under_the_new_name_alone(played: Played) -> None:
    """The unique userName has moved."""
    assert len(played.client.find(f'userName eq "{played.answer.json["userName"]}"')) == 1
    assert played.client.find(f'userName eq "{played.before["userName"]}"') == []


def frees_the_old_address(played: Played) -> None:
    """The unique address has moved."""
    assert len(played.client.find(f'emails.value eq "{played.answer.json["emails"][0]["value"]}"')) == 1
    assert played.client.find(f'emails.value eq "{played.before["emails"][0]["value"]}"') == []


def has_the_manager(played: Played) -> None:
    """As an object, whatever its form was."""
    assert played.answer.json[ENTERPRISE]["manager"]["value"] == played.manager_id


def has_no_fields_of_the_server_from_the_body(played: Played) -> None:
    """Read-only members of the body are neither refused nor stored."""
    assert "groups" not in played.answer.json
    assert played.answer.json["meta"]["location"] == played.before["meta"]["location"]
    assert played.answer.json["meta"]["created"] == played.before["meta"]["created"]


CHECKS: dict[str, list[Check]] = {
    "jumpcloud activation.01-lookup-miss": [finds_no_user],
    "jumpcloud activation.01b-lookup-miss-plus": [finds_no_user],
    "jumpcloud activation.03-read-test-user": [is_the_user],
    "jumpcloud activation.04-update-test-user-null-emails": [keeps("emails", "userName", "name", "active")],
    "jumpcloud activation.05b-no-delete-fallback": [has("active", False)],
    "jumpcloud activation.08-lookup-hit": [finds_the_user],
    "jumpcloud activation.09-groups-list": [says_to_turn_groups_off],
    "jumpcloud activation.10-groups-create": [says_to_turn_groups_off],
    "jumpcloud activation.12-base-url-trailing-slash": [finds_the_user],
    "jumpcloud provision.01-lookup-miss": [finds_no_user],
    "jumpcloud update.01-put-full": [
        has("userName", "mara.lind@corp.example.com"),
        has("photos", [{"value": "https://img.example.com/avatars/mara.png"}]),
        keeps("emails", "externalId"),
    ],
    "jumpcloud update.02-put-email-change": [finds_it_under_the_new_name_alone, frees_the_old_address],
    "jumpcloud update.04-put-without-emails": [keeps("emails")],
    "jumpcloud update.05-put-with-meta-and-groups": [has_no_fields_of_the_server_from_the_body],
    "jumpcloud deactivate.01-put-active-false": [has("active", False), keeps("emails", "userName")],
    "jumpcloud deactivate.02-put-active-false-again": [has("active", False), keeps("meta")],
    "jumpcloud reactivate.01-lookup-inactive-hit": [finds_the_user_inactive],
    "jumpcloud reactivate.02-put-active-true": [has("active", True)],
    "jumpcloud delete.03-lookup-after-delete": [finds_no_user],
    "jumpcloud import.01-list-no-parameters": [lists_everybody],
    "jumpcloud import.02-list-paged": [lists_everybody],
    "jumpcloud import.03-list-second-page": [lists_no_user_past_the_end],
    "jumpcloud import.04-list-unknown-parameter": [lists_everybody],
    "entra test.01-random-guid": [finds_no_user],
    "entra test.02-random-guid-externalId": [finds_no_user],
    "entra test.03-groups": [says_to_turn_groups_off],
    "entra lookup.01-miss": [finds_no_user],
    "entra lookup.02-hit": [finds_the_user],
    "entra lookup.03-hit-other-case": [finds_the_user],
    "entra lookup.04-hit-inactive": [finds_the_user_inactive],
    "entra lookup.05-email-value-path": [finds_the_user],
    "entra lookup.06-externalId": [finds_the_user],
    "entra lookup.07-externalId-unquoted": [finds_the_user],
    "entra lookup.08-employeeNumber": [finds_the_user],
    "entra lookup.09-plus-address": [finds_the_user],
    "entra lookup.10-validator-double-encoded": [finds_the_user],
    "entra lookup.11-trailing-slash": [finds_the_user],
    "entra lookup.12-flag-in-query": [finds_the_user],
    "entra lookup.13-manager-reference": [finds_only_the_id],
    "entra lookup.14-lowercase-operator-path": [finds_the_user],
    "entra validator.03-filter-hit": [finds_the_user],
    "entra validator.04-filter-miss": [finds_no_user],
    "entra validator.05-filter-other-case": [finds_the_user],
    "entra validator.06-patch-value-paths": [
        is_at("emails", "work", "quinn.new@example.com"),
        is_at("phoneNumbers", "work", "07-000-0000"),
        has("addresses.0.streetAddress", "2 Other Walk"),
        has("addresses.0.locality", "NEWLOC"),
        has("addresses.0.region", "REG"),
    ],
    "entra validator.07-patch-rename-pathless": [finds_it_under_the_new_name_alone],
    "entra validator.08-patch-disable": [has("active", False)],
    "entra validator.09-manager-add": [enterprise(manager={"value": "MGR2"}, department="DEPT")],
    "entra validator.10-manager-replace": [enterprise(manager={"value": "MGR3"})],
    "entra validator.11-manager-remove": [enterprise(manager=None, department="DEPT")],
    "entra validator.12-manager-remove-by-empty": [enterprise(manager=None, department="DEPT")],
    "entra validator.13-multi-op": [
        has("preferredLanguage", None),
        has("externalId", "ext-0001"),
        has("displayName", "NEWDISPLAY"),
    ],
    "entra validator.14-multi-op-same-attribute": [has("externalId", "ext-0003")],
    "entra read.01-by-id": [is_the_user],
    "entra patch.01-legacy-multi": [
        is_at("emails", "work", "rosa.new@example.com"),
        has("name.familyName", "Keller-Ito"),
        has("name.givenName", "Rosa"),
        enterprise(employeeNumber="E2001"),
        frees_the_old_address,
    ],
    "entra patch.02-flag-multi": [
        is_at("emails", "work", "rosa.new@example.com"),
        has("displayName", "Rosa Keller-Ito"),
        has("name.familyName", "Keller-Ito"),
        enterprise(employeeNumber="E2001"),
    ],
    "entra patch.03-legacy-disable": [has("active", False)],
    "entra patch.04-flag-disable": [has("active", False)],
    "entra patch.05-capital-op-real-boolean": [has("active", False)],
    "entra patch.06-pathless-disable": [has("active", False)],
    "entra patch.07-reactivate-legacy": [has("active", True)],
    "entra patch.08-reactivate-with-attributes": [
        has("active", True),
        has("displayName", "Rosa Keller"),
        has("title", "Lead"),
    ],
    "entra patch.09-add-email-no-member": [is_at("emails", "work", "rosa.keller@example.com")],
    "entra patch.10-replace-no-member": [is_at("phoneNumbers", "mobile", "+41 555 0100")],
    "entra patch.11-email-address-department": [
        is_at("emails", "work", "rosa.keller@example.com"),
        has("addresses.0.formatted", "1 Sample Way"),
        has("addresses.0.locality", "Basel"),
        enterprise(department="Finance"),
    ],
    "entra patch.12-manager-plain-string": [has_the_manager],
    "entra patch.13-manager-array-ref": [has_the_manager],
    "entra patch.15-roles-primary-filter": [has("roles.0.value", "editor"), has("roles.0.primary", True)],
    "entra patch.17-remove-simple": [has("title", None)],
    "entra patch.18-pathless-urn-object": [
        enterprise(department="Engineering", costCenter="CC-1", employeeNumber="E1042", division="West")
    ],
    "entra patch.19-clear-by-empty-string": [
        has("addresses.0.streetAddress", None),
        has("addresses.0.locality", "Basel"),
    ],
    "entra patch.22-unmapped-attribute": [keeps("userName", "emails", "active")],
    "entra discovery.01-list": [lists_everybody],
    "okta create.01-lookup-miss": [finds_no_user],
    "okta create.03-lookup-hit-inactive": [finds_the_user_inactive],
    "okta update.01-read-first": [is_the_user],
    "okta update.02-put-round-trip": [
        has("name.familyName", "Santos-Lim"),
        has("emails.0.display", "pia.santos@example.com"),
        has_no_fields_of_the_server_from_the_body,
    ],
    "okta deactivate.01-put": [has("active", False)],
    "okta deactivate.02-patch": [has("active", False)],
    "okta reactivate.01-put": [has("active", True)],
    "okta reactivate.02-patch": [has("active", True)],
    "okta import.01-page1": [lists_everybody],
    "okta import.02-page2": [lists_no_user_past_the_end],
    "okta spec.02-user-by-id": [is_the_user],
    "okta spec.03-invalid-userName": [finds_no_user],
    "okta spec.05-create": [has("userName", "Runner123Sampleabc456@example.com")],
    "okta spec.07-userName-upper-case": [finds_the_user],
    "okta spec.08-groups-optional": [says_to_turn_groups_off],
}
