"""A second resource type goes through the engine of the first: the Group of RFC 7643 section 4.2, with an extension."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import parameters, patch
from domain.documents import encode
from domain.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityViolation,
    NoTarget,
    NotFound,
    ScimError,
)
from domain.filter import Filter, compile_filter, parse, parse_patch_path
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.queries.sorting import Ordering
from domain.resources import discovery
from domain.resources.attributes import Attribute, Content, Mutability, ResourceType, Schema, Type, Uniqueness
from domain.resources.body import attributes_of, checked
from domain.resources.later_release import known_part, with_unknown_part
from domain.resources.paths import resolve
from domain.resources.user_schema import CORE_URN as USER_URN
from domain.resources.user_schema import ENTERPRISE_URN, USER
from domain.tolerances import Tolerant
from support.examples import examples
from support.filter_strategies import filters
from support.patch_users import message

Json = dict[str, Any]

GROUP_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
TEAM_URN: Final = "urn:ietf:params:scim:schemas:extension:example:2.0:Team"
BASE: Final = "https://scim.example.com/scim/v2"

GROUP: Final = ResourceType(
    name="Group",
    endpoint="/Groups",
    description="Group",
    schema=Schema(
        GROUP_URN,
        "Group",
        "Group",
        (
            Attribute(
                "displayName",
                "A human-readable name for the group.",
                required=True,
                uniqueness=Uniqueness.SERVER,
                content=Content.IDENTIFIER,
            ),
            Attribute(
                "members",
                "The members of the group.",
                Type.COMPLEX,
                multi_valued=True,
                sub_attributes=(
                    Attribute("value", "The id of the member.", case_exact=True),
                    Attribute("$ref", "The URI of the member.", Type.REFERENCE, case_exact=True),
                    Attribute("type", "The type of the member.", canonical_values=("User",)),
                    Attribute("display", "The name of the member.", mutability=Mutability.READ_ONLY),
                ),
            ),
        ),
    ),
    extensions=(
        Schema(
            TEAM_URN,
            "Team",
            "Team",
            (Attribute("purpose", "What the team is for."), Attribute("size", "Members, planned.", Type.INTEGER)),
        ),
    ),
)

BABS: Final = {"value": "2819c223-7f76-453a-919d-413861904646", "type": "User"}
JAMES: Final = {"value": "08e1d05d-121c-4561-8b96-473d93df9210", "type": "User"}


def group(**members: Any) -> Json:
    return {"schemas": [GROUP_URN], "displayName": "Tour Guides"} | members


@dataclass(frozen=True)
class StoredGroup:
    """A group at one version, in memory."""

    attributes: Json
    id: str = "g1"
    version: int = 3
    created: str = "2026-01-01T00:00:00.000Z"
    last_modified: str = "2026-01-02T00:00:00.000Z"

    @property
    def text(self) -> str:
        return encode(self.attributes)

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'


def patched(before: Json, *operations: Json) -> Json:
    after = before
    for operation in patch.parse_operations(message(*operations)):
        after = patch.apply(after, operation, GROUP)
    return checked(after, GROUP)


def patched_tolerantly(before: Json, *operations: Json) -> tuple[Json, set[str]]:
    reader, after = Tolerant(GROUP), before
    for operation in reader.operations(message(*operations)):
        for each in reader.expanded(operation, after):
            after = patch.apply(after, each, GROUP)
    return checked(reader.patched(before, after), GROUP), reader.noted


# Bodies.


def test_a_body_gets_canonical_names_and_the_schemas_of_the_extensions_in_use() -> None:
    body = {
        "schemas": [GROUP_URN.upper()],
        "DISPLAYNAME": "Tour Guides",
        "Members": [{"VALUE": "1", "display": "read-only"}, {}],
        "externalid": "e",
        "id": "ignored",
        TEAM_URN.lower(): {"Size": 3},
    }

    assert attributes_of(body, GROUP) == {
        "schemas": [GROUP_URN, TEAM_URN],
        "displayName": "Tour Guides",
        "members": [{"value": "1"}],
        "externalId": "e",
        TEAM_URN: {"size": 3},
    }


@pytest.mark.parametrize(
    ("members", "error", "detail"),
    [
        ({"displayName": None}, InvalidValue, "displayName is required."),
        ({"displayName": "  "}, InvalidValue, "displayName must not be empty."),
        ({"members": [{"value": 1}]}, InvalidValue, "members[0].value must be a string."),
        ({TEAM_URN: {"size": "3"}}, InvalidValue, f"{TEAM_URN}:size must be an integer."),
        ({"userName": "x"}, InvalidSyntax, "userName is not an attribute of a Group."),
        ({"schemas": [TEAM_URN]}, InvalidValue, f'schemas must contain "{GROUP_URN}".'),
        ({"schemas": [GROUP_URN, USER_URN]}, InvalidValue, f'schemas names "{USER_URN}", which'),
        ({"Displayname": "x"}, InvalidSyntax, '"displayName" appears twice'),
    ],
)
def test_a_body_is_refused_in_terms_of_its_own_type(members: Json, error: type[ScimError], detail: str) -> None:
    with pytest.raises(error) as refused:
        attributes_of(group(**members), GROUP)

    assert refused.value.detail.startswith(detail)


def test_the_limit_of_addresses_concerns_users_alone() -> None:
    with_emails = ResourceType("Room", "/Rooms", "Room", Schema("urn:x:Room", "Room", "Room", USER.schema.attributes))
    body = {
        "schemas": ["urn:x:Room"],
        "userName": "x",
        "emails": [{"value": f"a{number}@example.com"} for number in range(50)],
    }

    assert len(attributes_of(body, with_emails)["emails"]) == 50


def test_what_a_later_release_stored_is_kept() -> None:
    stored = group(colour="red", schemas=[GROUP_URN, "urn:later"])
    known = known_part(stored, GROUP)

    assert known == group()
    assert with_unknown_part(known | {"displayName": "New"}, stored, GROUP) == stored | {"displayName": "New"}


# Filters.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('displayName eq "TOUR GUIDES"', True),
        ('displayName sw "tour" and members pr', True),
        ('members[value eq "1"]', True),
        ('members eq "1"', True),
        ('members.value eq "3"', False),
        (f'{GROUP_URN}:displayName eq "tour guides"', True),
        (f"{TEAM_URN}:size gt 2", True),
        ('externalId eq "E"', False),
        ('meta.resourceType eq "Group"', True),
    ],
)
def test_a_filter_over_groups_matches(text: str, found: bool) -> None:
    stored = StoredGroup(group(members=[{"value": "1"}, {"value": "2"}], externalId="e") | {TEAM_URN: {"size": 3}})
    resource = Renderer(BASE, Projection.of(GROUP), GROUP).resource(stored)

    assert compile_filter(parse(text, GROUP))(resource) is found


@pytest.mark.parametrize(
    "name", ["userName", "emails.value", f"{USER_URN}:displayName", f"{ENTERPRISE_URN}:department"]
)
def test_an_attribute_of_users_is_no_attribute_of_a_group(name: str) -> None:
    assert resolve(name, USER) is not None
    assert resolve(name, GROUP) is None
    with pytest.raises(InvalidFilter, match="is not an attribute of a Group"):
        parse(f"{name} pr", GROUP)
    with pytest.raises(InvalidPath, match="is not an attribute of a Group"):
        parse_patch_path(name, GROUP)


def test_a_misspelled_name_is_compared_with_those_of_the_type() -> None:
    with pytest.raises(InvalidFilter, match=r"did you mean members\?"):
        parse('member eq "1"', GROUP)


@settings(max_examples=examples(100, thorough=500))
@given(filters(root=GROUP.root))
def test_every_filter_is_read_as_it_is_printed(filter_: Filter) -> None:
    assert parse(str(filter_), GROUP) == filter_


# PATCH: the examples of RFC 7644 section 3.5.2 about members.


def test_add_a_member() -> None:
    added = patched(group(members=[JAMES]), {"op": "add", "path": "members", "value": [BABS]})

    assert added["members"] == [JAMES, BABS]


def test_add_a_member_who_is_there_changes_nothing() -> None:
    before = group(members=[BABS])

    assert patched(before, {"op": "add", "path": "members", "value": BABS}) == before


def test_remove_one_member() -> None:
    path = f'members[value eq "{BABS["value"]}"]'

    assert patched(group(members=[JAMES, BABS]), {"op": "remove", "path": path})["members"] == [JAMES]


def test_remove_all_members() -> None:
    assert "members" not in patched(group(members=[JAMES, BABS]), {"op": "remove", "path": "members"})


def test_remove_and_add_in_one_request() -> None:
    after = patched(
        group(members=[JAMES]),
        {"op": "remove", "path": f'members[value eq "{JAMES["value"]}"]'},
        {"op": "add", "path": "members", "value": [BABS]},
    )

    assert after["members"] == [BABS]


def test_replace_all_members_and_a_name_without_a_path() -> None:
    after = patched(
        group(members=[JAMES]),
        {"op": "replace", "value": {"members": [BABS], "displayName": "New", TEAM_URN: {"size": 1}}},
    )

    assert after == group(members=[BABS], displayName="New", schemas=[GROUP_URN, TEAM_URN]) | {TEAM_URN: {"size": 1}}


@pytest.mark.parametrize(
    ("operation", "error", "detail"),
    [
        ({"op": "add", "value": 1}, InvalidValue, "takes an object with the group's attributes"),
        ({"op": "add", "value": {"userName": "x"}}, InvalidSyntax, '"userName" is not an attribute of a Group'),
        ({"op": "remove", "path": "displayName"}, MutabilityViolation, "displayName is required"),
        ({"op": "replace", "path": "meta.version", "value": "1"}, MutabilityViolation, "meta is read-only"),
        (
            {"op": "replace", "path": 'members[value eq "9"].type', "value": "User"},
            NoTarget,
            "matches no value in members of this group",
        ),
        ({"op": "add", "path": "emails", "value": []}, InvalidPath, '"emails" is not an attribute of a Group'),
    ],
)
def test_a_patch_is_refused_in_terms_of_its_own_type(operation: Json, error: type[ScimError], detail: str) -> None:
    with pytest.raises(error) as refused:
        patched(group(members=[BABS]), operation)

    assert detail in refused.value.detail


# Tolerances.


def test_tolerances_read_bodies_of_groups() -> None:
    reader = Tolerant(GROUP)
    body = {
        "schemas": ["http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "displayName": "Tour Guides",
        "members": {"value": "1"},
        "purpose": "tours",
        "favouriteColour": "red",
    }

    assert attributes_of(reader.resource(body), GROUP) == group(
        members=[{"value": "1"}], schemas=[GROUP_URN, TEAM_URN]
    ) | {TEAM_URN: {"purpose": "tours"}}
    assert {"unknown-schema", "missing-core-schema", "single-value-for-array", "unknown-member"} <= reader.noted


def test_tolerances_read_patches_of_groups() -> None:
    before = group(members=[JAMES, BABS])

    removed, noted = patched_tolerantly(
        before, {"op": "Remove", "path": "members", "value": [{"value": BABS["value"]}]}
    )
    assert removed["members"] == [JAMES]
    assert noted == {"capitalised-op", "listed-removal"}

    renamed, noted = patched_tolerantly(before, {"op": "replace", "value": {"id": "g1", "displayName": "New"}})
    assert renamed == before | {"displayName": "New"}
    assert noted == {"read-only-member"}


def test_names_that_may_say_that_a_user_is_deactivated_are_left_out_of_a_group() -> None:
    assert attributes_of(Tolerant(GROUP).resource(group(isActive=False)), GROUP) == group()


def test_tolerances_that_only_users_need_do_not_touch_a_group() -> None:
    room = Schema("urn:x:Room", "Room", "Room", (Attribute("roles", "", Type.COMPLEX, multi_valued=True),))
    reader = Tolerant(ResourceType("Room", "/Rooms", "Room", room))

    assert reader.replacement({"a": 1}, {"active": False, "emails": [{"value": "x"}]}) == {"a": 1}


def test_parameters_name_attributes_of_the_extension_without_its_urn() -> None:
    reader = parameters.Tolerant(GROUP)

    assert reader.of_query({"attributes": [f"purpose,{TEAM_URN}.size,manager"]}) == {
        "attributes": f"{TEAM_URN}:purpose,{TEAM_URN}:size,manager"
    }


# Answers.


def test_a_group_is_rendered_with_its_own_location() -> None:
    stored = StoredGroup(group(members=[BABS]))

    whole = json.loads(Renderer(BASE, Projection.of(GROUP), GROUP).text(stored))
    assert whole["meta"]["resourceType"] == "Group"
    assert whole["meta"]["location"] == f"{BASE}/Groups/g1"
    assert whole == Renderer(BASE, Projection.of(GROUP), GROUP).resource(stored)

    without = json.loads(Renderer(BASE, Projection.of(GROUP, None, "members"), GROUP).text(stored))
    assert without == {name: value for name, value in whole.items() if name != "members"}

    names = json.loads(Renderer(BASE, Projection.of(GROUP, "displayName,userName"), GROUP).text(stored))
    assert names == {"schemas": [GROUP_URN], "id": "g1", "displayName": "Tour Guides"}


def test_groups_are_sorted_by_their_attributes() -> None:
    groups = [group(displayName=name) for name in ("b", "A", "c")]

    assert [each["displayName"] for each in sorted(groups, key=Ordering.of("displayName", GROUP).key)] == [
        "A",
        "b",
        "c",
    ]
    with pytest.raises(InvalidValue, match="not an attribute of a Group"):
        Ordering.of("userName", GROUP)


def test_discovery_describes_all_types_that_are_served() -> None:
    both = (USER, GROUP)

    assert [each["id"] for each in discovery.schemas(both, BASE)] == [USER_URN, ENTERPRISE_URN, GROUP_URN, TEAM_URN]
    assert [each["endpoint"] for each in discovery.resource_types(both, BASE)] == ["/Users", "/Groups"]
    assert discovery.resource_type(both, "Group", BASE) == {
        "schemas": [discovery.RESOURCE_TYPE_URN],
        "id": "Group",
        "name": "Group",
        "endpoint": "/Groups",
        "description": "Group",
        "schema": GROUP_URN,
        "schemaExtensions": [{"schema": TEAM_URN, "required": False}],
        "meta": {"resourceType": "ResourceType", "location": f"{BASE}/ResourceTypes/Group"},
    }
    members = discovery.schema(both, GROUP_URN.lower(), BASE)["attributes"][1]
    assert [sub["name"] for sub in members["subAttributes"]] == ["value", "$ref", "type", "display"]
    assert "User" not in json.dumps(discovery.schemas((GROUP,), BASE)).replace('"canonicalValues": ["User"]', "")
    with pytest.raises(NotFound, match=r"This service has User, Group\."):
        discovery.resource_type(both, "Device", BASE)
    with pytest.raises(NotFound):
        discovery.resource_type((USER,), "Group", BASE)


# Properties of PATCH that hold for users.

_MEMBER = st.fixed_dictionaries({"value": st.sampled_from(["1", "2", "3"])}, optional={"type": st.just("User")})
_MEMBERS = st.lists(_MEMBER, max_size=3, unique_by=lambda each: each["value"])
_OPERATIONS = st.one_of(
    st.fixed_dictionaries({"op": st.sampled_from(["add", "replace"]), "path": st.just("members"), "value": _MEMBERS}),
    st.fixed_dictionaries(
        {"op": st.just("remove"), "path": st.sampled_from(["members", 'members[value eq "1"]', f"{TEAM_URN}:size"])}
    ),
    st.fixed_dictionaries(
        {"op": st.just("replace"), "path": st.sampled_from([f"{TEAM_URN}:size", "displayName", "nosuch"])},
        optional={"value": st.sampled_from([1, "x", None])},
    ),
)
_GROUPS = st.fixed_dictionaries({}, optional={"members": _MEMBERS.filter(bool), TEAM_URN: st.just({"size": 1})}).map(
    lambda members: checked(group(**members), GROUP)
)


@settings(max_examples=examples(75, thorough=200))
@given(_GROUPS, _OPERATIONS)
def test_a_patch_ends_in_a_valid_group_or_a_scim_error_and_repeating_it_changes_nothing(
    before: Json, operation: Json
) -> None:
    for apply in (patched, lambda *each: patched_tolerantly(*each)[0]):
        try:
            once = apply(before, operation)
        except ScimError:
            continue
        assert checked(once, GROUP) == once
        assert apply(once, operation) == once
