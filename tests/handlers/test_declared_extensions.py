"""Extensions that a deployment declares, through the handlers: served, switched off for an account, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from domain.limits import MAX_COMPARISONS, MAX_VALUES
from domain.resources.attributes import Schema
from support.declared import ACME, ACME_SCHEMA, BILLING_SCHEMA, OTHER, declared, document
from support.in_process import Client, InProcess, in_process
from support.people import CORE, ENTERPRISE, bulk, patch, replacing, search, user

BOTH = (ACME_SCHEMA, BILLING_SCHEMA)


@pytest.fixture(scope="module")
def running() -> Iterator[InProcess]:
    with in_process() as service:
        yield service


@pytest.fixture
def service(running: InProcess) -> InProcess:
    """A service that declares two extensions."""
    declares(running, *BOTH)
    running.table.accounts.clear()
    return running


def declares(service: InProcess, *extensions: Schema) -> None:
    """Serve as a new container of a deployment with these extensions."""
    service.open_again()
    service.change(extensions=extensions)


@pytest.fixture
def acme(service: InProcess) -> Client:
    return service.account("acme", mode="tolerant", extensions=None, groups=False)


def switched(service: InProcess, **settings: Any) -> None:
    service.accounts.configure("acme", **settings)
    declares(service, *service.bound.extensions)


def made(client: Client, name: str = "ada", /, **attributes: Any) -> dict[str, Any]:
    answer = client.call("POST", "/Users", user(name, **attributes))
    assert answer.status == 201, answer.text
    return dict(answer.body)


def extended(name: str = "ada", /, **attributes: Any) -> dict[str, Any]:
    return user(name, schemas=[CORE, ACME], **{ACME: attributes})


def stored(service: InProcess, user_id: str) -> dict[str, Any]:
    found = service.table.accounts["acme"].get(user_id)
    assert found is not None
    return found.attributes


def found(client: Client, filter_: str, **parameters: str) -> list[str]:
    asked = "&".join(f"{name}={quote(text)}" for name, text in {"filter": filter_, **parameters}.items() if text)
    answer = client.call("GET", "/Users", query=asked)
    assert answer.status == 200, answer.text
    return [each["userName"].partition("@")[0] for each in answer.body["Resources"]]


def test_a_user_is_created_replaced_patched_and_read(acme: Client) -> None:
    made_user = made(acme, "ada", schemas=[CORE, ACME], **{ACME: {"costCode": "K-1", "seats": 3}})
    path = f"/Users/{made_user['id']}"

    assert made_user[ACME] == {"costCode": "K-1", "seats": 3}
    assert acme.call("GET", path).body[ACME] == made_user[ACME]
    patched = acme.call("PATCH", path, patch({"op": "add", "path": f"{ACME}:plan.tier", "value": "pro"})).body
    assert patched[ACME] == {"costCode": "K-1", "seats": 3, "plan": {"tier": "pro"}}
    removed = acme.call("PATCH", path, patch({"op": "remove", "path": f"{ACME}:seats"})).body
    assert removed[ACME] == {"costCode": "K-1", "plan": {"tier": "pro"}}
    replaced = acme.call("PUT", path, extended("ada", plan={"until": "2030-01-31T12:00:00Z"})).body
    assert replaced[ACME] == {"plan": {"until": "2030-01-31T12:00:00Z"}}
    gone = acme.call("PUT", path, user("ada")).body
    assert ACME not in gone
    assert gone["schemas"] == [CORE]


def test_values_of_every_kind_are_kept(acme: Client) -> None:
    values = {
        "quota": 1.5,
        "note": "n",
        "tags": ["a", "b"],
        "teams": [{"value": "T", "type": "home", "primary": True, "$ref": "https://example.com/t"}, {"value": "U"}],
    }
    path = f"/Users/{made(acme, 'ada', **{OTHER: values})['id']}"

    shown = acme.call("GET", path, query=f"attributes={OTHER}:note,{OTHER}:quota,{OTHER}:tags,{OTHER}:teams").body
    assert shown[OTHER] == values
    tags = acme.call("PATCH", path, patch({"op": "add", "path": f"{OTHER}:tags", "value": ["c"]})).body[OTHER]["tags"]
    assert tags == ["a", "b", "c"]
    renamed = acme.call("PATCH", path, replacing(f'{OTHER}:teams[type eq "home"].value', "V")).body[OTHER]["teams"]
    assert [each["value"] for each in renamed] == ["V", "U"]


def test_what_is_only_returned_on_request_is_not_in_a_whole_user(acme: Client) -> None:
    user_id = made(acme, "ada", **{OTHER: {"note": "n", "costCode": "c"}})["id"]

    assert acme.call("GET", f"/Users/{user_id}").body[OTHER] == {"costCode": "c"}
    assert acme.call("GET", f"/Users/{user_id}", query=f"attributes={OTHER}:note").body[OTHER] == {"note": "n"}
    [listed] = acme.call("GET", "/Users").body["Resources"]
    assert listed[OTHER] == {"costCode": "c"}


def test_users_are_filtered_and_sorted_by_declared_attributes(acme: Client) -> None:
    for name, code, seats in (("ada", "K-1", 3), ("bo", "k-1", 20), ("cy", "K-2", 100)):
        made(
            acme,
            name,
            **{
                ACME: {
                    "costCode": code,
                    "seats": seats,
                    "plan": {"until": f"20{seats:03}-01-01T00:00:00Z"[:4] + "-01-01T00:00:00Z"},
                }
            },
        )
    made(acme, "dee", **{OTHER: {"costCode": "K-1", "tags": ["x"], "teams": [{"value": "T", "type": "home"}]}})

    assert found(acme, f'{ACME}:costCode eq "K-1"') == ["ada"]  # caseExact
    assert found(acme, f'{ACME.upper()}:COSTCODE eq "K-2"') == ["cy"]
    assert sorted(found(acme, f"{ACME}:seats ge 20")) == ["bo", "cy"]
    assert found(acme, f'{OTHER}:costCode eq "k-1"') == ["dee"]
    assert found(acme, f'{OTHER}:tags eq "X" and {OTHER}:teams[type eq "home" and value eq "T"]') == ["dee"]
    assert found(acme, f"{ACME}:seats pr", sortBy=f"{ACME}:seats", sortOrder="descending") == ["cy", "bo", "ada"]
    assert sorted(found(acme, f"not ({ACME}:seats lt 50)")) == ["cy", "dee"]
    asked = search(filter=f'{ACME}:costCode sw "K"', attributes=[f"{ACME}:seats"])
    resources = acme.call("POST", "/Users/.search", asked).body["Resources"]
    assert sorted(each[ACME]["seats"] for each in resources) == [3, 100]


def test_an_answer_has_the_attributes_that_were_asked_for(acme: Client) -> None:
    user_id = made(acme, "ada", title="T", **{ACME: {"costCode": "K-1", "seats": 3}})["id"]

    def asked(query: str) -> dict[str, Any]:
        return dict(acme.call("GET", f"/Users/{user_id}", query=query).body)

    assert asked(f"attributes={ACME}:costCode") == {"id": user_id, "schemas": [CORE, ACME], ACME: {"costCode": "K-1"}}
    assert asked(f"attributes={ACME}")[ACME] == {"costCode": "K-1", "seats": 3}
    assert asked(f"excludedAttributes={ACME}:costCode")[ACME] == {"seats": 3}
    assert ACME not in asked(f"excludedAttributes={ACME.lower()}")


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"seats": "many"}, f"{ACME}:seats must be an integer"),
        ({"seats": 1.5}, f"{ACME}:seats must be an integer"),
        ({"costCode": 7}, f"{ACME}:costCode must be a string"),
        ({"costCode": "x" * 5_000}, "4096 characters"),
        ({"plan": {"until": "soon"}}, f"{ACME}:plan.until must be a date and time"),
        ({"plan": {"until": "2030-02-31T12:00:00Z"}}, f"{ACME}:plan.until must be a date and time"),
        ({"plan": "pro"}, "plan"),
        ({"seats": 1, "SEATS": 2}, "seats"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_the_attribute(
    acme: Client, attributes: dict[str, Any], says: str
) -> None:
    answer = acme.call("POST", "/Users", extended("ada", **attributes))

    assert answer.status == 400
    assert says in answer.body["detail"]


def test_two_primary_values_are_one_too_many_in_an_extension_too(service: InProcess, acme: Client) -> None:
    teams = [{"value": "T", "primary": True}, {"value": "U", "primary": True}]
    switched(service, mode="strict")

    answer = acme.call("POST", "/Users", user("ada", schemas=[CORE, OTHER], **{OTHER: {"teams": teams}}))

    assert (answer.status, "primary" in answer.body["detail"]) == (400, True)


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "Add", "path": f"{ACME}:costCode", "value": "K-1"}],
        [{"op": "Replace", "path": f"{ACME.lower()}:costcode", "value": "K-1"}],
        [{"op": "replace", "path": ACME, "value": {"costCode": "K-1"}}],
        [{"op": "replace", "value": {f"{ACME}:costCode": "K-1"}}],
        [{"op": "replace", "value": {ACME: {"costCode": "K-1"}}}],
        [{"op": "add", "value": {ACME.upper(): {"COSTCODE": "K-1"}}}],
        [{"op": "Add", "path": f"{ACME}.costCode", "value": "K-1"}],
        [{"op": "Add", "path": "costCode", "value": "K-1"}],
        [{"op": "Add", "path": f"{ACME}:costCode", "value": ["K-1"]}],
        [
            {"op": "Add", "path": f"{ACME}:costCode", "value": "K-1"},
            {"op": "Add", "path": "urn:x:y:User:tag", "value": 1},
        ],
    ],
    ids=lambda operations: str(operations)[:60],
)
def test_the_forms_of_identity_providers_reach_declared_attributes(acme: Client, operations: list[Any]) -> None:
    user_id = made(acme)["id"]

    answer = acme.call("PATCH", f"/Users/{user_id}", patch(*operations))

    assert answer.status == 200, answer.text
    assert answer.body[ACME] == {"costCode": "K-1"}
    assert answer.body["schemas"] == [CORE, ACME]


@pytest.mark.parametrize(
    "body",
    [
        user("ada", **{ACME: {"costCode": "K-1"}}),
        user("ada", **{ACME.upper(): {"COSTCODE": "K-1"}}),
        user("ada", **{f"{ACME}:costCode": "K-1"}),
        user("ada", schemas=[CORE, ACME.lower(), "urn:x:y:User"], **{ACME: {"costCode": "K-1", "nosuch": 1}}),
        user("ada", schemas=[ACME], **{ACME: {"costCode": "K-1", "plan": None, "seats": ""}}),
    ],
)
def test_a_body_may_leave_the_urn_out_of_schemas_and_write_it_in_another_case(
    acme: Client, body: dict[str, Any]
) -> None:
    answer = acme.call("POST", "/Users", body)

    assert answer.status == 201, answer.text
    assert answer.body[ACME] == {"costCode": "K-1"}
    assert sorted(answer.body["schemas"]) == sorted([CORE, ACME])


def test_numbers_and_booleans_as_text_are_read_by_the_type_that_is_declared(acme: Client) -> None:
    written = made(
        acme, "ada", **{ACME: {"seats": "3"}, OTHER: {"quota": "1.5", "teams": [{"value": "T", "primary": "True"}]}}
    )

    assert written[ACME] == {"seats": 3}
    assert written[OTHER] == {"quota": 1.5, "teams": [{"value": "T", "primary": True}]}
    for text in ("03", "3.5", "1e3", " 3", "³"):
        assert acme.call("POST", "/Users", extended("bo", seats=text)).status == 400


def test_a_bulk_request_changes_declared_attributes(acme: Client) -> None:
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": extended("ada", seats=3)}

    [done] = acme.call("POST", "/Bulk", bulk(operation)).body["Operations"]

    assert done["status"] == "201"
    assert found(acme, f"{ACME}:seats eq 3") == ["ada"]


def test_discovery_lists_what_the_account_has(service: InProcess, acme: Client) -> None:
    def listed() -> tuple[list[str], list[str]]:
        schemas = [each["id"] for each in acme.call("GET", "/Schemas").body["Resources"]]
        [of_users] = [each for each in acme.call("GET", "/ResourceTypes").body["Resources"] if each["id"] == "User"]
        return schemas, [each["schema"] for each in of_users["schemaExtensions"]]

    assert listed() == ([CORE, ENTERPRISE, ACME, OTHER], [ENTERPRISE, ACME, OTHER])
    assert [each["name"] for each in acme.call("GET", f"/Schemas/{ACME.lower()}").body["attributes"]] == [
        "costCode",
        "seats",
        "plan",
    ]
    switched(service, extensions=(OTHER.upper(),))
    assert listed() == ([CORE, ENTERPRISE, OTHER], [ENTERPRISE, OTHER])
    assert acme.call("GET", f"/Schemas/{ACME}").status == 404
    switched(service, extensions=())
    assert listed() == ([CORE, ENTERPRISE], [ENTERPRISE])
    assert [each["id"] for each in service.account("beta").call("GET", "/Schemas").body["Resources"]] == [
        CORE,
        ENTERPRISE,
        ACME,
        OTHER,
    ]


def test_a_search_of_everything_names_declared_attributes(service: InProcess, acme: Client) -> None:
    switched(service, groups=True)
    made(acme, "ada", **{ACME: {"costCode": "K-1"}})
    acme.call("POST", "/Groups", {"schemas": [], "displayName": "Guides"})

    answer = acme.call("POST", "/.search", search(filter=f'{ACME}:costCode eq "K-1" or displayName eq "Guides"'))

    assert [each.get(ACME) for each in answer.body["Resources"]] == [{"costCode": "K-1"}, None]
    switched(service, groups=False)


NOT_HAD = [
    ("off", lambda service: switched(service, extensions=(OTHER,))),
    ("undeclared", lambda service: declares(service, BILLING_SCHEMA)),
]


@pytest.mark.parametrize("loses", [each for _, each in NOT_HAD], ids=[name for name, _ in NOT_HAD])
def test_stored_values_of_an_extension_that_the_account_has_no_more_survive_unseen(
    service: InProcess, acme: Client, loses: Any
) -> None:
    values = {"costCode": "K-1", "plan": {"tier": "pro"}}
    user_id = made(acme, "ada", schemas=[CORE, ACME, OTHER], **{ACME: values, OTHER: {"costCode": "O"}})["id"]
    path = f"/Users/{user_id}"

    loses(service)

    def unseen(body: dict[str, Any]) -> bool:
        return ACME not in str(body)

    assert unseen(acme.call("GET", path).body)
    assert unseen(acme.call("GET", path, query="attributes=schemas,userName").body)
    assert unseen(acme.call("GET", "/Users").body)
    assert acme.call("GET", "/Users", query=quote(f'filter={ACME}:costCode eq "K-1"', safe="=")).status == 400
    assert found(acme, f'schemas eq "{ACME}"') == []
    # Nothing of it is taken: not by its path, as a value, nor in a replacement.
    version = acme.call("GET", path).body["meta"]["version"]
    for operation in (
        {"op": "replace", "path": f"{ACME}:costCode", "value": "X"},
        {"op": "remove", "path": ACME},
        {"op": "replace", "value": {ACME: {"costCode": "X"}}},
    ):
        assert acme.call("PATCH", path, patch(operation)).status == 200
    same = user("ada", schemas=[CORE, ACME, OTHER], **{ACME: {"costCode": "X"}, OTHER: {"costCode": "O"}})
    assert acme.call("PUT", path, same).body["meta"]["version"] == version
    assert unseen(acme.call("PATCH", path, replacing("title", "T")).body)
    assert unseen(acme.call("PUT", path, user("ada", title="U")).body)
    assert stored(service, user_id)[ACME] == values

    declares(service, *BOTH)
    switched(service, extensions=None)
    assert acme.call("GET", path).body[ACME] == values
    assert acme.call("GET", path).body["schemas"] == [CORE, ACME]


def test_a_strict_account_refuses_an_extension_that_it_does_not_have(service: InProcess, acme: Client) -> None:
    switched(service, mode="strict", extensions=())

    answer = acme.call("POST", "/Users", extended("ada", costCode="K-1"))

    assert (answer.status, ACME in answer.body["detail"]) == (400, True)
    switched(service, extensions=None)
    assert acme.call("POST", "/Users", extended("ada", costCode="K-1")).status == 201


def test_a_user_whom_a_create_takes_back_or_adopts_keeps_what_is_switched_off(service: InProcess, acme: Client) -> None:
    back = made(acme, "ada", **{ACME: {"costCode": "K-1"}})["id"]
    acme.call("PATCH", f"/Users/{back}", replacing("active", False))
    adopted = service.brings_in("acme", user("bo"))
    # As `rollcall users set` leaves it, which may name extensions that are off for the account.
    switched(service, extensions=None)
    acme.call("PATCH", f"/Users/{adopted}", replacing(f"{ACME}:costCode", "K-2"))

    switched(service, extensions=(), match_existing_by_email=True)
    assert acme.call("POST", "/Users", user("ada")).body["id"] == back
    changed = acme.call("PATCH", f"/Users/{adopted}", patch({"op": "add", "value": {"externalId": "e1"}}))

    assert changed.status == 200, changed.text
    assert stored(service, back)[ACME] == {"costCode": "K-1"}
    assert stored(service, adopted)[ACME] == {"costCode": "K-2"}
    switched(service, match_existing_by_email=False)


def test_an_adopted_user_keeps_attributes_of_an_extension_that_the_create_does_not_send(
    service: InProcess, acme: Client
) -> None:
    adopted = service.brings_in("acme", user("bo", **{ENTERPRISE: {"costCenter": "C"}}))
    acme.call("PATCH", f"/Users/{adopted}", replacing(f"{ACME}:costCode", "K-2"))
    switched(service, match_existing_by_email=True)

    body = acme.call("POST", "/Users", user("bo", **{ACME: {"seats": 3}, ENTERPRISE: {"division": "D"}})).body

    assert body["id"] == adopted
    assert (body[ACME], body[ENTERPRISE]) == ({"costCode": "K-2", "seats": 3}, {"costCenter": "C", "division": "D"})
    switched(service, match_existing_by_email=False)


@pytest.mark.parametrize(
    "later",
    [
        document({"name": "seats", "type": "integer"}, urn=ACME),  # an attribute fewer
        document({"name": "costCode", "type": "integer"}, {"name": "seats", "type": "integer"}, urn=ACME),
        document({"name": "costcode"}, {"name": "seats", "type": "integer"}, urn=ACME),  # in another case
        document({"name": "costCode", "multiValued": True}, {"name": "seats", "type": "integer"}, urn=ACME),
        document(
            {"name": "costCode", "type": "complex", "subAttributes": [{"name": "value"}]},
            {"name": "seats", "type": "integer"},
            urn=ACME,
        ),
    ],
    ids=["gone", "type", "case", "many", "complex"],
)
def test_values_that_do_not_fit_a_changed_declaration_block_nothing_and_survive(
    service: InProcess, acme: Client, later: dict[str, Any]
) -> None:
    path = f"/Users/{(one := made(acme, 'ada', **{ACME: {'costCode': 'K-1', 'seats': 3}}))['id']}"

    declares(service, declared(later))

    assert acme.call("GET", path).body[ACME] == {"seats": 3}
    assert acme.call("PATCH", path, replacing("title", "T")).body[ACME] == {"seats": 3}
    assert acme.call("PATCH", path, replacing(f"{ACME}:seats", 4)).body[ACME] == {"seats": 4}
    assert acme.call("PUT", path, extended("ada", seats=5)).body[ACME] == {"seats": 5}
    assert acme.call("PUT", path, user("ada")).status == 200
    assert stored(service, one["id"])[ACME] == {"costCode": "K-1"}
    declares(service, *BOTH)
    assert acme.call("GET", path).body[ACME] == {"costCode": "K-1"}


def test_a_value_of_the_new_type_takes_the_place_of_one_that_does_not_fit(service: InProcess, acme: Client) -> None:
    user_id = made(acme, "ada", **{ACME: {"costCode": "7", "seats": 3}})["id"]
    declares(service, declared(document({"name": "costCode", "type": "integer"}, urn=ACME)))

    answer = acme.call("PATCH", f"/Users/{user_id}", replacing(f"{ACME}:costCode", 7))

    assert answer.body[ACME] == {"costCode": 7}
    assert stored(service, user_id)[ACME] == {"costCode": 7, "seats": 3}


def test_numbers_out_of_bounds_are_refused_and_never_an_error_of_the_service(service: InProcess, acme: Client) -> None:
    numbers = declared(document({"name": "seats", "type": "integer"}, {"name": "quota", "type": "decimal"}))
    declares(service, numbers)
    ada = f"/Users/{made(acme, 'ada', **{OTHER: {'seats': -(2**63), 'quota': 1.5}})['id']}"

    for name, written in (("seats", str(2**63)), ("seats", "1" + "0" * 400), ("quota", "1e400"), ("quota", "-1e400")):
        body = json.dumps(patch({"op": "replace", "path": f"{OTHER}:{name}", "value": "here"})).replace(
            '"here"', written
        )
        refused = acme.call("PATCH", ada, body.encode())
        assert (refused.status, refused.body["scimType"]) == (400, "invalidValue"), refused.text
        assert f"{name} must be a" in refused.body["detail"]
        whole = json.dumps(user("eve", **{OTHER: {name: "here"}})).replace('"here"', written)
        assert acme.call("POST", "/Users", whole.encode()).status == 400
    assert found(acme, f"{OTHER}:seats lt 1{'0' * 400}") == ["ada"]
    assert found(acme, f"{OTHER}:quota gt 1{'0' * 400}") == []


def test_arrays_within_values_are_patched_as_they_are_created(service: InProcess, acme: Client) -> None:
    teams = {"name": "teams", "type": "complex", "multiValued": True}
    subs = [{"name": "value"}, {"name": "tags", "multiValued": True}]
    declares(service, declared(document(teams | {"subAttributes": subs})))
    ada = f"/Users/{made(acme, 'ada', **{OTHER: {'teams': [{'value': 'a', 'tags': ['x', 'y']}]}})['id']}"

    def after(*operations: dict[str, Any]) -> Any:
        answer = acme.call("PATCH", ada, patch(*operations))
        assert answer.status == 200, answer.text
        return answer.body[OTHER]["teams"]

    kept = {"value": "a", "tags": ["x", "y"]}
    path = f"{OTHER}:teams"
    assert after({"op": "add", "path": path, "value": [{"value": "A", "tags": ["Y", "x"]}]}) == [kept]
    assert after({"op": "add", "path": path, "value": [{"value": "b", "tags": ["z"]}]}) == [
        kept,
        {"value": "b", "tags": ["z"]},
    ]
    assert after({"op": "add", "path": path, "value": [{"value": "c", "tags": [], "x": 1}]})[2:] == [{"value": "c"}]
    changed = {"value": "c", "tags": ["p", "q"]}
    assert after({"op": "replace", "path": f'{path}[value eq "c"]', "value": changed})[2:] == [changed]
    assert after({"op": "replace", "path": path, "value": [kept]}) == [kept]
    refused = acme.call("PATCH", ada, patch({"op": "replace", "path": path, "value": [{"tags": [{"a": 1}]}]}))
    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize("urn", ["URN:Example:plans:User", "Urn:example:Plans"])
def test_a_urn_in_capitals_is_switched_off_like_any_other(service: InProcess, acme: Client, urn: str) -> None:
    plans = declared(document({"name": "plan"}, urn=urn))
    declares(service, plans)
    ada = made(acme, "ada", **{urn: {"plan": "gold"}})
    assert ada[plans.id] == {"plan": "gold"}

    switched(service, extensions=())
    assert "gold" not in acme.call("GET", f"/Users/{ada['id']}").text
    assert "gold" not in acme.call("GET", "/Users").text
    switched(service, extensions=None)
    assert found(acme, f'{urn}:plan eq "gold"') == ["ada"]


def test_a_number_that_equals_a_former_boolean_takes_its_place(service: InProcess, acme: Client) -> None:
    declares(service, declared(document({"name": "flag", "type": "boolean"})))
    ada = f"/Users/{made(acme, 'ada', **{OTHER: {'flag': True}})['id']}"
    declares(service, declared(document({"name": "flag", "type": "integer"})))

    assert acme.call("PATCH", ada, patch({"op": "add", "path": f"{OTHER}:flag", "value": 1})).status == 200
    assert acme.call("GET", ada).body[OTHER] == {"flag": 1}


def test_without_declared_extensions_everything_is_as_it_was(service: InProcess, acme: Client) -> None:
    declares(service)

    body = extended("ada", costCode="K-1")
    assert acme.call("POST", "/Users", body).body["schemas"] == [CORE]
    assert [each["id"] for each in acme.call("GET", "/Schemas").body["Resources"]] == [CORE, ENTERPRISE]
    switched(service, mode="strict")
    assert acme.call("POST", "/Users", body).status == 400


def test_the_work_of_a_patch_of_many_values_of_an_extension_is_bounded(acme: Client) -> None:
    teams = [{"value": f"T{number}"} for number in range(MAX_VALUES)]
    path = f"/Users/{made(acme, 'ada', **{OTHER: {'teams': teams}})['id']}"
    at_once = [
        {"op": "replace", "path": f'{OTHER}:teams[value eq "T{number % MAX_VALUES}"].type', "value": "home"}
        for number in range(1 + MAX_COMPARISONS // MAX_VALUES)
    ]

    answer = acme.call("PATCH", path, patch(*at_once))

    assert (answer.status, answer.body.get("scimType")) == (400, "tooMany")
    assert acme.call("PATCH", path, patch(*at_once[:3])).status == 200


NEIGHBOURS = [
    ("urn:x:a", "urn:x:ab:User"),
    ("urn:example:acme:User", "urn:example:acme:UserPlan"),
    ("urn:ietf:params:scim:schemas:extension:acme:2.0:User", "urn:ietf:params:scim:schemas:extension:acme:2.0:Users"),
    ("urn:x:a", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:UserPlan"),
    ("urn:x:a", "urn:ietf:params:scim:schemas:extension:enterprise:2.1:User"),
]
"""The URNs of an extension that is on, and of one that is off and begins or looks like one that is on."""
OF_NEIGHBOURS = [{"name": name} for name in ("tag", "title", "active", "status", "costCenter")] + [
    {"name": "teams", "type": "complex", "multiValued": True, "subAttributes": [{"name": "value"}]}
]


@pytest.mark.parametrize(("on", "off"), NEIGHBOURS)
def test_whatever_is_sent_of_an_extension_that_is_off_is_left_out(
    service: InProcess, acme: Client, on: str, off: str
) -> None:
    declares(service, *(declared(document(*OF_NEIGHBOURS, urn=urn)) for urn in (on, off)))
    switched(service, extensions=(on,))
    ada = made(acme, "ada", title="T", **{on: {"tag": "kept"}})
    path = f"/Users/{ada['id']}"

    names = [each["name"] for each in OF_NEIGHBOURS]
    operations: list[dict[str, Any]] = [{"op": "replace", "path": f"{off}:{name}", "value": "x"} for name in names]
    operations += [{"op": "replace", "path": f"{off.upper()}.{name}", "value": "x"} for name in names]
    operations += [{"op": "add", "value": {f"{off}:{name}": False}} for name in names]
    operations += [{"op": "replace", "value": {off: {name: False}}} for name in names]
    operations += [
        {"op": "remove", "path": f"{off}:active"},
        {"op": "replace", "path": f'{off}:teams[value eq "x"].value', "value": "y"},
        {"op": "replace", "path": f'{off}:active[value eq "x"]', "value": "y"},
        {"op": "replace", "path": off, "value": {"active": False}},
    ]
    for operation in operations:
        answer = acme.call("PATCH", path, patch(operation))
        assert (answer.status, answer.body) == (200, ada), (operation, answer.text)
    for left_out in ({off: {"active": False, "status": "x"}}, {f"{off}:active": False}):
        silent = {name: value for name, value in ada.items() if name != "active"}
        assert acme.call("PUT", path, silent | left_out).body == ada
        assert acme.call("PUT", path, ada | left_out).body == ada

    for asked in (f'{off}:tag eq "x"', f"{off}:active pr", f'{off}:teams[value eq "x"]'):
        assert acme.call("GET", "/Users", query=f"filter={quote(asked)}").body["scimType"] == "invalidFilter"
    assert acme.call("GET", path, query=f"attributes={off}:tag,title").body.keys() == {"id", "schemas", "title"}
    assert acme.call("GET", path, query=f"excludedAttributes={off}:tag").body == ada
    assert found(acme, f'{on}:tag eq "kept"', sortBy=f"{on}:tag") == ["ada"]


@pytest.mark.parametrize("name", ["title", "active", "costCenter"])
def test_a_mistyped_urn_stays_an_error_while_an_extension_is_off(service: InProcess, acme: Client, name: str) -> None:
    switched(service, extensions=())
    path = f"/Users/{made(acme)['id']}"

    for urn in (f"{CORE}s", f"{ENTERPRISE}s", "urn:ietf:params:scim:schemas:core:2.0"):
        answer = acme.call("PATCH", path, patch({"op": "replace", "path": f"{urn}:{name}", "value": "x"}))
        assert (answer.status, answer.body.get("scimType")) == (400, "invalidPath"), urn
