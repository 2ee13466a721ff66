"""Bodies of POST and PUT, filters and look-ups in which identity providers deviate from the RFC."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, ScimError
from domain.filter import parse
from domain.resources import body as resource
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.tolerances import TOLERANCES, Strict, Tolerant

Json = dict[str, Any]


def _without_sets(parameter: object) -> str | None:
    """The name of a test by its parameter; a set has another text in each process."""
    return None if isinstance(parameter, set) else str(parameter)


ADSCIM_URN = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def body(**members: Any) -> Json:
    return {"schemas": [CORE_URN], "userName": "a"} | members


def read_tolerantly(sent: Json) -> tuple[Json, set[str]]:
    reader = Tolerant(USER)
    return resource.attributes_of(reader.resource(sent), USER), reader.noted


@pytest.mark.parametrize(
    ("sent", "kept", "needed"),
    [
        (body(**{ENTERPRISE_URN: {"manager": {"value": "m"}}}), {ENTERPRISE_URN: {"manager": {"value": "m"}}}, set()),
        (body(emails=[{"value": "t@okta.local"}]), {"emails": [{"value": "t@okta.local"}]}, set()),
        (body(active="True"), {"active": True}, {"string-boolean"}),
        (body(active="False"), {"active": False}, {"string-boolean"}),
        (body(favouriteColour="red"), {}, {"unknown-member"}),
        (body(Name={"givenname": "x"}), {"name": {"givenName": "x"}}, set()),
        ({"userName": "a"}, {}, {"missing-core-schema"}),
        ({"userName": "a", "schemas": None}, {}, {"missing-core-schema"}),
        ({"userName": "a", "schemas": CORE_URN}, {}, {"single-value-for-array"}),
        (body(groups=[], password="x", meta={"resourceType": "User"}, roles=[]), {}, set()),
        (body(title=None, emails=None), {}, set()),
        (body(**{ENTERPRISE_URN: {"manager": "m"}}), {ENTERPRISE_URN: {"manager": {"value": "m"}}}, {"bare-value"}),
        (body(id="mine"), {}, set()),
        (body(schemas=[CORE_URN, ADSCIM_URN]), {}, {"unknown-schema"}),
        (body(schemas=[ADSCIM_URN]), {}, {"unknown-schema", "missing-core-schema"}),
        (
            body(emails=[{"value": "a@new.org", "primary": "true"}]),
            {"emails": [{"value": "a@new.org", "primary": True}]},
            {"string-boolean"},
        ),
        (
            body(emails=[{"value": "a@new.org", "primary": "True"}, {"value": "b@new.org", "primary": True}]),
            {"emails": [{"value": "a@new.org", "primary": True}, {"value": "b@new.org", "primary": False}]},
            {"string-boolean", "second-primary"},
        ),
        (body(emails={"value": "a@new.org"}), {"emails": [{"value": "a@new.org"}]}, {"single-value-for-array"}),
        (body(emails=["a@new.org"]), {"emails": [{"value": "a@new.org"}]}, {"bare-value"}),
        (
            body(department=None, manager="m"),
            {ENTERPRISE_URN: {"manager": {"value": "m"}}},
            {"unqualified-attribute", "names-as-paths", "bare-value"},
        ),
        (
            body(department="outside", **{ENTERPRISE_URN: {"department": "inside"}}),
            {ENTERPRISE_URN: {"department": "inside"}},
            {"unqualified-attribute", "names-as-paths"},
        ),
        (
            body(familyName="x", **{f"{CORE_URN}.title": "t", CORE_URN: {"nickName": "n", "name.givenName": "y"}}),
            {"name": {"familyName": "x", "givenName": "y"}, "title": "t", "nickName": "n"},
            {"bare-sub-attribute", "dot-after-urn", "core-urn-container", "names-as-paths"},
        ),
        (
            body(
                emails=[{"value": "h@new.org", "type": "Home"}],
                **{
                    'emails[type eq "work"].value': "w@new.org",
                    'emails[type eq "work"].primary': "True",
                    'emails[type eq "home"].display': "H",
                    'phoneNumbers[type eq "mobile"].value': None,
                    'addresses[type eq "work" and primary eq "True"]': {"Country": "CH"},
                    "roles.value": "reader",
                },
            ),
            {
                "emails": [
                    {"value": "h@new.org", "type": "Home", "display": "H"},
                    {"type": "work", "value": "w@new.org", "primary": True},
                ],
                "addresses": [{"type": "work", "primary": True, "country": "CH"}],
                "roles": [{"value": "reader"}],
            },
            {"names-as-paths", "string-boolean"},
        ),
        (
            body(**{"name.givenName": "x", f"{ENTERPRISE_URN}:manager.value": "m", "name": {"familyName": "y"}}),
            {"name": {"familyName": "y", "givenName": "x"}, ENTERPRISE_URN: {"manager": {"value": "m"}}},
            {"names-as-paths"},
        ),
        (
            body(title="", phoneNumbers=[{"type": "work", "value": ""}, {"value": "1"}]),
            {"phoneNumbers": [{"value": "1"}]},
            {"empty-string"},
        ),
        (body(roles=['{"value":"User"}']), {"roles": [{"value": "User"}]}, {"bare-value", "role-as-json-text"}),
    ],
    ids=_without_sets,
)
def test_a_body_is_read_as_it_is_meant(sent: Json, kept: Json, needed: set[str]) -> None:
    attributes, applied = read_tolerantly(sent)

    del attributes["schemas"]
    assert attributes == {"userName": "a"} | kept
    assert applied == needed


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (body(userName=""), InvalidValue),
        ({"schemas": [CORE_URN]}, InvalidValue),
        (body(active="no"), InvalidValue),
        (body(title=["a", "b"]), InvalidValue),
        (body(USERNAME="b"), InvalidSyntax),
        (body(**{"name.givenName": "x", "NAME.GIVENNAME": "y"}), InvalidSyntax),
        (body(**{"title": "x", CORE_URN: {"title": "y"}}), InvalidSyntax),
        (body(**{'emails[type ne "work"].value': "a@new.org"}), InvalidSyntax),
        (body(**{'emails[type eq "work"]': "a@new.org"}), InvalidSyntax),
        (body(**{'emails[type eq "work"': "a@new.org"}), InvalidPath),
    ],
    ids=str,
)
def test_a_body_without_a_plausible_reading_is_refused(sent: Json, error: type[ScimError]) -> None:
    with pytest.raises(error):
        read_tolerantly(sent)


@pytest.mark.parametrize(
    "sent",
    [
        body(active="True"),
        body(favouriteColour="red"),
        {"userName": "a"},
        body(**{ENTERPRISE_URN: {"manager": "m"}}),
        body(schemas=[CORE_URN, ADSCIM_URN]),
        body(emails={"value": "a@new.org"}),
        body(**{"name.givenName": "x"}),
    ],
    ids=str,
)
def test_a_strict_account_accepts_no_deviation(sent: Json) -> None:
    with pytest.raises(ScimError):
        resource.attributes_of(sent, USER)


def test_a_body_is_not_changed_in_place() -> None:
    sent = body(active="True", emails=[{"value": "a@new.org", "primary": "true", "x": 1}], **{"name.givenName": "x"})
    before = repr(sent)

    read_tolerantly(sent)

    assert repr(sent) == before


@pytest.mark.parametrize("members", [{}, {"emails": None}, {"emails": []}, {"emails": [{"type": "work", "value": ""}]}])
def test_a_put_without_addresses_keeps_the_stored_ones(members: Json) -> None:
    stored = body(emails=[{"value": "mara@example.com", "type": "work"}])
    reader = Tolerant(USER)

    sent = reader.resource(body(**members))
    kept = resource.attributes_of(reader.replacement(sent, stored), USER)

    assert kept["emails"] == stored["emails"]
    assert "put-without-emails" in reader.noted


@pytest.mark.parametrize("members", [{}, {"active": None}])
def test_a_put_without_active_does_not_reactivate_a_user(members: Json) -> None:
    reader = Tolerant(USER)

    sent = reader.resource(body(**members))
    kept = resource.attributes_of(reader.replacement(sent, body(active=False)), USER)

    assert kept["active"] is False
    assert "put-without-active" in reader.noted


def test_a_put_that_says_active_reactivates() -> None:
    kept = Tolerant(USER).replacement(body(active=True), body(active=False))

    assert kept["active"] is True


def test_a_put_with_addresses_replaces_the_stored_ones() -> None:
    stored = body(emails=[{"value": "mara@example.com", "type": "work"}])
    reader = Tolerant(USER)

    kept = reader.replacement(body(emails=[{"value": "berg@example.com"}]), stored)

    assert kept["emails"] == [{"value": "berg@example.com"}]
    assert reader.noted == set()


@pytest.mark.parametrize(
    ("text", "meant", "needed"),
    [
        ("externalId eq rkeller", 'externalId eq "rkeller"', "bare-word"),
        ('manager eq "m1"', f'{ENTERPRISE_URN}:manager eq "m1"', "unqualified-attribute"),
        (f'{ENTERPRISE_URN}.manager.value eq "m1"', f'{ENTERPRISE_URN}:manager.value eq "m1"', "dot-after-urn"),
        (f'{CORE_URN.upper()}.emails[type eq "work"]', 'emails[type eq "work"]', "dot-after-urn"),
        ('active eq "True"', "active eq true", "string-boolean"),
        ('roles[primary eq "False"]', "roles[primary eq false]", "string-boolean"),
    ],
)
def test_a_filter_is_read_as_it_is_meant(text: str, meant: str, needed: str) -> None:
    reader = Tolerant(USER)

    assert reader.filter(text) == parse(meant, USER)
    assert reader.noted == {needed}
    with pytest.raises(InvalidFilter):
        Strict(USER).filter(text)


def test_a_value_that_was_encoded_twice_is_looked_up_again_decoded() -> None:
    reader = Tolerant(USER)

    assert reader.retried_lookup("rosa.keller%40example.com") == "rosa.keller@example.com"
    assert reader.noted == {"twice-encoded-value"}


@pytest.mark.parametrize("value", ["rosa.keller@example.com", "100 %", "50%zz"])
def test_a_value_that_is_not_encoded_is_not_looked_up_again(value: str) -> None:
    assert Tolerant(USER).retried_lookup(value) is None


def test_each_tolerance_has_a_name_of_its_own_a_source_and_something_to_do() -> None:
    names = [tolerance.name for tolerance in TOLERANCES]

    assert len(set(names)) == len(names)
    for tolerance in TOLERANCES:
        hooks = [getattr(tolerance, name) for name in tolerance.__slots__ if name not in ("name", "source")]
        assert tolerance.source
        assert any(hook is not None for hook in hooks)
        assert tolerance.name == tolerance.name.lower().replace("_", "-").replace(" ", "-")
