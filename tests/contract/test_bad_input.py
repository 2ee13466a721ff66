"""Bad input is refused with a 4xx that names it, and nothing is written; never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.people import CORE, ENTERPRISE, PATCH_OP, user
from support.scim_http import ScimClient

HALF_A_SURROGATE = '"\\ud800"'


def raw(**members: str) -> bytes:
    """The text of a user's body whose members are given as JSON text."""
    texts = {"schemas": json.dumps([CORE]), "userName": '"mara"'} | members
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}").encode()


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


# Body, status, what the detail says.
BODIES: dict[str, tuple[Any, int, str]] = {
    "nothing": (b"", 400, "JSON"),
    "not-json": (b"{", 400, "JSON"),
    "text": (b"Hello", 400, "JSON"),
    "form": (b"userName=mara", 400, "JSON"),
    "two-documents": (b"{} {}", 400, "JSON"),
    "array": (b"[]", 400, "object"),
    "string": (b'"mara"', 400, "object"),
    "null": (b"null", 400, "object"),
    "byte-order-mark-of-utf-16": ("{}".encode("utf-16"), 400, "UTF-8"),
    "invalid-utf-8": (b'{"userName": "\xff\xfe"}', 400, "UTF-8"),
    "latin-1": ('{"userName": "caf\u00e9"}'.encode("latin-1"), 400, "UTF-8"),
    "nan": (raw(x="NaN"), 400, "NaN"),
    "infinity": (raw(x="-Infinity"), 400, "Infinity"),
    "member-twice": (raw(x='1, "userName": "b"'), 400, "twice"),
    "half-a-surrogate": (raw(displayName=HALF_A_SURROGATE), 400, "surrogate"),
    "half-a-surrogate-in-a-name": (raw(**{"\\ud800": "1"}), 400, "surrogate"),
    "control-character": (raw(displayName='"a\nb"'), 400, "JSON"),
    "nested-40": (raw(x=nested(40)), 400, "nested"),
    "nested-100000": (raw(x=nested(100_000)), 400, "nested"),
    "huge-integer": (raw(active="9" * 5000), 400, ""),
    "huge-number-for-a-string": (raw(displayName="1e400"), 400, "displayName"),
    "no-userName": ({"schemas": [CORE]}, 400, "userName"),
    "userName-null": (user(userName=None), 400, "userName"),
    "userName-empty": (user(userName=""), 400, "userName"),
    "userName-blank": (user(userName="   "), 400, "userName"),
    "userName-number": (user(userName=5), 400, "userName"),
    "userName-object": (user(userName={"value": "mara"}), 400, "userName"),
    "userName-array": (user(userName=["a", "b"]), 400, "userName"),
    "active-word": (user(active="maybe"), 400, "active"),
    "active-number": (user(active=1), 400, "active"),
    "emails-text": (user(emails=7), 400, "emails"),
    "email-number": (user(emails=[{"value": 7}]), 400, "emails[0].value"),
    "email-without-at": (user(emails=[{"value": "mara"}]), 400, "emails[0].value"),
    "second-email-without-at": (
        user(emails=[{"value": "a@example.com"}, {"value": "example.com"}]),
        400,
        "emails[1].value",
    ),
    "name-text": (user(name="Mara Lind"), 400, "name"),
    "name-part-number": (user(name={"givenName": 5}), 400, "name.givenName"),
    "enterprise-text": (user(**{ENTERPRISE: "x"}), 400, ENTERPRISE),
    "department-number": (user(**{ENTERPRISE: {"department": 5}}), 400, "department"),
    "schemas-number": (user(schemas=5), 400, "schemas"),
    "emails-300": (user(emails=[{"value": f"m{i}@example.com"} for i in range(300)]), 413, "emails"),
    "larger-than-an-item": (user(photos=[{"value": letter * 127_000} for letter in "xyz"]), 413, "350000"),
    "characters-larger-than-an-item": (user(displayName="\u4e2d" * 130_000), 413, ""),
    "a-long-name": (user(userName="x" * 1_025), 400, "userName has more than 1024"),
    "a-long-address": (
        user(emails=[{"value": "x" * 1_014 + "@example.com"}]),
        400,
        "emails[0].value has more than 1024",
    ),
    "a-long-text": (user(title="x" * 4_097), 400, "title has more than 4096"),
    "a-long-photo": (user(photos=[{"value": "x" * 140_001}]), 400, "photos[0].value has more than 140000"),
    "a-run-of-marks-in-a-name": (user(userName="e" + "\u0301\u0316" * 500), 400, "userName has more than 30"),
    "a-run-of-marks-in-a-text": (user(title="e" + "\u0301" * 31), 400, "title has more than 30"),
    "a-run-of-marks-in-an-id": (user(externalId="e" + "\u0f73" * 31), 400, "externalId has more than 30"),
    "many-values": (user(phoneNumbers=[{"value": str(n)} for n in range(501)]), 400, '"phoneNumbers"; at most 500'),
    "many-values-of-nothing": (user(phoneNumbers=[{}] * 90_000), 400, '"phoneNumbers"; at most 500'),
    "many-schemas": (user(schemas=[CORE] * 501), 400, '"schemas"; at most 500'),
    "many-members": (user(**{f"name.MIDDLENAM{n}": "x" for n in range(13_000)}), 400, "500"),
    "many-items": (user(**{f"x{n}": [0] * 490 for n in range(60)}), 413, "25000"),
    "a-role-with-half-a-surrogate": (user(roles=[{"value": '{"value": ' + HALF_A_SURROGATE + "}"}]), 400, "roles"),
    "a-role-that-is-not-a-number": (user(roles=[{"value": '{"value": "x", "display": NaN}'}]), 400, "roles"),
    "a-role-that-says-it-twice": (user(roles=[{"value": '{"value": "x", "value": "y"}'}]), 400, "twice"),
    "1-mb": (user(displayName="x" * 1_000_000), 413, "bytes"),
    "7-mb": (user(displayName="x" * 7_000_000), 413, ""),
    "11-mb": (user(displayName="x" * 11_000_000), 413, ""),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_of_a_create_is_refused(client: ScimClient, name: str) -> None:
    body, status, says = BODIES[name]

    answer = client.post(body)

    assert answer.status == status, answer.text
    assert says in answer.json["detail"]
    assert status != 400 or answer.json["scimType"] in ("invalidSyntax", "invalidValue")
    assert client.all() == []


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_of_a_replace_changes_nothing(client: ScimClient, name: str) -> None:
    body, status, says = BODIES[name]
    created = client.create(user("before"))

    answer = client.put(created["id"], body)

    assert answer.status == status, answer.text
    assert says in answer.json["detail"]
    assert client.get(f"/Users/{created['id']}").json == created


PATCHES: dict[str, tuple[Any, int]] = {
    "nothing": (b"", 400),
    "not-json": (b"[", 400),
    "array": ([], 400),
    "no-operations": ({"schemas": [PATCH_OP]}, 400),
    "operations-text": ({"schemas": [PATCH_OP], "Operations": "replace"}, 400),
    "operation-text": ({"schemas": [PATCH_OP], "Operations": ["replace"]}, 400),
    "operation-null": ({"schemas": [PATCH_OP], "Operations": [None]}, 400),
    "no-op": ({"schemas": [PATCH_OP], "Operations": [{"path": "active", "value": False}]}, 400),
    "unknown-op": ({"schemas": [PATCH_OP], "Operations": [{"op": "move", "path": "active"}]}, 400),
    "op-number": ({"schemas": [PATCH_OP], "Operations": [{"op": 1, "path": "active", "value": False}]}, 400),
    "path-number": ({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": 1, "value": False}]}, 400),
    "path-malformed": ({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "emails[", "value": "x"}]}, 400),
    "remove-without-path": ({"schemas": [PATCH_OP], "Operations": [{"op": "remove"}]}, 400),
    "userName-removed": ({"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "userName"}]}, 400),
    "userName-empty": (
        {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "userName", "value": " "}]},
        400,
    ),
    "email-without-at": (
        {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "emails", "value": [{"value": "x"}]}]},
        400,
    ),
    "wrong-type": ({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "name", "value": "x"}]}, 400),
    "second-of-two": (
        {
            "schemas": [PATCH_OP],
            "Operations": [
                {"op": "replace", "path": "displayName", "value": "changed"},
                {"op": "replace", "path": "active", "value": "maybe"},
            ],
        },
        400,
    ),
    "many-operations": ({"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "title"}] * 1_001}, 400),
    "many-paths-as-names": (
        {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "add", "value": {f'roles[type eq "{n}"].value': "x" for n in range(2_000)}}],
        },
        400,
    ),
    "many-values": (
        {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "add", "path": "roles", "value": [{"value": f"{n}"} for n in range(501)]}],
        },
        400,
    ),
    "a-run-of-marks": (
        {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "title", "value": "e" + "\u0301" * 31}]},
        400,
    ),
    "a-run-of-marks-in-a-path": (
        {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": f'roles[value eq "e{31 * chr(0x301)}"]'}]},
        400,
    ),
    "a-role-with-half-a-surrogate": (
        {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "add", "path": "roles", "value": '{"value": ' + HALF_A_SURROGATE + "}"}],
        },
        400,
    ),
    "surrogate": (f'{{"schemas": ["{PATCH_OP}"], "Operations": {HALF_A_SURROGATE}}}'.encode(), 400),
    "too-large": (
        {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "x" * 900_000}]},
        413,
    ),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_bad_patch_changes_nothing(client: ScimClient, name: str) -> None:
    body, status = PATCHES[name]
    created = client.create(user())

    answer = client.request("PATCH", f"/Users/{created['id']}", body=body)

    assert answer.status == status, answer.text
    assert client.get(f"/Users/{created['id']}").json == created


