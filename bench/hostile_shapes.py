"""Requests that are meant to cost much: what multiplies, what is quadratic somewhere, what is as long as it may be.

Each is built as large as the service takes a body (384,000 bytes, Bulk 1 MiB) or as it takes to reach another bound.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.accounts.account import Mode
from domain.limits import MAX_BODY_BYTES, MAX_BULK_PAYLOAD, MAX_FILTER_CHARACTERS
from domain.messages import BULK_REQUEST_URN
from domain.patch import PATCH_OP_URN
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, USER

Json = dict[str, Any]

SEARCH_URN: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
NOW: Final = "2026-01-02T03:04:05.000Z"
MARKS: Final = "\u0301\u0316"
"""Two marks that normalising exchanges."""
ID: Final = "2819c223-7f76-453a-919d-413861904646"


CROWDED: Final = ("phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")


@dataclass(frozen=True)
class Shape:
    """A request: `users` are those that are there before it; `mode` is the account's."""

    name: str
    method: str
    path: str
    body: Json | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    users: tuple[StoredUser, ...] = ()
    mode: Mode = "tolerant"

    @property
    def content(self) -> bytes:
        """The body as it is sent; text is sent unchanged."""
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


def user(number: int = 0, **attributes: Any) -> StoredUser:
    """A user who is there."""
    user_id = ID if number == 0 else f"{number:08x}-0000-4000-8000-000000000000"
    body = {"schemas": [CORE_URN], "userName": f"user{number}"} | attributes
    return StoredUser.new(user_id, attributes_of(body, USER), NOW)


def filled(build: Callable[[int], Any], most: int = MAX_BODY_BYTES - 2_000) -> list[Any]:
    """As many items as a body holds, each made of its number."""
    items: list[Any] = []
    size = 0
    while True:
        item = build(len(items))
        size += len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()) + 1
        if size > most:
            return items
        items.append(item)


def person(**attributes: Any) -> Json:
    """The body of a POST or PUT."""
    return {"schemas": [CORE_URN], "userName": "mallory@example.com"} | attributes


def patch(*operations: Json) -> Json:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP_URN], "Operations": list(operations)}


def numbers(count: int = 500, **more: Any) -> list[Json]:
    """Different phone numbers."""
    return [{"value": f"n{number}"} | more for number in range(count)]


def terms(count: int, term: str = 'value eq "x"') -> str:
    """A filter of as many comparisons, none of which matches."""
    return " or ".join([term] * count)


def _unlike(number: int) -> str:
    return f'not(value eq "{number}")'


