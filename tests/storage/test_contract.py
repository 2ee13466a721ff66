"""Contract of every store of users: the in-memory twin, the table on moto, the table on DynamoDB Local."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.errors import PayloadTooLarge, ServiceUnavailable, UniquenessConflict
from domain.limits import MAX_EMAILS
from domain.ports import UserStore, VersionMismatch
from domain.resources.storable import MAX_DOCUMENT_BYTES
from domain.resources.user_schema import EMAIL, EXTERNAL_ID, USER_NAME
from support.samples import Users, changed, ids, renamed

Accounts = Callable[[str], UserStore]


def conflict(write: Callable[[], None]) -> tuple[str, str]:
    """The attribute and value that a write is refused for."""
    with pytest.raises(UniquenessConflict) as refusal:
        write()
    return refusal.value.attribute, refusal.value.value  # type: ignore[return-value]  # a conflict always names its attribute


def test_a_created_user_is_read_unchanged(store: UserStore, users: Users) -> None:
    ada = users("Ada", "ada@example.com", "Ada@Work.example", external_id="x-1", active=False, title="Ünïcode 漢字 🎉")

    store.create(ada)

    assert store.get(ada.id) == ada
    assert store.total() == 1


def test_an_unknown_id_finds_no_user(store: UserStore, users: Users) -> None:
    store.create(users("ada"))

    for unknown in ("00000000-0000-4000-8000-000000000000", "", " ", "x" * 5000, "a\0b", "\ud83d", "ada"):
        assert store.get(unknown) is None
        assert store.get_many([unknown]) == []


def test_an_id_is_used_once(store: UserStore, users: Users) -> None:
    ada = users("ada")
    store.create(ada)

    with pytest.raises(ServiceUnavailable):
        store.create(replace(users("bob"), id=ada.id))

    assert store.get(ada.id) == ada
    assert store.find_by_user_name("bob") is None
    assert store.total() == 1


@pytest.mark.parametrize("spelling", ["ada", "ADA", " Ada "])
def test_user_names_are_unique_ignoring_case(store: UserStore, users: Users, spelling: str) -> None:
    store.create(users("Ada", "ada@example.com"))

    assert conflict(lambda: store.create(users(spelling, "other@example.com"))) == ("userName", spelling)
    assert store.find_by_email("other@example.com") is None
    assert store.total() == 1


@pytest.mark.parametrize("address", ["ada@example.com", "ADA@Example.COM"])
def test_addresses_are_unique_across_users_ignoring_case(store: UserStore, users: Users, address: str) -> None:
    store.create(users("ada", "first@example.com", "ada@example.com"))

    assert conflict(lambda: store.create(users("bob", "bob@example.com", address))) == ("emails.value", address)
    assert store.find_by_user_name("bob") is None
    assert store.find_by_email("bob@example.com") is None
    assert store.total() == 1


def test_of_two_conflicts_the_user_name_is_reported(store: UserStore, users: Users) -> None:
    store.create(users("ada", "ada@example.com"))

    assert conflict(lambda: store.create(users("Ada", "Ada@example.com"))) == ("userName", "Ada")


def test_one_user_may_repeat_an_address(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com", "ADA@example.com", "ada@example.com")

    store.create(ada)

    assert store.find_by_email("Ada@Example.com") == ada
    assert ids(store.entries_starting(EMAIL, "ada")) == [ada.id]


def test_a_user_name_may_be_another_users_address(store: UserStore, users: Users) -> None:
    store.create(users("ada@example.com"))

    store.create(users("bob", "ada@example.com"))

    assert store.total() == 2


def test_accounts_do_not_see_each_other(accounts: Accounts, users: Users) -> None:
    first, second = accounts("first"), accounts("second")
    ada, other = users("ada", "ada@example.com", external_id="1"), users("ada", "ada@example.com", external_id="1")

    first.create(ada)
    second.create(other)
    second.delete(other)

    assert first.find_by_user_name("ada") == first.find_by_email("ada@example.com") == ada
    assert first.find(EXTERNAL_ID, "1") == list(first.scan()) == [ada]
    assert second.get(ada.id) is None
    assert second.find_by_user_name("ada") is second.find_by_email("ada@example.com") is None
    assert second.find(EXTERNAL_ID, "1") == list(second.scan()) == ids(second.entries(USER_NAME)) == []  # type: ignore[comparison-overlap]  # an empty list equals one of any type
    assert (first.total(), second.total()) == (1, 0)


def test_users_are_found_by_each_value(store: UserStore, users: Users) -> None:
    ada = users("Straße", "ADA@example.com", "second@example.com", external_id="Ext#1")
    store.create(ada)
    store.create(users("bob", "bob@example.com", external_id="ext#1"))

    assert store.find_by_user_name(" STRAẞE ") == ada
    assert store.find_by_user_name("strasse") is None
    assert store.find_by_email("ada@EXAMPLE.com") == store.find_by_email("second@example.com") == ada
    assert store.find(EXTERNAL_ID, "Ext#1") == [ada]
    assert store.find_by_user_name("stra") is store.find_by_email("second") is None
    assert store.find(EXTERNAL_ID, "Ext") == store.find(EXTERNAL_ID, "Ext#") == []


def test_a_user_is_found_by_every_spelling_of_a_value(store: UserStore, users: Users) -> None:
    ada = users("Ａda Σ", "Ada@MÜLLER.example.", "eva@xn--strae-oqa.example")
    store.create(ada)

    for name in ("ada σ", "ADA ς", " ada Σ"):
        assert store.find_by_user_name(name) == ada
    for address in ("ada@xn--mller-kva.example", "ada@müller.example", "eva@STRAẞE。example"):
        assert store.find_by_email(address) == ada
    for prefix in ("ADA", "ada ς"):
        assert ids(store.entries_starting(USER_NAME, prefix)) == [ada.id]
    for prefix in ("ADA@mü", "ada@XN--MLLER-KVA.ex", "eva@straß", "eva@xn--strae-oqa"):
        assert ids(store.entries_starting(EMAIL, prefix)) == [ada.id]
    for address in ("eva@strasse.example", "ada@muller.example"):
        assert store.find_by_email(address) is None
    with pytest.raises(UniquenessConflict):
        store.create(users("other", "ADA@xn--mller-kva.example"))


def test_an_external_id_may_be_shared(store: UserStore, users: Users) -> None:
    sharing = [users(f"user{number}", external_id="shared") for number in range(5)]
    for user in [*sharing, users("other", external_id="shared#1"), users("more", external_id="shared2")]:
        store.create(user)

    assert store.find(EXTERNAL_ID, "shared") == sorted(sharing, key=lambda user: user.id)


def test_a_replaced_user_is_found_under_unchanged_values(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com", external_id="1")
    store.create(ada)
    titled = changed(ada, title="Lead")

    store.replace(ada, titled)

    assert store.get(ada.id) == store.find_by_email("ada@example.com") == store.find_by_user_name("ada") == titled
    assert store.find(EXTERNAL_ID, "1") == [titled]
    assert store.total() == 1


def test_a_rename_frees_the_old_values_and_takes_the_new_ones(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com", "kept@example.com", external_id="1")
    store.create(ada)
    moved = changed(
        ada, userName="lovelace", emails=[{"value": "l@example.com"}, {"value": "KEPT@example.com"}], externalId="2"
    )

    store.replace(ada, moved)

    assert store.find_by_user_name("ada") is store.find_by_email("ada@example.com") is None
    assert store.find(EXTERNAL_ID, "1") == []
    assert store.find_by_user_name("Lovelace") == store.find_by_email("l@example.com") == moved
    assert store.find_by_email("kept@example.com") == moved
    assert store.find(EXTERNAL_ID, "2") == [moved]
    bob = users("ada", "ada@example.com", external_id="1")
    store.create(bob)
    assert store.find_by_user_name("ada") == store.find_by_email("ada@example.com") == bob


def test_a_freed_value_can_be_taken_by_another_user(store: UserStore, users: Users) -> None:
    ada, bob = users("ada", "ada@example.com"), users("bob", "bob@example.com")
    store.create(ada)
    store.create(bob)

    aside = renamed(ada, "aside")
    store.replace(ada, aside)
    second = renamed(bob, "ada", "ada@example.com")
    store.replace(bob, second)
    first = renamed(aside, "bob", "bob@example.com")
    store.replace(aside, first)

    assert store.find_by_user_name("ada") == store.find_by_email("ada@example.com") == second
    assert store.find_by_user_name("bob") == store.find_by_email("bob@example.com") == first


def test_a_rename_to_a_taken_value_changes_nothing(store: UserStore, users: Users) -> None:
    ada, bob = users("ada", "ada@example.com"), users("bob", "bob@example.com")
    store.create(ada)
    store.create(bob)

    assert conflict(lambda: store.replace(bob, renamed(bob, "new", "n@example.com", "Ada@example.com"))) == (
        "emails.value",
        "Ada@example.com",
    )
    assert conflict(lambda: store.replace(bob, renamed(bob, "ADA", "bob@example.com"))) == ("userName", "ADA")

    assert store.get(bob.id) == store.find_by_user_name("bob") == store.find_by_email("bob@example.com") == bob
    assert store.find_by_user_name("new") is store.find_by_email("n@example.com") is None


def test_changing_only_the_case_of_a_value_does_not_conflict_with_itself(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com")
    store.create(ada)
    shouted = renamed(ada, "ADA", "ADA@EXAMPLE.COM")

    store.replace(ada, shouted)

    assert store.find_by_user_name("ada") == shouted
    store.delete(shouted)
    store.create(users("ada", "ada@example.com"))


@pytest.mark.parametrize("change", [{"title": "Lead"}, {"userName": "lovelace"}, {"externalId": "2"}])
def test_an_outdated_version_is_not_replaced(store: UserStore, users: Users, change: dict[str, str]) -> None:
    ada = users("ada", "ada@example.com")
    store.create(ada)
    present = changed(ada, nickName="first")
    store.replace(ada, present)

    with pytest.raises(VersionMismatch):
        store.replace(ada, changed(ada, **change))

    assert store.get(ada.id) == store.find_by_user_name("ada") == present
    assert store.find_by_user_name("lovelace") is None
    assert store.find(EXTERNAL_ID, "2") == []


def test_an_outdated_version_is_not_deleted(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com")
    store.create(ada)
    present = changed(ada, title="Lead")
    store.replace(ada, present)

    with pytest.raises(VersionMismatch):
        store.delete(ada)

    assert store.find_by_email("ada@example.com") == present
    assert store.total() == 1


def test_a_deleted_user_frees_all_values_at_once(store: UserStore, users: Users) -> None:
    ada = users("ada", "ada@example.com", "second@example.com", external_id="1")
    store.create(ada)

    store.delete(ada)

    assert store.get(ada.id) is None
    assert store.find(EXTERNAL_ID, "1") == ids(store.entries(USER_NAME)) == ids(store.entries_starting(EMAIL, "")) == []  # type: ignore[comparison-overlap]  # an empty list equals one of any type
    assert store.total() == 0
    with pytest.raises(VersionMismatch):
        store.delete(ada)
    with pytest.raises(VersionMismatch):
        store.replace(ada, changed(ada, title="Lead"))
    store.create(users("ADA", "Second@example.com", "ada@example.com", external_id="1"))
    assert store.total() == 1


def test_a_value_too_long_for_a_key_is_unique_and_found(store: UserStore, users: Users) -> None:
    long = "ü" * 2000
    awkward = [f"{long}a", f"{long}b", "tab\there", "tab\tthere", "tab", "x" * 1025, "x" * 900, "x" * 899]
    held = {value: users(value, f"{value}@example.com", external_id=value) for value in awkward}
    for user in held.values():
        store.create(user)

    for value, user in held.items():
        assert store.find_by_user_name(value.upper()) == user
        assert store.find_by_email(f"{value}@EXAMPLE.com") == user
        assert store.find(EXTERNAL_ID, value) == [user]
        assert conflict(lambda value=value: store.create(users(value.upper())))[0] == "userName"  # type: ignore[misc]  # mypy infers no type for the lambda's default
    assert ids(store.entries_starting(USER_NAME, "TAB\tt")) == [held["tab\tthere"].id]
    assert set(ids(store.entries_starting(USER_NAME, long))) == {held[f"{long}a"].id, held[f"{long}b"].id}
    assert next(store.entries(USER_NAME)).resource_id == held["tab"].id
    for user in held.values():
        store.delete(user)
    assert ids(store.entries(USER_NAME)) == ids(store.entries_starting(EMAIL, "")) == []


def test_ids_come_in_the_order_of_user_names(store: UserStore, users: Users) -> None:
    named = {name: users(name) for name in ["bob", "Ada", "ADAM", "zoë", "zo", "Änne", "漢", "🎉"]}
    for user in named.values():
        store.create(user)
    order = [named[name].id for name in ["Ada", "ADAM", "bob", "zo", "zoë", "Änne", "漢", "🎉"]]

    assert ids(store.entries(USER_NAME)) == order
    assert ids(store.entries(USER_NAME, descending=True)) == order[::-1]
    assert ids(store.entries_starting(USER_NAME, "AD")) == order[:2]
    assert [entry.value for entry in store.entries_starting(USER_NAME, "ZO")] == ["zo", "zoë"]
    assert ids(store.entries_starting(USER_NAME, "nobody")) == []


@pytest.mark.parametrize(("at_most", "expected"), [(0, ""), (1, "a"), (2, "ab"), (3, "abc"), (10**18, "abc")])
def test_at_most_the_requested_number_of_ids_is_returned(
    store: UserStore, users: Users, at_most: int, expected: str
) -> None:
    named = {name: users(name) for name in "cab"}
    for user in named.values():
        store.create(user)
    in_order = [named[name].id for name in expected]

    assert ids(store.entries(USER_NAME, at_most=at_most)) == in_order
    backwards = [named[name].id for name in "cba"][:at_most]
    assert ids(store.entries(USER_NAME, descending=True, at_most=at_most)) == backwards


@pytest.mark.parametrize("descending", [False, True])
def test_user_names_after_a_position_do_not_require_that_it_exists(
    store: UserStore, users: Users, descending: bool
) -> None:
    long = "ü" * 900
    named = [users(name) for name in ["a", "ab", "tab\there", f"{long}a", f"{long}b", "zoë"]]
    for user in named:
        store.create(user)
    entries = list(store.entries(USER_NAME, descending=descending))
    store.delete(named[1])
    store.delete(named[3])

    left = [entry for entry in entries if entry.resource_id not in {named[1].id, named[3].id}]
    for entry in entries:
        behind = [other for other in left if (other.position < entry.position) == descending and other != entry]
        assert list(store.entries(USER_NAME, descending=descending, after=entry.position)) == behind
        assert list(store.entries(USER_NAME, descending=descending, after=entry.position, at_most=1)) == behind[:1]


def test_ids_come_in_the_order_of_addresses(store: UserStore, users: Users) -> None:
    ada, bob = users("ada", "c@example.com", "a@example.com"), users("bob", "B@example.com", "x@other.example")
    store.create(ada)
    store.create(bob)

    assert ids(store.entries_starting(EMAIL, "")) == [ada.id, bob.id, ada.id, bob.id]
    assert ids(store.entries_starting(EMAIL, "B@")) == [bob.id]


def test_several_users_are_returned_in_the_requested_order(store: UserStore, users: Users) -> None:
    crowd = users.numbered(120)
    for user in crowd:
        store.create(user)

    asked = [user.id for user in crowd]
    found = store.get_many([*asked[60:], "nobody", *asked[:60], asked[0], ""])

    assert found == [*crowd[60:], *crowd[:60], crowd[0]]
    assert store.get_many([]) == []


@pytest.mark.parametrize("count", [MAX_EMAILS, MAX_EMAILS + 1])
def test_a_user_has_at_most_forty_addresses(store: UserStore, users: Users, count: int) -> None:
    old, new = ([f"{kind}{number}@example.com" for number in range(count)] for kind in ("old", "new"))

    if count > MAX_EMAILS:
        with pytest.raises(PayloadTooLarge, match="emails"):
            store.create(users("ada", *new))
        assert store.total() == 0
    else:
        ada = users("ada", *old, external_id="1")
        store.create(ada)
        moved = changed(renamed(ada, "lovelace", *new), externalId="2")
        store.replace(ada, replace(moved, version=2))
        assert ids(store.entries_starting(EMAIL, "old")) == []
        assert ids(store.entries_starting(EMAIL, "new")) == [ada.id] * count


def test_a_user_that_is_too_large_is_refused(store: UserStore, users: Users) -> None:
    largest = users("ü" * 40_000, note="")
    largest = changed(largest, note="ü" * ((MAX_DOCUMENT_BYTES - len(largest.document.encode())) // 2))
    ada = users("ada")
    store.create(ada)

    store.create(replace(largest, version=1))
    with pytest.raises(PayloadTooLarge, match=str(MAX_DOCUMENT_BYTES)):
        store.create(users("bob", note="x" * MAX_DOCUMENT_BYTES))
    with pytest.raises(PayloadTooLarge):
        store.replace(ada, changed(ada, note="x" * MAX_DOCUMENT_BYTES))

    assert store.get(ada.id) == ada
    assert store.get(largest.id) is not None
    assert store.total() == 2
