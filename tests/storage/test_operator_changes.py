"""Changes by an operator's hand on each store: whole or not at all, with sound indexes and memberships."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from adapters.clock import MonotonicDeadline, new_id, now
from domain.changes.users import Users as Requests
from domain.errors import NotFound, UniquenessConflict
from domain.ports import GroupStore, Relations, UserStore
from domain.resources.stored_user import StoredUser
from operations.group_changes import GroupChanges
from operations.user_changes import Request, UserChanges, patch_of, setting
from support.people import CORE, replacing, stored_group
from support.samples import Users


class Directory(Protocol):
    """The users and groups of an account."""

    users: UserStore
    groups: GroupStore
    members: Relations

    @property
    def groups_of_users(self) -> Relations: ...


def changes(directory: Directory) -> UserChanges:
    return UserChanges("default", directory, MonotonicDeadline.after(60))


def person(users: Users, name: str) -> StoredUser:
    return users(name, f"{name}@example.com", schemas=[CORE])


def setting_of(user: StoredUser, *pairs: tuple[str, str]) -> Request:
    return lambda users: users.patch(user.id, patch_of(setting(pairs)))


def test_a_rehearsal_refuses_what_the_change_would_and_writes_nothing(directory: Directory, users: Users) -> None:
    ann, bob = (person(users, name) for name in ("ann", "bob"))
    for each in (ann, bob):
        directory.users.create(each)

    for pair in (("userName", "BOB"), ("emails.value", "Bob@Example.com")):
        refusals = []
        for attempt in (changes(directory).rehearse, changes(directory).make):
            with pytest.raises(UniquenessConflict) as refused:
                attempt(ann, setting_of(ann, pair))
            refusals.append((refused.value.attribute, refused.value.value))
        assert refusals[0] == refusals[1] == (pair[0], pair[1])
    planned = changes(directory).rehearse(ann, setting_of(ann, ("userName", "ann.lee")))

    assert planned.after is not None
    assert planned.after.attributes["userName"] == "ann.lee"
    assert directory.users.get(ann.id) == ann
    assert directory.users.find_by_user_name("ann.lee") is None


def test_a_renamed_user_frees_the_name_for_another(directory: Directory, users: Users) -> None:
    ann = person(users, "ann")
    directory.users.create(ann)

    made = changes(directory).make(ann, setting_of(ann, ("userName", "ann.lee"), ("emails.value", "al@example.com")))
    directory.users.create(person(users, "ann"))

    assert directory.users.find_by_user_name("ann.lee") == directory.users.find_by_email("al@example.com") == made.after


def test_a_removed_user_leaves_its_groups_and_a_removed_group_its_users(directory: Directory, users: Users) -> None:
    ann, bob = person(users, "ann"), person(users, "bob")
    sales, support = stored_group(1, "Sales"), stored_group(2, "Support")
    for each in (ann, bob):
        directory.users.create(each)
    directory.groups.create(sales, [ann.id, bob.id])
    directory.groups.create(support, [bob.id])

    gone = changes(directory).make(ann, lambda requests: requests.delete(ann.id))
    GroupChanges("default", directory, MonotonicDeadline.after(60)).delete(support)

    assert (gone.after, gone.memberships_ended) == (None, True)
    assert [each.id for each in directory.members.of(sales.id)] == [bob.id]
    assert [each.id for each in directory.groups_of_users.of(bob.id)] == [sales.id]
    with pytest.raises(NotFound):
        changes(directory).make(ann, lambda requests: requests.delete(ann.id))


def test_an_operator_and_requests_at_the_same_time_lose_nothing(
    directories: Callable[[str], Directory], users: Users
) -> None:
    ann = person(users, "ann")
    directories("default").users.create(ann)

    def request(number: int) -> None:
        store, deadline = directories("default").users, MonotonicDeadline.after(60)
        Requests(store, deadline, now, new_id).patch(ann.id, replacing("title", f"Title {number}"))

    def by_hand(_: int) -> None:
        changes(directories("default")).make(ann, lambda requests: requests.patch(ann.id, replacing("active", False)))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(6) for work in (request, by_hand)]:
            done.result()

    after = directories("default").users.get(ann.id)
    assert after is not None
    assert not after.active
    assert after.attributes["title"].startswith("Title ")
    assert after.version == 8