def of_users() -> Iterator[Shape]:
    """POST and PUT."""

    def posted(name: str, mode: Mode = "tolerant", **attributes: Any) -> Shape:
        return Shape(f"POST, {name}", "POST", "/Users", person(**attributes), mode=mode)

    yield posted("userName of combining marks", userName="a" + MARKS * 94_000)
    yield posted("title of marks that its own class hides", title="a" + "\u0f73\u0f72" * 60_000)
    names = ("title", "nickName", "displayName", "userType", "locale", "timezone", "preferredLanguage")
    yield posted("4,096 characters in runs of 30 marks in all texts", **dict.fromkeys(names, ("a" + MARKS * 15) * 132))
    yield posted("as many phone numbers as fit", phoneNumbers=filled(lambda number: {"value": f"n{number}"}))
    yield posted("a list of empty objects", phoneNumbers=[{}] * 126_000)
    yield posted("a list of numbers", roles=[1] * 190_000)
    yield posted("500 values in each attribute", **{
        name: numbers() for name in ("phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")
    })  # fmt: skip
    yield posted("500 values that are wrong in all they have", phoneNumbers=[
        {"value": 1, "display": 2, "type": 3, "primary": 4}
    ] * 500)  # fmt: skip
    yield posted("500 values of 70 unknown members, strict", "strict", phoneNumbers=[
        {f"m{number}": 0 for number in range(70)}
    ] * 500)  # fmt: skip
    yield posted("500 values of 70 unknown members", phoneNumbers=[{f"m{number}": 0 for number in range(70)}] * 500)
    yield posted("500 values, all primary", phoneNumbers=numbers(primary=True))
    yield posted("500 times one value, every other with a type", phoneNumbers=[
        {"value": "a", "display": f"{n}"} | ({"type": f"t{n}"} if n % 2 else {}) for n in range(500)
    ])  # fmt: skip
    yield posted("13,000 spellings of one name", **{
        "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate("name.middlename")): 0
        for number in range(13_000)
    })  # fmt: skip
    yield posted("250 paths as names", **{f'phoneNumbers[type eq "t{number}"].value': "1" for number in range(250)})
    yield posted("500 unknown names, strict", "strict", **{f"unknown{number}": "x" * 700 for number in range(480)})
    yield posted("an unknown name as long as the body, strict", "strict", **{"x" * 380_000: 1})
    yield posted("schemas without end", schemas=[CORE_URN] * 7_000)
    yield posted("500 roles as JSON text, each nested deeply", roles=[
        {"value": '{"value":"x","y":' + "[" * 340 + "]" * 340 + "}"}
    ] * 500)  # fmt: skip
    yield posted("500 roles as JSON text with many members", roles=[
        {"value": json.dumps({f"m{number}": 0 for number in range(45)} | {"value": "x"})}
    ] * 500)  # fmt: skip
    yield posted("40 addresses in domains of 70 labels", emails=[
        {"value": f"a{number}@" + ".".join(f"xn--{number}a{label}-8ta" for label in range(70))} for number in range(40)
    ])  # fmt: skip
    yield posted("500 spellings of one address", emails=[
        {"value": f"a@{'xn--mller-kva.' * 18}de", "display": str(number)} for number in range(500)
    ])  # fmt: skip
    yield posted("nested as deeply as it goes", x=json.loads("[" * 900 + "]" * 900))
    yield posted("photos as long as they may be", photos=[{"value": "x" * 126_000} for _ in range(3)])
    yield Shape("PUT, 500 values in each attribute", "PUT", f"/Users/{ID}", person(**{
        name: numbers() for name in ("phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")
    }), users=(user(phoneNumbers=numbers()),))  # fmt: skip


def of_patches() -> Iterator[Shape]:
    """PATCH, of a user with 500 phone numbers."""
    crowded = (user(phoneNumbers=numbers()),)

    def patched(name: str, *operations: Json, mode: Mode = "tolerant") -> Shape:
        return Shape(f"PATCH, {name}", "PATCH", f"/Users/{ID}", patch(*operations), users=crowded, mode=mode)

    def adding(count: int) -> list[Json]:
        return [{"op": "add", "path": "phoneNumbers", "value": [{"value": f"n{n}"}]} for n in range(count)]

    yield patched("1,000 operations that add existing values", *adding(500), *adding(500))
    yield patched("4,800 operations that add", *adding(4_800))
    yield patched("1,000 operations that change all values", *[
        {"op": "replace", "path": "phoneNumbers.type", "value": f"t{n}"} for n in range(1_000)
    ])  # fmt: skip
    yield patched("1,000 operations that replace 20 values", *[
        {"op": "replace", "path": "phoneNumbers", "value": numbers(20)} for n in range(1_000)
    ])  # fmt: skip
    yield patched("1,000 operations that mark another value as primary", *[
        {"op": "add", "path": f'phoneNumbers[value eq "n{n % 500}"].primary', "value": True} for n in range(1_000)
    ])  # fmt: skip
    yield patched("one operation of 2,000 paths as names", {
        "op": "add", "value": {f'phoneNumbers[type eq "t{n}"].value': "1" for n in range(2_000)}
    })  # fmt: skip
    yield patched("20 operations of 400 paths as names", *[
        {"op": "add", "value": {f'phoneNumbers[type eq "t{n}"].value': "1" for n in range(400)}} for _ in range(20)
    ])  # fmt: skip
    yield patched("170 removals with 180 comparisons each", *filled(
        lambda n: {"op": "remove", "path": f"phoneNumbers[{terms(180)}]"}
    ))  # fmt: skip
    yield patched("removals with 256 comparisons of different values", *filled(
        lambda n: {"op": "remove", "path": f"phoneNumbers[{terms(256, _unlike(n))}]"}
    ))  # fmt: skip
    yield patched("a removal that lists 500 values", {"op": "remove", "path": "phoneNumbers", "value": numbers()})
    yield patched("1,000 removals that list values", *[
        {"op": "remove", "path": "phoneNumbers", "value": numbers(10, type="work")} for _ in range(1_000)
    ])  # fmt: skip
    yield patched("500 removals of a sub-attribute", *[
        {"op": "remove", "path": f'phoneNumbers[value eq "n{n}"].value'} for n in range(500)
    ])  # fmt: skip
    yield patched("1,000 operations on what is not there", *[
        {"op": "add", "path": f'ims[type eq "t{n}"].value', "value": "x"} for n in range(1_000)
    ])  # fmt: skip
    yield patched("values of combining marks", *[
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "a" + MARKS * 900}]} for _ in range(100)
    ])  # fmt: skip
    yield patched("paths of 8,000 characters", *filled(
        lambda n: {"op": "remove", "path": f'phoneNumbers[value eq "{n}{"x" * 7_900}"]'}
    ))  # fmt: skip
    yield patched("paths nested as deeply as they may be", *filled(
        lambda n: {"op": "remove", "path": f"phoneNumbers[{'(' * 31}value eq \"{n}\"{')' * 31}]"}
    )[:1_000])  # fmt: skip
    yield patched("1,000 operations without a path", *filled(
        lambda n: {"op": "replace", "value": {f"NAME.{'gG'[n >> k & 1]}ivenName": "x" for k in range(1)} | {
            "title": str(n), "nickName": "x", "displayName": "y", "userType": "z", "locale": "a", "timezone": "b",
        }}
    )[:1_000])  # fmt: skip


