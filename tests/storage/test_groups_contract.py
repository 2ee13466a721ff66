"""Contract of every store of groups: the in-memory twin, the table on moto, the table on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.errors import PayloadTooLarge, ServiceUnavailable, UniquenessConflict
from domain.ports import Candidates, IndexEntry, MemberChange, MissingUsers, VersionMismatch, WholeGroup
from domain.resources.group_schema import DISPLAY_NAME, EXTERNAL_ID, ID
from domain.resources.storable import MAX_DOCUMENT_BYTES
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from storage.conftest import Directory
from support.samples import LATER, Groups, Users, changed, ids, with_name

NOT_A_USER = "00000000-0000-4000-8000-000000000000"
MORE_THAN_A_TRANSACTION = 70
"""Members; one transaction takes 33 who join and 49 who leave."""


@pytest.fixture
def people(directory: Directory, users: Users) -> list[StoredUser]:
    """Five users of the directory, in order of id."""
    return crowd(directory, users, 5)


def crowd(directory: Directory, users: Users, count: int) -> list[StoredUser]:
    made = [users(f"user{number}") for number in range(count)]
    for user in made:
        directory.users.create(user)
    return sorted(made, key=lambda user: user.id)


def all_ids(users: list[StoredUser]) -> tuple[str, ...]:
    return tuple(user.id for user in users)


def members_of(directory: Directory, group: StoredGroup) -> tuple[str, ...]:
    """The members of a group, on whom both directions and all ways of asking agree."""
    whole = directory.groups.whole(group.id)
    assert whole is not None
    everybody = [user.id for user in directory.users.scan()]
    assert [related.id for related in directory.members.of(group.id)] == list(whole.members)
    assert [related.id for related in directory.members.among(group.id, everybody)] == list(whole.members)
    assert directory.groups_of_users.having(group.id) == list(whole.members)
    assert directory.groups.candidates(whole.group, everybody).members == frozenset(whole.members)
    for user_id in everybody:
        is_member = user_id in whole.members
        assert (group.id in directory.members.having(user_id)) is is_member
        assert [related.id for related in directory.groups_of_users.among(user_id, [group.id])] == [
            group.id
        ] * is_member
        assert (group.id in [related.id for related in directory.groups_of_users.of(user_id)]) is is_member
    return whole.members


def test_a_created_group_is_read_unchanged(directory: Directory, groups: Groups) -> None:
    engineers = groups("Ünïcode 漢字 🎉", external_id="g#1")

    directory.groups.create(engineers)

    assert directory.groups.get(engineers.id) == engineers
    assert directory.groups.whole(engineers.id) == WholeGroup(engineers, ())
    assert directory.groups.total() == 1
    assert list(directory.groups.scan()) == directory.groups.get_many([engineers.id]) == [engineers]


def test_an_unknown_id_finds_no_group(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers, [people[0].id])

    for unknown in (NOT_A_USER, "", " ", "x" * 5000, "a\0b", "\ud83d", f"{engineers.id}#", people[0].id):
        assert directory.groups.get(unknown) is None
        assert directory.groups.whole(unknown) is None
        assert directory.groups.get_many([unknown]) == []
        assert directory.members.of(unknown) == []
        assert directory.members.among(unknown, [people[0].id]) == []
        assert directory.groups_of_users.among(people[0].id, [unknown]) == []
    for unknown in (NOT_A_USER, "", "x" * 5000, "a\0b", engineers.id):
        assert directory.members.having(unknown) == []
        assert directory.groups_of_users.of(unknown) == []
        assert directory.members.among(engineers.id, [unknown]) == []
        assert directory.groups.candidates(engineers, [unknown]) == Candidates(frozenset(), frozenset())


def test_groups_and_users_are_apart(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    directory.groups.create(groups("user0", external_id="1"))

    assert (directory.groups.total(), directory.users.total()) == (1, len(people))
    assert directory.users.get(next(directory.groups.scan()).id) is None


def test_accounts_do_not_see_each_others_groups(
    directories: Callable[[str], Directory], users: Users, groups: Groups
) -> None:
    first, second = directories("first"), directories("second")
    ada, engineers, other = users("ada"), groups("Engineers"), groups("Engineers")
    first.users.create(ada)
    first.groups.create(engineers, [ada.id])

    with pytest.raises(MissingUsers):
        second.groups.create(other, [ada.id])
    second.groups.create(other)

    assert second.groups.get(engineers.id) is None
    assert second.members.of(engineers.id) == []
    assert second.members.having(ada.id) == []
    assert first.groups.find(DISPLAY_NAME, "engineers") == [engineers]
    assert second.groups.find(DISPLAY_NAME, "engineers") == [other]


@pytest.mark.parametrize("spelling", ["Engineers", "ENGINEERS", " engineers "])
def test_names_are_unique_ignoring_case(
    directory: Directory, groups: Groups, people: list[StoredUser], spelling: str
) -> None:
    directory.groups.create(groups("Engineers"))
    second = groups("Sales")
    directory.groups.create(second)

    with pytest.raises(UniquenessConflict) as refusal:
        directory.groups.create(groups(spelling), [people[0].id])
    assert (refusal.value.attribute, refusal.value.value) == ("displayName", spelling)
    with pytest.raises(UniquenessConflict):
        directory.groups.change(second, with_name(second, spelling), MemberChange((people[0].id,)))

    assert directory.groups.whole(second.id) == WholeGroup(second, ())
    assert directory.groups.total() == 2
    assert directory.members.having(people[0].id) == []


def test_a_group_may_change_the_case_of_its_name(directory: Directory, groups: Groups) -> None:
    engineers = groups("Engineers", external_id="1")
    directory.groups.create(engineers)
    shouted = with_name(engineers, "ENGINEERS", externalId="2")

    directory.groups.change(engineers, shouted, MemberChange())

    assert directory.groups.find(DISPLAY_NAME, "engineers") == directory.groups.find(ID, engineers.id) == [shouted]
    assert directory.groups.find(EXTERNAL_ID, "1") == []
    assert directory.groups.find(EXTERNAL_ID, "2") == [shouted]


def test_a_renamed_group_frees_its_name(directory: Directory, groups: Groups) -> None:
    engineers = groups("Engineers", external_id="1")
    directory.groups.create(engineers)
    builders = with_name(engineers, "Builders", externalId=None)

    directory.groups.change(engineers, builders, MemberChange())
    again = groups("engineers", external_id="1")
    directory.groups.create(again)

    assert directory.groups.find(DISPLAY_NAME, "engineers") == directory.groups.find(EXTERNAL_ID, "1") == [again]
    assert directory.groups.find(DISPLAY_NAME, "builders") == [builders]
    assert [entry.value for entry in directory.groups.entries(DISPLAY_NAME)] == ["builders", "engineers"]


def test_groups_are_listed_in_order(directory: Directory, groups: Groups) -> None:
    made = [groups(name, external_id="shared") for name in ["b", "A", "ab", "x" * 1000]]
    for group in made:
        directory.groups.create(group)
    in_order = sorted(made, key=lambda group: group.id)
    by_name = [made[1].id, made[2].id, made[0].id, made[3].id]

    assert list(directory.groups.scan()) == directory.groups.find(EXTERNAL_ID, "shared") == in_order
    assert list(directory.groups.scan(in_order[0].id)) == in_order[1:]
    page = directory.groups.page(2, 2)
    assert (page.total, list(page.resources)) == (4, in_order[1:3])
    after = directory.groups.page_after(in_order[0].id, 2)
    assert (list(after.resources), after.next_after) == (in_order[1:3], in_order[2].id)
    assert ids(directory.groups.entries(DISPLAY_NAME)) == by_name
    assert ids(directory.groups.entries(DISPLAY_NAME, descending=True, at_most=2)) == by_name[:1:-1]
    assert list(directory.groups.entries_starting(DISPLAY_NAME, "a")) == [
        IndexEntry("a", by_name[0], "a"),
        IndexEntry("ab", by_name[1], "ab"),
    ]
    assert directory.groups.get_many([made[0].id, "none", made[3].id]) == [made[0], made[3]]


def test_an_id_is_used_once(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers)

    with pytest.raises(ServiceUnavailable):
        directory.groups.create(StoredGroup.new(engineers.id, {"displayName": "Other"}, LATER), [people[0].id])

    assert directory.groups.whole(engineers.id) == WholeGroup(engineers, ())
    assert directory.groups.total() == 1


def test_members_join_and_leave(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    first, second, third, *_ = all_ids(people)

    directory.groups.create(engineers, [second, first])
    assert members_of(directory, engineers) == (first, second)
    second_version = engineers.touched(LATER)
    directory.groups.change(engineers, second_version, MemberChange((third,), (first,)))

    assert members_of(directory, engineers) == (second, third)
    assert directory.groups.get(engineers.id) == second_version


def test_a_user_is_in_several_groups(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    made = sorted([groups("A"), groups("B"), groups("C")], key=lambda group: group.id)
    for group in made:
        directory.groups.create(group, [people[0].id])

    found = directory.groups_of_users.of(people[0].id)

    assert [(each.id, each.display) for each in found] == [(group.id, group.display_name) for group in made]
    assert directory.members.having(people[0].id) == [group.id for group in made]
    assert directory.groups_of_users.among(people[0].id, [made[2].id, NOT_A_USER, made[0].id]) == [found[0], found[2]]


def test_candidates_are_members_and_users(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers, [people[0].id])

    found = directory.groups.candidates(
        engineers, [people[0].id, people[1].id, NOT_A_USER, people[0].id, "", "x" * 999]
    )

    assert found == Candidates(frozenset([people[0].id]), frozenset([people[0].id, people[1].id]))
    assert directory.groups.candidates(engineers, []) == Candidates(frozenset(), frozenset())


@pytest.mark.parametrize("unknown", [NOT_A_USER, "", "x" * 1020, "a\nb"])
def test_only_users_join(directory: Directory, groups: Groups, people: list[StoredUser], unknown: str) -> None:
    engineers = groups("Engineers")

    with pytest.raises(MissingUsers) as refusal:
        directory.groups.create(engineers, [people[0].id, unknown])
    assert refusal.value.user_ids == (unknown,)
    assert directory.groups.total() == 0
    directory.groups.create(engineers)
    with pytest.raises(MissingUsers) as refusal:
        directory.groups.change(engineers, engineers.touched(LATER), MemberChange((unknown, people[0].id)))

    assert refusal.value.user_ids == (unknown,)
    assert directory.groups.get(engineers.id) == engineers
    assert members_of(directory, engineers) == ()


def test_changes_of_other_members_do_not_stand_in_each_others_way(
    directory: Directory, groups: Groups, people: list[StoredUser]
) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers)

    for user in people:
        directory.groups.change(engineers, engineers.touched(LATER), MemberChange((user.id,)))

    assert members_of(directory, engineers) == all_ids(people)
    stored = directory.groups.get(engineers.id)
    assert stored is not None
    assert stored.version == 1 + len(people)


def test_what_is_no_longer_as_it_was_read_is_not_written(
    directory: Directory, groups: Groups, people: list[StoredUser]
) -> None:
    engineers = groups("Engineers")
    first, second, third, *_ = all_ids(people)
    directory.groups.create(engineers, [first])
    directory.groups.change(engineers, engineers.touched(LATER), MemberChange((second,)))
    renamed = with_name(engineers, "Builders")

    for changed_to, members, exactly in (
        (engineers.touched(LATER), MemberChange((second,)), False),
        (engineers.touched(LATER), MemberChange((), (third,)), False),
        (engineers.touched(LATER), MemberChange((third,)), True),
        (renamed, MemberChange((third,)), False),
        (renamed, MemberChange(), False),
    ):
        with pytest.raises(VersionMismatch):
            directory.groups.change(engineers, changed_to, members, exactly=exactly)
    with pytest.raises(VersionMismatch):
        directory.groups.delete(engineers)

    assert members_of(directory, engineers) == (first, second)
    assert directory.groups.find(DISPLAY_NAME, "builders") == []


def test_a_change_may_ask_for_its_version(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers)
    second = engineers.touched(LATER)

    directory.groups.change(engineers, second, MemberChange((people[0].id,)), exactly=True)
    third = with_name(second, "Builders")
    directory.groups.change(second, third, MemberChange((people[1].id,), (people[0].id,)), exactly=True)

    assert directory.groups.whole(engineers.id) == WholeGroup(third, (people[1].id,))


def test_a_deleted_group_leaves_nothing(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers", external_id="1")
    directory.groups.create(engineers, all_ids(people))

    directory.groups.delete(engineers)

    assert directory.groups.get(engineers.id) is None
    assert directory.groups.whole(engineers.id) is None
    assert directory.groups.find(DISPLAY_NAME, "engineers") == directory.groups.find(EXTERNAL_ID, "1") == []
    assert directory.members.of(engineers.id) == []
    assert directory.groups_of_users.having(engineers.id) == []
    assert directory.members.having(people[0].id) == []
    assert directory.users.total() == len(people)
    with pytest.raises(VersionMismatch):
        directory.groups.delete(engineers)
    for changed_to in (engineers.touched(LATER), with_name(engineers, "Builders")):
        with pytest.raises(VersionMismatch):
            directory.groups.change(engineers, changed_to, MemberChange((people[0].id,)))
    directory.groups.create(groups("Engineers", external_id="1"), all_ids(people))


def test_a_deleted_user_leaves_all_groups(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    made = [groups(f"Group {number}") for number in range(20)]
    for group in made:
        directory.groups.create(group, [people[0].id, people[1].id])
    alone = groups("Alone")
    directory.groups.create(alone, [people[1].id])

    directory.users.delete(people[0])

    assert directory.groups.leave_all(people[0].id) == len(made)
    assert directory.groups.leave_all(people[0].id) == 0
    assert directory.groups.leave_all(NOT_A_USER) == 0
    for group in made:
        assert members_of(directory, group) == (people[1].id,)
        stored = directory.groups.get(group.id)
        assert stored is not None
        assert stored.version == 2
        assert stored.last_modified > group.last_modified
    assert directory.groups.get(alone.id) == alone


def test_a_user_who_was_deleted_does_not_join(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers, [people[0].id])
    directory.users.delete(people[1])
    directory.users.replace(people[0], changed(people[0], active=False))

    with pytest.raises(MissingUsers):
        directory.groups.change(engineers, engineers.touched(LATER), MemberChange((people[1].id,)))

    assert members_of(directory, engineers) == (people[0].id,)


def test_there_is_nothing_left_to_finish(directory: Directory, groups: Groups, people: list[StoredUser]) -> None:
    engineers = groups("Engineers")
    directory.groups.create(engineers, all_ids(people))

    for group_id in (engineers.id, NOT_A_USER):
        directory.groups.finish(group_id)
        directory.groups.clear(group_id)

    assert members_of(directory, engineers) == all_ids(people)


def test_a_group_that_is_too_large_is_refused(directory: Directory, groups: Groups) -> None:
    with pytest.raises(PayloadTooLarge, match="group"):
        directory.groups.create(groups("x" * MAX_DOCUMENT_BYTES))

    assert directory.groups.total() == 0


def test_a_change_larger_than_a_transaction_is_seen_whole(directory: Directory, users: Users, groups: Groups) -> None:
    everybody = all_ids(crowd(directory, users, MORE_THAN_A_TRANSACTION + 10))
    first, rest = everybody[:MORE_THAN_A_TRANSACTION], everybody[MORE_THAN_A_TRANSACTION:]
    engineers = groups("Engineers")

    directory.groups.create(engineers, first)
    whole = directory.groups.whole(engineers.id)
    assert whole == WholeGroup(engineers, first)
    renamed = with_name(engineers, "Builders")
    directory.groups.change(engineers, renamed, MemberChange(rest, first[1:]))

    assert directory.groups.whole(engineers.id) == WholeGroup(renamed, (first[0], *rest))
    assert directory.groups.find(DISPLAY_NAME, "builders") == [renamed]
    assert directory.members.having(everybody[1]) == []
    assert directory.members.having(everybody[-1]) == [engineers.id]


def test_a_large_change_of_an_outdated_version_is_refused(directory: Directory, users: Users, groups: Groups) -> None:
    everybody = all_ids(crowd(directory, users, MORE_THAN_A_TRANSACTION))
    engineers, sales = groups("Engineers"), groups("Sales")
    directory.groups.create(engineers)
    directory.groups.create(sales)
    directory.groups.change(engineers, engineers.touched(LATER), MemberChange((everybody[0],)))

    with pytest.raises(VersionMismatch):
        directory.groups.change(engineers, engineers.touched(LATER), MemberChange(everybody), exactly=True)
    with pytest.raises(UniquenessConflict):
        directory.groups.change(sales, with_name(sales, "engineers"), MemberChange(everybody))
    with pytest.raises(UniquenessConflict):
        directory.groups.create(groups("sales"), everybody)

    whole = directory.groups.whole(engineers.id)
    assert whole is not None
    assert whole.members == (everybody[0],)
    assert directory.groups.whole(sales.id) == WholeGroup(sales, ())
    assert directory.members.having(everybody[1]) == []
