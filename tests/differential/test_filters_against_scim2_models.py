"""Filters answered by scim2-models, an independent implementation of RFC 7644, and by us: the answers are the same.

Where the two read the RFC differently the generator keeps out of the way; each place says which sentence decides.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter, User
from scim2_models.exceptions import InvalidFilterException

from domain.errors import InvalidFilter
from domain.filter import Filter, Operator, compile_filter, parse
from domain.resources.attributes import Attribute, Type
from domain.resources.paths import AttributePath
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from support.examples import examples
from support.filter_strategies import filters, users

_SUBSTRING: Final = (Operator.CO, Operator.SW, Operator.EW)
_EMAILS: Final = USER.root.sub_attribute("emails")
_MANAGER: Final = (ENTERPRISE_URN, "manager")


def _words(attribute: Attribute, operator: Operator | None) -> st.SearchStrategy[Any]:
    """Values on which both must agree."""
    match attribute.type:
        case Type.BOOLEAN:
            return st.booleans()
        case Type.DATE_TIME:
            return st.sampled_from(("2011-05-13T04:42:34Z", "2011-05-13T06:42:34+02:00", "2011-05-13T04:42:34.5Z"))
        case Type.BINARY:
            return st.sampled_from(("AQID", "BAUG"))
        case Type.REFERENCE if attribute.name == "schemas":
            return st.sampled_from((CORE_URN, ENTERPRISE_URN))
        case Type.REFERENCE:
            # One case only. RFC 7643 section 2.3.7: "A reference is case exact." scim2-models folds its case.
            return st.sampled_from(("https://a.example/x", "https://b.example/x"))
    if _EMAILS is not None and attribute is _EMAILS.sub_attribute("value") and operator not in _SUBSTRING:
        # scim2-models takes addresses of RFC 5321 only. RFC 7643 section 4.1.2: they "SHOULD be specified" so.
        return st.sampled_from(("ann@example.com", "ANN@example.com", "bob@example.com"))
    # Text that is its NFKC, without white space around. RFC 7643 section 2.2 says "case insensitive" and leaves letters
    # beyond ASCII open: both take lower case, and we NFKC before. White space around userName and addresses does not
    # count here, as in the unique indexes: RFC 7643 section 7 leaves uniqueness to the service.
    return st.sampled_from(("a", "A", "b", "ab", "aB c", "É", "é", "Straße", "STRASSE", 'q"\\', "work", "home"))


def _agreed(path: AttributePath, operator: Operator | None, is_null: bool) -> bool:
    """Return True if both read a term alike."""
    names = tuple(step.name for step in path.steps)
    if names == (ENTERPRISE_URN,):
        # scim2-models takes a whole extension for an attribute named "User". RFC 7643 section 3.3: the URN is the
        # name of the attribute that holds the extension.
        return False
    if names == _MANAGER and operator is not None:
        # We compare manager.value, as Entra expects. RFC 7644 section 3.4.2.2 would refuse it: "For complex attributes,
        # a fully qualified sub-attribute MUST be specified". scim2-models accepts it and never matches.
        return False
    # RFC 7644 section 3.4.2.2: "the filter matches if any of the values of the specified attribute match the specified
    # criterion". scim2-models wants all of them for `ne`.
    return not (operator is Operator.NE and any(step.multi_valued for step in path.steps))


def _provisioned(user: dict[str, Any]) -> dict[str, Any]:
    """The user with the `schemas` that belong to it and without groups, which no user here has."""
    schemas = [CORE_URN, ENTERPRISE_URN] if ENTERPRISE_URN in user else [CORE_URN]
    return {name: value for name, value in user.items() if name != "groups"} | {"schemas": schemas}


def _theirs(text: str, user: dict[str, Any]) -> bool:
    model = User[EnterpriseUser]
    return bool(ScimFilter[model](text).match(model.model_validate(user), strict=True))


_MODEST = settings(
    max_examples=examples(100, thorough=500),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@_MODEST
@given(
    filters(_words, _agreed),
    users(_words).map(_provisioned),
)
def test_both_implementations_find_the_same_users(filter_: Filter, user: dict[str, Any]) -> None:
    assert compile_filter(filter_)(user) == _theirs(str(filter_), json.loads(json.dumps(user)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        'userName eq "x" and',
        'userName like "x"',
        "userName eq x",
        "active gt true",
        'active co "t"',
        'active eq "x"',
        'x509Certificates gt "AQID"',
        'emails[value[type eq "work"]]',
        'name[givenName eq "x"]',
        'favouriteColour eq "red"',
        "not userName pr",
        '(userName eq "x"',
        'userName eq "x',
        'userName eq "\\x"',
        "not (" * 40 + "id pr" + ")" * 40,
    ],
)
def test_both_implementations_refuse(text: str) -> None:
    with pytest.raises(InvalidFilterException):
        _theirs(text, {"schemas": [CORE_URN], "userName": "a"})
    with pytest.raises(InvalidFilter):
        parse(text, USER)


@pytest.mark.parametrize(
    "text",
    [
        'userName Eq "x"',
        'not(userName eq "x")',
        'emails[type eq "work"].value eq "a@example.com"',
        'userName  eq\t"x"',
        f'{ENTERPRISE_URN.upper()}:DEPARTMENT eq "x"',
        "nickName eq null",
        'emails[(type eq "work" or primary eq true) and not (display pr)]',
    ],
)
def test_both_implementations_accept(text: str) -> None:
    assert _theirs(text, {"schemas": [CORE_URN], "userName": "a"}) == compile_filter(parse(text, USER))(
        {"schemas": [CORE_URN], "userName": "a"}
    )