@pytest.mark.parametrize("text", ["a\0b", "\0", "\x7f", "\u202e", "\ufffe", "\U0010ffff", "\u0130", "e\u0301"])
def test_any_character_that_json_may_hold_comes_back_as_sent_or_is_refused(client: ScimClient, text: str) -> None:
    body = user(userName=f"x{text}", displayName=text, externalId=text)

    answer = client.post(body)

    assert answer.status in (201, 400)
    if answer.status == 201:
        stored = client.get(f"/Users/{answer.json['id']}").json
        assert (stored["userName"], stored["displayName"], stored["externalId"]) == (f"x{text}", text, text)
        assert client.post(body | {"emails": []}).status == 409


@pytest.mark.parametrize(
    "query",
    [
        "filter=",
        "filter=userName",
        "filter=userName+eq",
        "filter=userName+eq+%22x",
        "filter=userName+is+%22x%22",
        "filter=nothing+eq+%22x%22",
        "filter=((((",
        "filter=" + "(" * 3000,
        "filter=not+(" * 500,
        "filter=active+gt+true",
        "filter=%ff%fe",
        "filter=userName+eq+%22e" + "%CC%81" * 31 + "%22",
        "filter=" + "+or+".join(["id+pr"] * 257),
        "filter=userName%00eq%00%22x%22",
    ],
)
def test_a_bad_filter_is_rejected_and_finds_no_user(client: ScimClient, query: str) -> None:
    client.create(user())

    answer = client.get("/Users", query)

    assert answer.status == 400, answer.text
    assert answer.json["scimType"] == "invalidFilter"


@pytest.mark.parametrize("name", ["startIndex", "count"])
@pytest.mark.parametrize("value", ["x", "", "1.5", "1e3", "9" * 5000, "-1", "0", "%00"])
def test_malformed_page_parameters_are_answered_or_refused(client: ScimClient, name: str, value: str) -> None:
    client.create(user())

    answer = client.get("/Users", f"{name}={value}")

    assert answer.status in (200, 400)
    if answer.status == 200:
        assert answer.json["totalResults"] == 1
