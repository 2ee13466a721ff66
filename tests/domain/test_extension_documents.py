"""Documents that declare an extension: what each error says, and what /Schemas answers of a declared one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from domain.limits import (
    MAX_CANONICAL_CHARACTERS,
    MAX_CANONICAL_VALUES,
    MAX_DECLARED_ATTRIBUTES,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_EXTENSION_ATTRIBUTES,
    MAX_EXTENSIONS,
    MAX_NAME_CHARACTERS,
    MAX_URN_CHARACTERS,
)
from domain.resources import discovery
from domain.resources.extension_documents import InvalidExtension, extension_of, require_apart
from domain.resources.paths import resolve
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER, user_type
from support.declared import ACME, ACME_SCHEMA, BILLING_SCHEMA, EXAMPLE, declared, document
from support.declared_strategies import DOCUMENTS
from support.examples import examples

BASE = "https://scim.example.com/scim/v2"
CODE = {"name": "costCode"}


def refusal(of: Any) -> str:
    with pytest.raises(InvalidExtension) as refused:
        declared(of)
    return str(refused.value)


def test_the_example_of_the_readme_is_an_extension() -> None:
    assert [each.name for each in ACME_SCHEMA.attributes] == ["costCode", "seats", "plan"]
    assert str(resolve(f"{ACME}:PLAN.tier", user_type((ACME_SCHEMA,)))) == f"{ACME}:plan.tier"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ([], "not a JSON object"),
        ("x", "not a JSON object"),
        (document(CODE, url="x"), '"url"'),
        (document(CODE, schemas=[CORE_URN]), "schemas"),
        ({"name": "Billing", "attributes": [CODE]}, "id"),
        (document(CODE, urn="acme"), "id"),
        (document(CODE, urn="urn:x"), "id"),
        (document(CODE, urn="urn:x:a b"), "id"),
        (document(CODE, urn='urn:x:"]'), "id"),
        (document(CODE, urn="urn:x:ä"), "id"),
        (document(CODE, urn="urn:x:" + "y" * MAX_URN_CHARACTERS), "id"),
        (document(CODE, urn="urn:x:y:Group"), "only users"),
        (document(CODE, name=" "), "name"),
        (document(CODE, description="x" * (MAX_DESCRIPTION_CHARACTERS + 1)), "describes"),
        (document(), "attributes"),
        (document(attributes="x"), "attributes"),
        (document(*({"name": f"a{n}"} for n in range(MAX_EXTENSION_ATTRIBUTES + 1))), "attributes"),
        (document("x"), "attributes[0]"),  # type: ignore[arg-type]
        (document(CODE, {}), "attributes[1]"),
        (document({"name": ""}), "attributes[0]"),
        (document({"name": "2nd"}), "attributes[0]"),
        (document({"name": "$ref"}), "attributes[0]"),
        (document({"name": "cost.code"}), "attributes[0]"),
        (document({"name": "cost:code"}), "attributes[0]"),
        (document({"name": "küche"}), "attributes[0]"),
        (document({"name": "x" * (MAX_NAME_CHARACTERS + 1)}), "attributes[0]"),
        (document({"name": "externalID"}), "every resource"),
        (document({"name": "meta"}), "every resource"),
        (document(CODE, CODE), '"costCode" and "costCode"'),
        (document(CODE, {"name": "COSTCODE"}), '"costCode" and "COSTCODE"'),
        (document(CODE | {"unique": True}), '"unique"'),
        (document(CODE | {"type": "text"}), "type"),
        (document(CODE | {"type": ["string"]}), "type"),
        (document(CODE | {"multiValued": "yes"}), "multiValued"),
        (document(CODE | {"caseExact": 1}), "caseExact"),
        (document(CODE | {"description": 3}), "describes"),
        (document(CODE | {"uniqueness": "server"}), "no index"),
        (document(CODE | {"uniqueness": "none of it"}), "uniqueness"),
        (document(CODE | {"mutability": "writeOnly"}), "secret"),
        (document(CODE | {"returned": "never"}), "secret"),
        (document(CODE | {"mutability": "readOnly"}), "readOnly"),
        (document(CODE | {"mutability": "immutable"}), "immutable"),
        (document(CODE | {"returned": "always"}), "always"),
        (document(CODE | {"required": True}), "required"),
        (document(CODE | {"canonicalValues": "A"}), "canonicalValues"),
        (document(CODE | {"canonicalValues": [1]}), "canonicalValues"),
        (document(CODE | {"canonicalValues": ["x"] * (MAX_CANONICAL_VALUES + 1)}), "canonicalValues"),
        (document(CODE | {"canonicalValues": ["x" * (MAX_CANONICAL_CHARACTERS + 1)]}), "canonicalValues"),
        (document(CODE | {"referenceTypes": ["User"]}), "referenceTypes"),
        (document(CODE | {"subAttributes": [{"name": "a"}]}), "subAttributes"),
        (document(CODE | {"type": "complex"}), "subAttributes"),
        (document(CODE | {"type": "complex", "subAttributes": []}), "subAttributes"),
        (document(CODE | {"type": "complex", "subAttributes": [{"name": "a", "required": True}]}), '"a"'),
        (document(CODE | {"type": "complex", "subAttributes": [{"name": "NOT"}]}), "operator"),
        (
            document(
                CODE | {"type": "complex", "subAttributes": [CODE | {"type": "complex", "subAttributes": [CODE]}]}
            ),
            "within another",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused_with_file_place_and_remedy(of: Any, says: str) -> None:
    message = refusal(of)

    assert message.startswith("schemas/acme.json ")
    assert says in message
    assert message.count(". ") >= 1
    assert message.endswith(".")
    assert len(message) < 700


@pytest.mark.parametrize(
    "text", ["", "{", '{"id": NaN}', '{"id": 1, "id": 2}', "[" * 100_000, '{"name": "\\ud800"}', "null", "true"]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InvalidExtension, match=r"^schemas/acme\.json "):
        extension_of(text, "schemas/acme.json")


@pytest.mark.parametrize(
    "urn",
    [
        CORE_URN,
        ENTERPRISE_URN,
        ENTERPRISE_URN.upper(),
        f"{CORE_URN}:more",
        f"{CORE_URN}.more",
        ACME,
        ACME.lower(),
        ACME[:-5],
    ],
)
def test_a_urn_that_another_schema_has_or_begins_is_refused(urn: str) -> None:
    both = [("schemas/acme.json", ACME_SCHEMA), ("schemas/b.json", declared(document(CODE, urn=urn), "b.json"))]

    with pytest.raises(InvalidExtension, match=r"^schemas/b\.json declares"):
        require_apart(both)


def test_too_many_extensions_and_too_many_attributes_are_refused() -> None:
    many = [declared(document(CODE, urn=f"urn:x:y{n}")) for n in range(MAX_EXTENSIONS + 1)]
    wide = {"type": "complex", "subAttributes": [{"name": f"s{n}"} for n in range(MAX_EXTENSION_ATTRIBUTES)]}
    large = declared(document(*({"name": f"a{n}"} | wide for n in range(MAX_DECLARED_ATTRIBUTES // 100))))

    require_apart([("a", each) for each in many[1:]])
    with pytest.raises(InvalidExtension, match=str(MAX_EXTENSIONS)):
        require_apart([("a", each) for each in many])
    with pytest.raises(InvalidExtension, match=str(MAX_DECLARED_ATTRIBUTES)):
        require_apart([("a", large)])


@settings(max_examples=examples(30, thorough=1000))
@given(DOCUMENTS)
def test_what_is_declared_comes_back_from_schemas(of: dict[str, Any]) -> None:
    schema = declared(of)
    shown = discovery.schema([user_type((schema,))], of["id"], BASE)

    again = extension_of(json.dumps(shown), "again.json")

    assert discovery.schema([user_type((again,))], of["id"], BASE) == shown
    for written, answered in zip(of["attributes"], shown["attributes"], strict=True):
        _is_part_of(written, answered)
        assert resolve(f"{of['id']}:{written['name']}", user_type((schema,))) is not None


def _is_part_of(written: dict[str, Any], answered: dict[str, Any]) -> None:
    for name, value in written.items():
        if name == "subAttributes":
            for one, other in zip(value, answered[name], strict=True):
                _is_part_of(one, other)
        else:
            assert answered.get(name, []) == value


def test_users_without_declared_extensions_are_those_of_always_and_types_are_made_once() -> None:
    assert user_type() is USER
    assert user_type((ACME_SCHEMA, BILLING_SCHEMA)) is user_type((ACME_SCHEMA, BILLING_SCHEMA))
    assert EXAMPLE["id"] not in user_type((BILLING_SCHEMA,)).schema_ids
