"""Queries over groups and their members, over the groups of users, and over both types at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidCursor, InvalidFilter, InvalidValue, NotFound, TooMany
from domain.limits import MAX_PAGE_CHARACTERS, MAX_RESOURCE_CHARACTERS
from domain.ports import Related, Relations
from domain.queries.cursor import CursorSeal
from domain.queries.everything import Everything, as_part
from domain.queries.listing import Directory, Query, Result
from domain.queries.projection import Projection
from domain.queries.related import completed
from domain.queries.rendering import Renderer
from domain.queries.single_group import group_as_shown
from domain.resources.attributes import Index, ResourceType
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.group_schema import GROUP
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN as USER_URN
from domain.resources.user_schema import USER
from domain.tolerances import Reader, Strict, Tolerant
from support.examples import examples
from support.memory import InMemoryUsers
from support.memory_groups import InMemoryGroups, InMemoryGroupsOfUsers, InMemoryMembers

NOW: Final = "2026-01-01T00:00:00.000Z"
BASE: Final = "https://scim.example.com/scim/v2"
SEAL: Final = CursorSeal(b"k" * 32, "acme", lambda: 0.0)


def id_of(kind: str, number: int) -> str:
    """An id in no order of numbers, so that an order by id shows."""
    return f"{number * 1_237 % 4_096:03x}{kind}{number:04x}-0000-4000-8000-000000000000"


def user_id(number: int) -> str:
    return id_of("a", number)


def group_id(number: int) -> str:
    return id_of("b", number)


@dataclass
class Counted:
    """Relations that count what is asked of them."""

    relations: Relations
    asked: list[str] = field(default_factory=list)

    def of(self, resource_id: str, /) -> list[Related]:
        self.asked.append("of")
        return self.relations.of(resource_id)

    def among(self, resource_id: str, ids: Sequence[str], /) -> list[Related]:
        self.asked.append("among")
        return self.relations.among(resource_id, ids)

    def having(self, related_id: str, /) -> list[str]:
        self.asked.append("having")
        return self.relations.having(related_id)


@dataclass
class Company:
    """Users and groups of one account; group number n is called `Team n`."""

    users: InMemoryUsers = field(default_factory=InMemoryUsers)

    def __post_init__(self) -> None:
        self.groups = InMemoryGroups(self.users)
        self.members = Counted(InMemoryMembers(self.groups))
        self.groups_of_users = Counted(InMemoryGroupsOfUsers(self.groups))

    @classmethod
    def of(cls, users: int, groups: Sequence[Sequence[int]]) -> Company:
        """Return a company with that many users, and one group for each list of the numbers of its members."""
        company = cls()
        for number in range(users):
            body = {"schemas": [USER_URN], "userName": f"u{number}", "title": "abc"[number % 3], "externalId": "e"}
            company.users.create(StoredUser.new(user_id(number), body, NOW))
        for number, members in enumerate(groups):
            body = {"schemas": [GROUP_URN], "displayName": f"Team {number}", "externalId": f"x{number % 2}"}
            group = StoredGroup.new(group_id(number), body, NOW)
            company.groups.create(group, [user_id(each) for each in members])
        return company

    def of_users(
        self, attributes: str | None = None, *, on: bool = True, reader: Callable[[ResourceType], Reader] = Strict
    ) -> Directory:
        relations = {"groups": self.groups_of_users} if on else {}
        return Directory(self.users, renderer(USER, attributes), SEAL, reader(USER), relations)

    def of_groups(
        self,
        attributes: str | None = None,
        excluded: str | None = None,
        reader: Callable[[ResourceType], Reader] = Strict,
    ) -> Directory:
        shown = renderer(GROUP, attributes, excluded)
        return Directory(self.groups, shown, SEAL, reader(GROUP), {"members": self.members})

    def everything(self, attributes: str | None = None) -> Everything:
        return Everything(
            [
                as_part(self.of_users(attributes), [GROUP], Strict),
                as_part(self.of_groups(attributes), [USER], Strict),
            ]
        )


def renderer(resource_type: ResourceType, attributes: str | None = None, excluded: str | None = None) -> Renderer:
    return Renderer(BASE, Projection.of(resource_type, attributes, excluded), resource_type)


def ids(result: Result) -> list[str]:
    return [each.id for each in result.resources]


def search(where: Directory, **parameters: Any) -> Result:
    return where.search(Query.of(parameters))


def answer(where: Directory, **parameters: Any) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(search(where, **parameters).text(where.renderer))
    return shown


def names(where: Directory, filter_: str, **parameters: Any) -> list[str]:
    resources = search(where, filter=filter_, **parameters).resources
    return [each.attributes.get("userName") or each.attributes["displayName"] for each in resources]


@pytest.fixture
def company() -> Company:
    return Company.of(5, [[0, 1, 2], [1], [], [1, 4]])


# What an answer shows


def test_a_list_of_groups_has_their_members(company: Company) -> None:
    found = answer(company.of_groups(), filter='displayName eq "team 3"')

    assert found["Resources"][0]["members"] == [
        {"value": each, "$ref": f"{BASE}/Users/{each}", "type": "User"} for each in sorted((user_id(1), user_id(4)))
    ]


def test_the_text_of_an_answer_and_its_parts_agree(company: Company) -> None:
    whole = answer(company.of_groups())
    by_name = answer(company.of_groups("id,meta,schemas,displayName,externalId,members"))

    def in_order(found: dict[str, Any]) -> list[Any]:
        return [dict(sorted(each.items())) for each in found["Resources"]]

    assert in_order(whole) == in_order(by_name)
    assert ["members" in each for each in whole["Resources"]].count(False) == 1


@pytest.mark.parametrize(("attributes", "excluded"), [(None, "members"), ("displayName", None)])
def test_members_that_are_not_shown_are_not_read(
    company: Company, attributes: str | None, excluded: str | None
) -> None:
    found = answer(company.of_groups(attributes, excluded))

    assert not any("members" in each for each in found["Resources"])
    assert company.members.asked == []


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            "groups",
            {"value": group_id(3), "$ref": f"{BASE}/Groups/{group_id(3)}", "display": "Team 3", "type": "direct"},
        ),
        ("groups.display", {"display": "Team 3"}),
    ],
)
def test_groups_of_users_come_when_asked_for(company: Company, attributes: str, expected: dict[str, str]) -> None:
    plain = answer(company.of_users(), filter='userName eq "u4"')
    asked = answer(company.of_users(attributes), filter='userName eq "u4"')

    assert "groups" not in plain["Resources"][0]
    assert asked["Resources"][0]["groups"] == [expected]
    assert company.groups_of_users.asked == ["of"]


def test_a_page_of_large_groups_ends_early_and_goes_on() -> None:
    company = Company.of(3, [[0], [1], [2]])
    many = MAX_PAGE_CHARACTERS // 250

    class Large:
        def of(self, resource_id: str, /) -> list[Related]:
            return [Related(f"{number:036}") for number in range(many)]

        among = having = None

    relations: Any = {"members": Large()}
    where = Directory(company.groups, renderer(GROUP), SEAL, Strict(GROUP), relations)

    first = search(where, cursor="", count=3)
    second = search(where, cursor=first.next_cursor, count=3)
    by_index = search(where, count=3)

    assert [len(ids(page)) for page in (first, second, by_index)] == [1, 1, 1]
    assert ids(first) + ids(second) == sorted(group_id(number) for number in range(3))[:2]
    assert first.total == by_index.total == 3
    assert len(first.text(where.renderer)) < MAX_PAGE_CHARACTERS


def test_a_group_that_no_answer_can_hold_is_refused_with_the_remedy() -> None:
    company = Company()
    crowd = MAX_RESOURCE_CHARACTERS // 100
    group = StoredGroup.new(group_id(0), {"schemas": [GROUP_URN], "displayName": "All"}, NOW)
    company.groups.create(group)
    company.groups.members[group.id] = {f"{number:036}" for number in range(crowd)}

    for read in (
        lambda: search(company.of_groups()),
        lambda: group_as_shown(company.groups, group.id, renderer(GROUP)),
    ):
        with pytest.raises(TooMany, match=rf"{crowd} values.*excludedAttributes=members"):
            read()
    assert group_as_shown(company.groups, group.id, renderer(GROUP, excluded="members")) == group


# Reading one


def test_one_group_is_shown_with_its_members(company: Company) -> None:
    shown = renderer(GROUP)

    group = json.loads(shown.text(group_as_shown(company.groups, group_id(1), shown)))

    assert [each["value"] for each in group["members"]] == [user_id(1)]
    with pytest.raises(NotFound, match=r"no group with id .none.*look the group up by displayName"):
        group_as_shown(company.groups, "none", shown)


def test_one_user_is_shown_with_groups_when_asked_for(company: Company) -> None:
    user = company.users.get(user_id(1))
    assert user is not None
    relations = {"groups": company.groups_of_users}

    shown = json.loads(renderer(USER, "groups").text(completed(user, renderer(USER, "groups"), relations)))

    assert sorted(each["display"] for each in shown["groups"]) == ["Team 0", "Team 1", "Team 3"]
    assert completed(user, renderer(USER), relations) is user


# Filters


@pytest.mark.parametrize(
    ("filter_", "found", "asked"),
    [
        ("members eq", ["Team 0", "Team 1", "Team 3"], ["having"]),
        ("members.value eq", ["Team 0", "Team 1", "Team 3"], ["having"]),
        ("members[value eq ?]", ["Team 0", "Team 1", "Team 3"], ["having"]),
        (f'id eq "{group_id(3)}" and members eq', ["Team 3"], ["among"]),
        (f'id eq "{group_id(2)}" and members eq', [], ["among"]),
        ('displayName eq "Team 0" and members[value eq ? and type eq "User"]', ["Team 0"], ["among"]),
        ('externalId eq "x1" and not (members eq ?)', [], ["having"]),
        ("not (members eq ?)", ["Team 2"], ["having"]),
        ('displayName co "2" or members eq ?', ["Team 0", "Team 1", "Team 2", "Team 3"], ["having"]),
        ('displayName eq "Team 0" and members pr', ["Team 0"], ["of"]),
        ('displayName eq "Team 2" and not (members pr)', ["Team 2"], ["of"]),
        ('displayName eq "Team 1" and members ne ?', [], ["of"]),
        ('displayName eq "Team 0" and externalId eq "y" and members eq ?', [], []),
    ],
)
def test_a_filter_reads_no_more_members_than_it_needs(
    company: Company, filter_: str, found: list[str], asked: list[str]
) -> None:
    quoted = f'"{user_id(1)}"'
    text = filter_.replace("?", quoted) if "?" in filter_ or not filter_.endswith("eq") else f"{filter_} {quoted}"

    assert sorted(names(company.of_groups(excluded="members"), text)) == found
    assert company.members.asked == asked


def test_a_membership_is_looked_up_without_reading_the_other_groups(company: Company) -> None:
    text = f'groups.value eq "{group_id(0).upper()}"'
    reads: list[list[str]] = []

    class Watched(InMemoryUsers):
        def scan(self, after: str | None = None) -> Any:
            raise AssertionError("all users are read")

        def get_many(self, user_ids: Sequence[str]) -> list[StoredUser]:
            reads.append(list(user_ids))
            return company.users.get_many(user_ids)

    where = Directory(Watched(), renderer(USER), SEAL, Strict(USER), {"groups": company.groups_of_users})

    page = search(where, filter=text, startIndex=2, count=1)

    assert (ids(page), page.total) == (sorted(map(user_id, (0, 1, 2)))[1:2], 3)
    assert reads == [ids(page)]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('groups.display co "3"', ["u1", "u4"]),
        ('groups[display eq "team 0"]', ["u0", "u1", "u2"]),
        ('groups[display eq "team 0"] and userName eq "u2"', ["u2"]),
        ("not (groups pr)", ["u3"]),
        (f'groups[value eq "{group_id(1)}" and display sw "Team"]', ["u1"]),
        (f'groups ne "{group_id(0)}"', ["u1", "u3", "u4"]),
    ],
)
def test_users_are_filtered_by_their_groups(company: Company, filter_: str, found: list[str]) -> None:
    assert sorted(names(company.of_users(), filter_)) == found


@pytest.mark.parametrize(
    ("filter_", "matches"),
    [
        (f'groups eq "{group_id(0)}"', False),
        (f'groups[value eq "{group_id(0)}"] or groups.display co "e"', False),
        ("groups pr", False),
        ('groups eq "x" and userName eq "u1"', False),
        ("groups eq null", True),
        (f'not (groups eq "{group_id(0)}")', True),
    ],
)
def test_without_groups_a_filter_about_them_is_decided_before_users_are_read(
    company: Company, filter_: str, matches: bool
) -> None:
    class Unread(InMemoryUsers):
        def scan(self, after: str | None = None) -> Any:
            raise AssertionError("all users are read")

        def find(self, index: Index, value: str) -> list[StoredUser]:
            raise AssertionError("a user is looked up")

    store = Unread()
    for number in range(5):
        store.create(StoredUser.new(user_id(number), {"schemas": [USER_URN], "userName": f"u{number}"}, NOW))
    where = Directory(store, renderer(USER, "groups"), SEAL, Strict(USER))

    result = search(where, filter=filter_)

    assert result.total == len(result.resources) == (5 if matches else 0)
    assert company.groups_of_users.asked == []


@pytest.mark.parametrize("descending", ["ascending", "descending"])
def test_users_are_sorted_by_a_value_of_their_groups(company: Company, descending: str) -> None:
    where = company.of_users()

    whole = search(where, sortBy="groups.display", sortOrder=descending)
    cursor: str | None = ""
    paged: list[str] = []
    while cursor is not None:
        page = search(where, sortBy="groups.display", sortOrder=descending, cursor=cursor, count=2)
        paged += ids(page)
        cursor = page.next_cursor

    without = user_id(3)
    assert ids(whole)[0 if descending == "descending" else -1] == without
    assert paged == ids(whole)


_NUMBERS: Final = st.integers(0, 5)
_GROUP_FILTERS: Final = st.recursive(
    st.one_of(
        _NUMBERS.map(lambda number: f'members eq "{user_id(number)}"'),
        _NUMBERS.map(lambda number: f'members ne "{user_id(number)}"'),
        _NUMBERS.map(lambda number: f'members[value eq "{user_id(number)}" and type eq "User"]'),
        st.tuples(_NUMBERS, _NUMBERS).map(
            lambda two: f'members[value eq "{user_id(two[0])}" or not (value eq "{user_id(two[1])}")]'
        ),
        _NUMBERS.map(lambda number: f'displayName eq "TEAM {number}"'),
        _NUMBERS.map(lambda number: f'id eq "{group_id(number)}"'),
        st.sampled_from(['displayName sw "te"', 'externalId eq "x1"', "members pr", "members eq null"]),
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: "({} {} {})".format(*three)),
    ),
    max_leaves=5,
)


@settings(max_examples=examples(100, thorough=1_000), deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(0, 4), unique=True), max_size=5),
    filter_=_GROUP_FILTERS,
    sort_by=st.sampled_from([None, "displayName", "externalId", "members"]),
    tolerant=st.booleans(),
)
def test_what_a_filter_finds_does_not_depend_on_how_it_is_found(
    groups: list[list[int]], filter_: str, sort_by: str | None, tolerant: bool
) -> None:
    """Every group is completed and matched, against the same filter answered by indexes and by parts of the members."""
    company = Company.of(5, groups)
    where = company.of_groups(excluded="members", reader=Tolerant if tolerant else Strict)
    query = {"filter": filter_} | ({"sortBy": sort_by} if sort_by else {})
    every = {**query, "filter": f'({filter_}) or id eq "none" or members eq "none" and members pr'}

    found, scanned = search(where, **query), search(where, **every)
    pages: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = search(where, **query, cursor=cursor, count=2)
        assert page.total == found.total
        pages += ids(page)
        cursor = page.next_cursor

    assert ids(found) == ids(scanned) == pages
    assert found.total == len(pages)
    assert [ids(search(where, **query, startIndex=start + 1, count=1)) for start in range(len(pages))] == [
        [each] for each in pages
    ]


# The root


def at_root(company: Company, attributes: str | None = None, **parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(company.everything(attributes).text(Query.of(parameters)))
    return found


def shown_ids(found: dict[str, Any]) -> list[str]:
    return [each["id"] for each in found["Resources"]]


ALL: Final = [*sorted(map(user_id, range(5))), *sorted(map(group_id, range(4)))]


def test_the_root_lists_users_and_then_groups(company: Company) -> None:
    found = at_root(company)

    assert (shown_ids(found), found["totalResults"], found["startIndex"]) == (ALL, 9, 1)
    assert [each["meta"]["resourceType"] for each in found["Resources"]] == ["User"] * 5 + ["Group"] * 4
    assert found["Resources"][5]["meta"]["location"] == f"{BASE}/Groups/{ALL[5]}"
    assert sum("members" in each for each in found["Resources"]) == 3


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('userName eq "u1"', ["u1"]),
        ('displayName eq "team 1"', ["Team 1"]),
        ('userName eq "u1" or displayName eq "team 1"', ["u1", "Team 1"]),
        (f'members eq "{user_id(4)}" or userName eq "u3"', ["u3", "Team 3"]),
        ('meta.resourceType eq "Group" and externalId eq "x1"', ["Team 1", "Team 3"]),
        ('meta.resourceType eq "User" and not (userName co "1")', ["u0", "u2", "u3", "u4"]),
        (f'groups eq "{group_id(0)}"', ["u0", "u1", "u2"]),
        (f'{USER_URN}:userName eq "u1"', ["u1"]),
        (f'{GROUP_URN}:displayName eq "Team 1"', ["Team 1"]),
        ("name.familyName pr and displayName pr", []),
        ('externalId sw "e"', ["u0", "u1", "u2", "u3", "u4"]),
    ],
)
def test_a_filter_at_the_root_may_name_attributes_of_either_type(
    company: Company, filter_: str, found: list[str]
) -> None:
    shown = at_root(company, filter=filter_)

    assert sorted(each.get("userName") or each["displayName"] for each in shown["Resources"]) == sorted(found)
    assert shown["totalResults"] == len(found)


def test_the_root_refuses_what_neither_type_has(company: Company) -> None:
    with pytest.raises(InvalidFilter):
        at_root(company, filter='favouriteColour eq "red"')
    with pytest.raises(InvalidValue):
        at_root(company, sortBy="favouriteColour")


@settings(max_examples=examples(40, thorough=400), deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(0, 3), unique=True), max_size=4),
    users=st.integers(4, 6),
    count=st.integers(1, 4),
    query=st.sampled_from(
        [
            {},
            {"filter": 'userName sw "u" or displayName co "1"'},
            {"filter": 'meta.resourceType eq "Group"'},
            {"filter": f'groups pr or members eq "{user_id(1)}"'},
            {"sortBy": "displayName"},
            {"sortBy": "userName", "sortOrder": "descending"},
            {"sortBy": "externalId", "filter": 'externalId sw "x" or userName co "1"'},
            {"sortBy": "meta.created", "sortOrder": "descending"},
        ]
    ),
)
def test_pages_at_the_root_are_the_whole_list(
    groups: list[list[int]], users: int, count: int, query: dict[str, str]
) -> None:
    company = Company.of(users, groups)
    whole = shown_ids(at_root(company, **query))

    by_index = [
        each
        for start in range(1, len(whole) + 2, count)
        for each in shown_ids(at_root(company, **query, startIndex=start, count=count))
    ]
    by_cursor: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = at_root(company, **query, cursor=cursor, count=count)
        assert page["totalResults"] == len(whole)
        by_cursor += shown_ids(page)
        cursor = page.get("nextCursor")

    assert by_index == by_cursor == whole
    assert len(set(whole)) == len(whole)


def test_the_root_sorts_both_types_as_one(company: Company) -> None:
    found = at_root(company, sortBy="externalId", count=9)

    values = [each["externalId"] for each in found["Resources"]]
    assert values == sorted(values) == ["e"] * 5 + ["x0", "x0", "x1", "x1"]


def test_a_cursor_of_the_root_is_none_of_users(company: Company) -> None:
    cursor = at_root(company, cursor="", count=2)["nextCursor"]

    with pytest.raises(InvalidCursor):
        search(company.of_users(), cursor=cursor, count=2)