def of_queries() -> Iterator[Shape]:
    """Lists and searches over users who have as much to compare as they may have."""
    crowded = tuple(user(number, phoneNumbers=numbers(), roles=numbers()) for number in range(1, 51))
    marked = tuple(
        user(number, **dict.fromkeys(("title", "nickName", "displayName"), ("ä" + MARKS * 15) * 132))
        for number in range(1, 51)
    )
    plain = tuple(user(number, title="x" * 4_096) for number in range(1, 101))
    growing = tuple(user(number, displayName="\ufdfa" * 4_096) for number in range(1, 301))

    def searched(name: str, users: tuple[StoredUser, ...], **members: Any) -> Shape:
        return Shape(f"search, {name}", "POST", "/Users/.search", {"schemas": [SEARCH_URN]} | members, users=users)

    yield searched("256 comparisons with 500 numbers of 50 users", crowded, filter=terms(256, 'phoneNumbers co "zz"'))
    yield searched("256 comparisons within brackets", crowded, filter=f"phoneNumbers[{terms(256)}]")
    yield searched("256 comparisons with texts of marks", marked, filter=terms(256, 'displayName co "zz"'))
    yield searched("a comparison with texts that NFKC makes 18 times as long", growing, filter='displayName co "zz"')
    encoded = tuple(
        user(number, emails=[
            {"value": f"{n}@" + ".".join(f"xn--{n}{k}{number}-8ta" for k in range(12))} for n in range(40)
        ]) for number in range(1, 301)
    )  # fmt: skip
    yield searched("a comparison with addresses of 12 encoded labels", encoded, filter='emails.value co "zz"')
    yield searched("sorted by texts that NFKC makes 18 times as long", growing, sortBy="displayName")
    yield searched("a part that nearly matches everywhere", plain, filter=terms(8, f'title co "{"x" * 900}y"'))
    yield searched("a filter of marks", plain, filter=f'displayName co "a{MARKS * 4_000}"')
    yield searched("a filter of open brackets", plain, filter="(" * MAX_FILTER_CHARACTERS)
    yield searched("a filter as long as the body", plain, filter="x" * 380_000)
    yield searched("a list of names as long as the body", plain, attributes=["userName"] * 30_000)
    yield searched("sorted by a name as long as the body", plain, sortBy="x." * 190_000)
    yield searched("a cursor as long as the body", plain, cursor="x" * 380_000)
    yield Shape(
        "GET, attributes of 8,000 names", "GET", "/Users", None, {"attributes": "name.givenName," * 8_000}, users=plain
    )
    yield Shape(
        "GET, a look-up of marks", "GET", "/Users", None, {"filter": f'userName eq "a{MARKS * 4_000}"'}, users=plain
    )
    yield Shape(
        "GET, a look-up of encoded marks",
        "GET",
        "/Users",
        None,
        {"filter": f'userName eq "a{"%CC%81%CC%96" * 600}"'},
        users=plain,
    )


