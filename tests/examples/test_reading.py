"""examples/python/reading.py finds what the identity provider wrote, under the very forms of the service."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reading
from adapters.dynamodb import keys
from domain.resources.comparison import unique_form
from domain.text import has_too_many_marks
from reading import Users
from support import reading_vectors
from support.application import Application

PIECES = st.sampled_from(
    ["@", ".", "\u3002", "xn--", "xn--mller-kva", "xn--strae-oqa", " ", "\t", "\u0130", "\u03a3", "\u03c2", "i\u0307"]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=8).map("".join)
LABELS = st.text("abcxn-0123456789.", max_size=14).map("ada@xn--{}".format)


def test_the_shared_vectors_are_the_services() -> None:
    assert json.loads(reading_vectors.FILE.read_text(encoding="utf-8")) == reading_vectors.vectors()


@given(TEXTS | LABELS)
def test_the_form_of_a_text_is_the_services(text: str) -> None:
    if not has_too_many_marks(text):
        assert reading.unique_form(text) == unique_form(text)


@given(TEXTS | st.text(st.characters(), min_size=0, max_size=4).map(lambda text: text * 250))
def test_the_keys_of_a_text_are_the_services(text: str) -> None:
    assert reading.sort_key(text) == keys.sort_key(text)
    assert reading.external_id_prefix(text) == keys.external_id_prefix(text)


def test_a_user_is_found_by_each_of_the_identifiers(app: Application) -> None:
    emails = [{"value": "ada@home.example"}, {"value": "Ada@Example.com", "primary": True}]
    ada = app.create("Ada@Example.com", externalId="E-1", emails=emails, displayName="Ada")

    for found in (
        app.users.by_id(ada),
        app.users.by_user_name(" ada@EXAMPLE.com"),
        app.users.by_email("ADA@home.example"),
        *app.users.by_external_id("E-1"),
    ):
        assert found is not None
        assert (found.id, found.version, found.active, found.user_name) == (ada, 1, True, "Ada@Example.com")
        assert found.document["displayName"] == "Ada"
        assert reading.addresses(found) == ["Ada@Example.com", "ada@home.example"]


@pytest.mark.parametrize(
    "name", ["x" * 1024, "\u00e9" * 700, "m\u00fcller@xn--mller-kva.de", "a#b", "\u03a3\u0391\u03a3"]
)
def test_a_user_of_an_unusual_name_is_found(app: Application, name: str) -> None:
    made = app.create(name, externalId=name)

    found = app.users.by_user_name(name.upper())

    assert found is not None
    assert [found] == app.users.by_external_id(name)
    assert found.id == made


def test_who_is_not_there_is_not_found(app: Application) -> None:
    for text in ("", "nobody", "x" * 5000, "\0", "\ud800", "a\u0301" + "\u0301" * 1500):
        assert app.users.by_id(text) is None
        assert app.users.by_user_name(text) is None
        assert app.users.by_email(text) is None
        assert app.users.by_external_id(text) == []


def test_users_who_share_an_external_id_are_all_found(app: Application) -> None:
    made = {app.create(f"shared{number}", externalId="shared") for number in range(3)}
    app.create("other", externalId="SHARED")

    assert {user.id for user in app.users.by_external_id("shared")} == made


def test_a_change_is_seen_at_once(app: Application) -> None:
    mara = app.create("mara", externalId="M-1")

    app.patch(f"/Users/{mara}", {"op": "replace", "path": "active", "value": False})
    found = app.users.by_user_name("mara")
    assert found is not None
    assert (found.active, found.version) == (False, 2)

    app.patch(f"/Users/{mara}", {"op": "replace", "value": {"userName": "maria", "externalId": "M-2"}})
    assert app.users.by_user_name("mara") is None
    assert app.users.by_external_id("M-1") == []
    assert [user.id for user in app.users.by_external_id("M-2")] == [mara]

    app.delete(f"/Users/{mara}")
    assert app.users.by_id(mara) is None
    assert app.users.by_user_name("maria") is None


def test_all_users_come_in_the_order_of_ids_and_from_any_of_them_on(app: Application) -> None:
    here = app.of("many")
    made = sorted(here.create(f"user{number}") for number in range(7))

    assert [user.id for user in here.users.all()] == made
    assert [user.id for user in here.users.all(after=made[3])] == made[4:]


def test_an_account_sees_no_user_of_another(app: Application) -> None:
    ada = app.create("only-here", externalId="only-here")
    other = Users(app.table.table_name, "globex", app.users.client)

    assert other.by_id(ada) is None
    assert other.by_user_name("only-here") is None
    assert other.by_external_id("only-here") == []
    assert list(other.all()) == []


def test_groups_and_members_are_found_from_both_sides(app: Application) -> None:
    here = app.of("teams")
    ada, bob = here.create("ada"), here.create("bob")
    staff, board = here.create_group("Staff", ada, bob), here.create_group("Board", ada)

    assert {group.display_name for group in here.users.groups_of(ada)} == {"Staff", "Board"}
    assert here.users.members_of(staff) == sorted([ada, bob])
    found = here.users.group(board)
    assert found is not None
    assert (found.display_name, found.version) == ("Board", 1)
    assert [group.id for group in here.users.all_groups()] == sorted([staff, board])

    here.delete(f"/Groups/{board}")
    here.delete(f"/Users/{bob}")
    assert [group.id for group in here.users.groups_of(ada)] == [staff]
    assert here.users.groups_of(bob) == []
    assert (here.users.group(board), here.users.members_of(board)) == (None, [])
    assert here.users.members_of(staff) == [ada]
