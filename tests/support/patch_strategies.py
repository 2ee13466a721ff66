"""Hypothesis strategies: users with canonical attributes, and PATCH operations on them, well-formed and not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN

Json = dict[str, Any]

WORDS = st.sampled_from(["a", "B", "work", "home", "Ärger", "x y", '"', "true"])
ADDRESSES = st.sampled_from(["a@example.com", "b@example.com", "c@example.org", "D@example.org"])
TYPES = st.sampled_from(["work", "home", "other"])

EMAIL = st.fixed_dictionaries({"value": ADDRESSES}, optional={"type": TYPES, "display": WORDS})
PHONE = st.fixed_dictionaries({"value": st.sampled_from(["1", "2", "3"])}, optional={"type": TYPES})
PRIMARY = st.fixed_dictionaries({"value": ADDRESSES, "primary": st.just(True)}, optional={"type": TYPES})
ADDRESS = st.fixed_dictionaries({"type": TYPES, "locality": WORDS}, optional={"country": WORDS})
NAME = st.fixed_dictionaries({}, optional={"givenName": WORDS, "familyName": WORDS, "formatted": WORDS})
MANAGER = st.fixed_dictionaries({"value": WORDS})
ENTERPRISE = st.fixed_dictionaries({}, optional={"department": WORDS, "costCenter": WORDS, "manager": MANAGER})


def _distinct(element: st.SearchStrategy[Json], **kwargs: Any) -> st.SearchStrategy[list[Json]]:
    return st.lists(
        element,
        unique_by=lambda value: f"{value.get('value', sorted(value.items()))} {value.get('type')}".lower(),
        **kwargs,
    )


def _is_of(item: Json, other: Json) -> bool:
    """Return True if two values have the same value and type, which no user has twice."""
    return item["value"] == other["value"] and item.get("type") == other.get("type")


def _assigned(user: Json) -> Json:
    return {name: value for name, value in user.items() if value not in ({}, [])}


USERS = st.fixed_dictionaries(
    {"schemas": st.just([CORE_URN, ENTERPRISE_URN]), "userName": ADDRESSES},
    optional={
        "title": WORDS,
        "active": st.booleans(),
        "name": NAME,
        "emails": st.tuples(_distinct(PRIMARY, max_size=1), _distinct(EMAIL, max_size=3)).map(
            lambda two: two[0] + [item for item in two[1] if not any(_is_of(item, one) for one in two[0])]
        ),
        "phoneNumbers": _distinct(PHONE, max_size=3),
        "addresses": _distinct(ADDRESS, max_size=2),
        ENTERPRISE_URN: ENTERPRISE,
    },
).map(_assigned)

_FILTERS = st.one_of(
    TYPES.map(lambda word: f'type eq "{word}"'),
    ADDRESSES.map(lambda word: f'value eq "{word}"'),
    st.just("value pr"),
    st.just('type eq "work" and value co "example.com"'),
    st.just('not (type eq "home")'),
)
_SIMPLE = st.sampled_from(
    ["title", "nickName", "NAME.givenName", "name.familyName", f"{ENTERPRISE_URN}:department", f"{CORE_URN}:title"]
)
_FILTERED = _FILTERS.map(lambda inside: f"emails[{inside}]")


def _operation(op: str, path: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"op": st.just(op), "path": path, "value": value})


_PLAIN_VALUES = (
    (_SIMPLE, WORDS),
    (st.just("active"), st.booleans()),
    (st.just("name"), NAME.filter(bool)),
    (st.just(f"{ENTERPRISE_URN}:manager"), MANAGER),
    (st.just(ENTERPRISE_URN), ENTERPRISE.filter(bool)),
    (st.just("emails"), _distinct(EMAIL, min_size=1, max_size=2)),
    (st.just("emails"), _distinct(PRIMARY, min_size=1, max_size=1)),
    (st.just("phoneNumbers"), _distinct(PHONE, min_size=1, max_size=2)),
    (_FILTERED, EMAIL),
    (_FILTERED.map(lambda path: path + ".display"), WORDS),
)
REPLACEMENTS = st.one_of(*(_operation("replace", path, value) for path, value in _PLAIN_VALUES))
ADDITIONS = st.one_of(*(_operation("add", path, value) for path, value in _PLAIN_VALUES))
REMOVALS = st.one_of(
    _SIMPLE,
    st.sampled_from(["name", "emails", "phoneNumbers", ENTERPRISE_URN, f"{ENTERPRISE_URN}:manager"]),
    _FILTERED,
    _FILTERED.map(lambda path: path + ".type"),
).map(lambda path: {"op": "remove", "path": path})
WITHOUT_PATH = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "replace"]),
        "value": st.fixed_dictionaries(
            {},
            optional={
                "title": WORDS,
                "name": NAME.filter(bool),
                "emails": _distinct(EMAIL, min_size=1, max_size=2),
                ENTERPRISE_URN: ENTERPRISE.filter(bool),
            },
        ).filter(bool),
    }
)
OPERATIONS = st.one_of(REPLACEMENTS, ADDITIONS, REMOVALS, WITHOUT_PATH)

_ANY_VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 2), WORDS, st.just(""), ADDRESSES, st.just('{"value":"a"}')),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(
                [
                    "value",
                    "VALUE",
                    "type",
                    "primary",
                    "emails",
                    "name",
                    "name.givenName",
                    "manager",
                    "id",
                    "$ref",
                    "x",
                    ENTERPRISE_URN,
                    f"{ENTERPRISE_URN}:manager",
                    'emails[type eq "work"].value',
                    "schemas",
                    "active",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
_ANY_PATH = st.one_of(
    _SIMPLE,
    _FILTERED,
    _FILTERED.map(lambda path: path + ".value"),
    st.sampled_from(
        [
            "id",
            "meta",
            "groups",
            "schemas",
            "password",
            "userName",
            "emails.primary",
            "manager",
            ENTERPRISE_URN,
            "x",
            f"{ENTERPRISE_URN}:manager.value",
            'roles[primary eq "True"].value',
            "emails[",
            "",
            "urn:x:y",
            "roles",
            "active",
        ]
    ),
    st.sampled_from([f"{ENTERPRISE_URN}:manager.value", 'roles[primary eq "True"].value', 'emails[x eq "y"].value']),
    st.text(max_size=5),
)
ANY_OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove"])},
    optional={"path": _ANY_PATH, "value": _ANY_VALUE},
)
"""Operations of which most cannot be carried out."""