def of_bulks() -> Iterator[Shape]:
    """Bulk requests of 200 operations, each as bad as there is room for."""
    crowded = (user(phoneNumbers=numbers()),)
    most = MAX_BULK_PAYLOAD - 4_000

    def bulk(name: str, operations: list[Json], users: tuple[StoredUser, ...] = crowded) -> Shape:
        body = {"schemas": [BULK_REQUEST_URN], "Operations": operations}
        return Shape(f"Bulk, {name}", "POST", "/Bulk", body, users=users)

    def patched(*operations: Json) -> Json:
        return {"method": "PATCH", "path": f"/Users/{ID}", "data": patch(*operations)}

    def posted(number: int, **attributes: Any) -> Json:
        data = person(**({"userName": f"u{number}"} | attributes))
        return {"method": "POST", "path": "/Users", "bulkId": str(number), "data": data}

    yield bulk("PATCHes that change all values", [
        patched(*[{"op": "replace", "path": "phoneNumbers.type", "value": f"{n}{k}"} for k in range(70)])
        for n in range(200)
    ])  # fmt: skip
    yield bulk("PATCHes of as many small operations as it may have", [
        patched(*[{"op": "add", "path": "title", "value": f"{k}"} for k in range(28)]) for n in range(200)
    ])  # fmt: skip
    yield bulk("PATCHes of as many operations on 500 values as it may have", [
        patched(*[{"op": "add", "path": "phoneNumbers", "value": [{"value": f"n{k}"}]} for k in range(19)])
        for n in range(200)
    ])  # fmt: skip
    yield bulk("POSTs of as many values as it may have", [posted(n, phoneNumbers=numbers(55)) for n in range(200)], ())
    yield bulk("PATCHes of small operations", [
        patched(*[{"op": "add", "path": "title", "value": f"{k}"} for k in range(110)]) for n in range(200)
    ])  # fmt: skip
    yield bulk("PATCHes that add to 500 values", [
        patched(*[{"op": "add", "path": "phoneNumbers", "value": [{"value": f"n{k}"}]} for k in range(60)])
        for n in range(200)
    ])  # fmt: skip
    yield bulk("removals with many comparisons", filled(
        lambda n: patched({"op": "remove", "path": f"phoneNumbers[{terms(256)}]"}), most
    )[:200])  # fmt: skip
    yield bulk("POSTs of 300 numbers each", filled(
        lambda n: posted(n, phoneNumbers=numbers(300)), most
    )[:200], ())  # fmt: skip
    yield bulk("POSTs of marks", filled(lambda n: posted(n, userName="a" + MARKS * 1_000), most)[:200], ())
    full = (user(**{name: numbers(display="x", type="y") for name in CROWDED}),)
    yield bulk("PATCHes of a user with 500 values in each attribute", [
        patched({"op": "replace", "path": "title", "value": f"{n}"}) for n in range(200)
    ], full)  # fmt: skip
    marked = (user(photos=[{"value": ("a" + MARKS * 15) * 1_800}, {"value": ("b" + MARKS * 15) * 1_800}]),)
    yield bulk("PATCHes of a user with as many marks as it may have", [
        patched({"op": "replace", "path": "title", "value": f"{n}"}) for n in range(200)
    ], marked)  # fmt: skip
    yield bulk("wrong names, each of which is explained", [
        patched({"op": "replace", "path": f"userNam{n}{'x' * 100}", "value": "x"}) for n in range(200)
    ])  # fmt: skip
    yield bulk("as many references in a circle as it may have", [
        posted(n, roles=[{"value": f"bulkId:{(n + k) % 200}"} for k in range(55)]) for n in range(200)
    ], ())  # fmt: skip
    yield bulk("references in a circle", [
        posted(n, roles=[{"value": f"bulkId:{(n + k) % 200}"} for k in range(150)]) for n in range(200)
    ], ())  # fmt: skip


def shapes() -> list[Shape]:
    """All of them."""
    return [*of_users(), *of_patches(), *of_queries(), *of_bulks()]
