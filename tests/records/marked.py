"""Requests with a mark wherever a client can put text, for every operation and every refusal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from domain.queries.cursor import CursorSeal
from domain.resources.attributes import Attribute, Mutability, Type
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from support.people import UNKNOWN_ID, bulk, patch, search

MARK = "canary7f3a"
"""Letters and digits only, which percent-encoding, case folding and normalisation do not change."""
NAME = "namee5b09c"
"""The mark of the names of attributes that no schema has, which a request's line may name, and nothing else."""
ENCODED = b64encode(MARK.encode()).decode().rstrip("=")

HEADERS = {
    name: f"{MARK} {name}"
    for name in ("User-Agent", "Accept", "Content-Type", "Accept-Language", "From", "Referer", "Cookie", "X-Canary")
} | {"Host": f"{MARK}.example", "X-Forwarded-For": MARK, "X-Forwarded-Proto": MARK, "X-Request-Id": MARK}


@dataclass(frozen=True)
class Attempt:
    """A request; `headers` are added to those that all requests have."""

    method: str
    path: str
    body: object = None
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def value_of(attribute: Attribute) -> Any:
    """A value of the attribute's type with the mark in it."""
    value: Any = {
        Type.STRING: f"{MARK} {attribute.name}",
        Type.BOOLEAN: True,
        Type.REFERENCE: f"https://{MARK}.example/",
        Type.BINARY: b64encode(MARK.encode()).decode(),
        Type.COMPLEX: members_of(attribute),
    }[attribute.type]
    return [value] if attribute.multi_valued else value


def members_of(attribute: Attribute) -> dict[str, Any]:
    """A value for every member that a client may set."""
    return {
        sub.name: value_of(sub)
        for sub in attribute.sub_attributes
        if sub.mutability is not Mutability.READ_ONLY and sub.name != "schemas"
    }


def person(name: str, /, **members: Any) -> dict[str, Any]:
    """A user with the mark in every attribute."""
    address = f"{MARK}.{name}@{MARK}.example"
    return {
        **members_of(USER.root),
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": f"{MARK}.{name}",
        "externalId": f"{MARK}.{name}",
        "emails": [{"value": address, "type": "work", "primary": True, "display": MARK}],
    } | members


def team(name: str, *member_ids: str, **members: Any) -> dict[str, Any]:
    """A group with the mark in every attribute."""
    named = [{**members_of(GROUP.relations["members"].single), "value": each, "type": "User"} for each in member_ids]
    whole = {**members_of(GROUP.root), "schemas": [GROUP_URN], "displayName": f"{MARK}.{name}", "members": named}
    return whole | members


def sorts_of_body() -> Iterator[object]:
    """Bodies that are no resource, or no longer one of the User's when an attribute has a value of another type."""
    yield from (MARK.encode(), f'{{"{MARK}": "{MARK}'.encode(), f'"{MARK}"'.encode(), f'["{MARK}"]'.encode())
    yield from (f'{{"{MARK}": 1, "{MARK}": NaN}}'.encode(), f'{{"{MARK}":1,"{MARK}":2}}'.encode(), b"\xff" * 9)
    yield (f'{{"{MARK}": ' * 40 + "1" + "}" * 40).encode()
    yield (f'{{"{MARK}": "\\ud800{MARK}"}}').encode()
    yield {NAME: MARK}
    yield person("unknown member", **{NAME: MARK, f"{NAME}.{NAME}": MARK, f"{MARK} {MARK}": MARK, f"{MARK}@x.y": 1})
    yield person("key as name", **{f"rck_{MARK}_{MARK}": MARK, f"{NAME}.{'x' * 100}{MARK}": MARK})
    yield person("unknown extension", **{f"urn:{NAME}:2.0:User": {NAME: MARK, f"{MARK} 1": MARK}})
    yield person("unknown schema", schemas=[f"urn:{MARK}"])
    yield person("no schema", schemas=[MARK, {"a": MARK}])
    yield person("large", title=MARK * 40_000)
    yield person("many", emails=[{"value": f"{MARK}{number}@{MARK}.example"} for number in range(60)])
    yield person("two primaries", emails=[{"value": f"{MARK}{n}@x.example", "primary": True} for n in "ab"])
    for attribute in USER.root.sub_attributes:
        for wrong in (MARK, [[MARK]], {NAME: MARK}, [{NAME: MARK, "type": [MARK], "value": {"a": MARK}}]):
            yield person("wrong type", **{attribute.name: wrong})


PATHS = (
    NAME, f"{NAME}.{NAME}", f"urn:{NAME}:x", f"{CORE_URN}:{NAME}", f"{ENTERPRISE_URN}:{NAME}", f"emails[{MARK}",
    f'emails[type eq "{MARK}"]', f'emails[type eq "{MARK}"].value', f'emails[{MARK} eq "{MARK}"].{NAME}',
    f'emails[type eq "{MARK}"].{NAME}', f'{NAME}[a eq "].{MARK}"]', f'{NAME}[a eq "].{MARK}',
    "id", "meta", "groups", "userName", "name.givenName", "password", "active",
    f'{ENTERPRISE_URN}:manager[value eq "{MARK}"]', "schemas", "", None, {"a": MARK},
)  # fmt: skip


def sorts_of_patch() -> Iterator[object]:
    """Every operation on paths of every kind, and bodies that are no PatchOp."""
    for op in ("add", "replace", "remove", MARK):
        for path in PATHS:
            yield patch({"op": op, "path": path, "value": MARK})
            yield patch({"op": op, "path": path, "value": {"value": MARK, NAME: MARK}})
    yield patch({"op": "replace", "value": person("patched", **{NAME: MARK, "id": MARK, "name.givenName": MARK})})
    yield patch({"op": "replace", "value": {"active": MARK}})
    yield patch({"op": "remove", "path": "emails", "value": [{"value": MARK}]})
    yield patch({MARK: MARK})
    yield patch(MARK)
    yield {"schemas": [MARK], "Operations": MARK}
    yield from (MARK.encode(), {MARK: MARK}, {"operations": [{"Op": MARK}]})


FILTERS = (
    f'userName eq "{MARK}"', f'emails.value eq "{MARK}@{MARK}.example"', f'externalId eq "{MARK}"', f'id eq "{MARK}"',
    f'userName sw "{MARK}"', f'title co "{MARK}"', f'{MARK} eq "{MARK}"', f"userName eq {MARK}", f'userName {MARK} "x"',
    f'emails[type eq "{MARK}"', f'active gt "{MARK}"', f'meta.created gt "{MARK}"', f'urn:{MARK}:x eq "{MARK}"',
    f'not (title eq "{MARK}") and {MARK} pr', f'emails[{MARK} pr]', MARK, f'userName eq "{MARK}%40x.example"',
    f'userName eq "{MARK}" and active eq "{MARK}"', f"{'(' * 60}{MARK}",
)  # fmt: skip


def queries() -> Iterator[dict[str, str]]:
    """Parameters of a list or a search, valid and invalid."""
    yield from ({"filter": filter_} for filter_ in FILTERS)
    yield {"sortBy": "title", "sortOrder": "descending", "filter": f'title co "{MARK}"'}
    yield {"sortBy": MARK}
    yield {"sortBy": "title", "sortOrder": MARK}
    yield {"startIndex": MARK}
    yield {"count": MARK}
    yield {"cursor": MARK}
    yield {"cursor": "", "count": "5000", "filter": f'title co "{MARK}"'}
    yield {"attributes": f"userName,{MARK}", "excludedAttributes": MARK}
    yield {"attributes": f"{MARK}.{MARK}[{MARK}"}
    yield {MARK: MARK}


def bulk_operations(user_id: str) -> list[dict[str, object]]:
    """Operations with marks everywhere; some succeed, most fail."""
    taken, ids = person("taken"), (user_id, UNKNOWN_ID, MARK, f"bulkId:{MARK}", f"{MARK}@{MARK}.example")
    return [
        {"method": "POST", "path": "/Users", "bulkId": MARK, "data": person("bulk")},
        {"method": "POST", "path": "/Users", "bulkId": f"{MARK}2", "data": taken},
        {"method": "POST", "path": f"/{MARK}", "bulkId": f"{MARK}3", "data": taken},
        {"method": "POST", "path": "/Users", "bulkId": f"{MARK}4", "data": {"userName": f"bulkId:{MARK}2"}},
        *({"method": "PUT", "path": f"/Users/{each}", "data": {NAME: MARK}, "version": MARK} for each in ids),  # type: ignore[list-item]  # operations differ in their members
        *({"method": "PATCH", "path": f"/Users/{each}", "data": patch({"op": MARK})} for each in ids),  # type: ignore[list-item]  # operations differ in their members
        *({"method": "DELETE", "path": f"/Users/{each}", "version": f'W/"{MARK}"'} for each in ids),  # type: ignore[list-item]  # operations differ in their members
        {"method": "DELETE", "path": f"/Users/{MARK}/{MARK}"},
    ]


def attempts(user_id: str, seal: CursorSeal) -> Iterator[Attempt]:
    """Every operation, valid and invalid in every way; `seal` is an expired one of the account."""
    for body in sorts_of_body():
        yield Attempt("POST", "/Users", body)
        yield Attempt("PUT", f"/Users/{user_id}", body)
    for body in sorts_of_patch():
        yield Attempt("PATCH", f"/Users/{user_id}", body)
    for path_id in (UNKNOWN_ID, MARK, f"{MARK}%40{MARK}.example", f"{MARK}%2F..%2F", quote(f"{MARK}\x00é")):
        yield Attempt("GET", f"/Users/{path_id}", query=f"attributes={MARK}")
        yield Attempt("PUT", f"/Users/{path_id}", person("nobody"))
        yield Attempt("PATCH", f"/Users/{path_id}", patch({"op": "remove", "path": "title"}))
        yield Attempt("DELETE", f"/Users/{path_id}")
        yield Attempt("GET", f"/Schemas/{path_id}")
        yield Attempt("GET", f"/ResourceTypes/{path_id}")
    for header in ("If-Match", "If-None-Match"):
        for version in (MARK, f'W/"{MARK}"', f'"{MARK}", W/"1"', "*"):
            yield Attempt("GET", f"/Users/{user_id}", headers={header: version})
            yield Attempt("PUT", f"/Users/{user_id}", person("taken"), headers={header: version})
            yield Attempt(
                "PATCH", f"/Users/{user_id}", patch({"op": "remove", "path": NAME}), headers={header: version}
            )
            yield Attempt("DELETE", f"/Users/{UNKNOWN_ID}", headers={header: version})
    yield Attempt("DELETE", f"/Users/{user_id}", headers={"If-Match": f'W/"{MARK}"'})
    for query in queries():
        yield Attempt("GET", "/Users", query=urlencode(query))
        yield Attempt("POST", "/Users/.search", search(**query))
        yield Attempt("POST", "/.search", search(**query | {MARK: MARK}))
        yield Attempt("GET", "//Users/", query=urlencode(query))
    expired = {"cursor": seal.seal(MARK, f'title co "{MARK}"\nNone\nFalse'), "filter": f'title co "{MARK}"'}
    yield Attempt("GET", "/Users", query=urlencode(expired))
    for body in ({"schemas": [MARK]}, search(filter=[MARK]), search(attributes={"a": MARK}), MARK.encode()):
        yield Attempt("POST", "/Users/.search", body)
    yield Attempt("POST", "/Bulk", bulk(*bulk_operations(user_id)))
    yield Attempt("POST", "/Bulk", bulk(*bulk_operations(user_id), failOnErrors=2))
    for operation in ({"method": MARK}, {"method": "POST", "path": MARK}, MARK, {"method": "PUT", "path": 5}):
        yield Attempt("POST", "/Bulk", bulk(operation, failOnErrors=MARK))
        yield Attempt("POST", "/Bulk", bulk(operation))
    yield Attempt("POST", "/Bulk", bulk(*[{"method": "DELETE", "path": f"/Users/{MARK}"}] * 201))
    yield Attempt("POST", "/Bulk", f'{{"{MARK}": "{MARK * 120_000}"}}'.encode())
    twice = {"method": "POST", "path": "/Users", "bulkId": MARK, "data": {}}
    yield Attempt("POST", "/Bulk", bulk(twice, twice))
    for path in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes", f"/{MARK}", f"/Groups/{MARK}", f"/Me/{MARK}"):
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            yield Attempt(method, path, {MARK: MARK}, urlencode({"filter": MARK}))
    yield Attempt("PUT", "/Users", {MARK: MARK})
    yield Attempt("POST", f"/Users/{MARK}", {MARK: MARK})


def attempts_on_groups(group_id: str, user_id: str) -> Iterator[Attempt]:
    """Every operation on groups, valid and invalid."""
    path = f"/Groups/{group_id}"
    wrong: list[object] = [
        MARK.encode(),
        {NAME: MARK},
        team("many", *[f"{MARK}{number}" for number in range(10_001)]),
        team("nested", group_id),
        team("unknown", UNKNOWN_ID, MARK),
        team("x", members=MARK),
        team("x", displayName=[MARK]),
        team("x", members=[MARK]),
        team("x", members=[{"value": [MARK]}]),
        team("x", members=[{"value": user_id, "$ref": 5}]),
        team("x", members=[{"value": user_id, NAME: MARK}]),
        team("x", schemas=[MARK]),
        team("x", displayName=f"{MARK}" * 600),
    ]
    for body in [team("taken"), *wrong]:
        yield Attempt("POST", "/Groups", body)
        yield Attempt("PUT", path, body)
        yield Attempt("PUT", f"/Groups/{UNKNOWN_ID}", body)
    values: list[object] = [
        MARK,
        [MARK],
        [{"value": MARK}],
        [{"value": user_id, "display": MARK}],
        {NAME: MARK},
        5,
        None,
    ]
    paths = (
        "members",
        f'members[value eq "{MARK}"]',
        f'members[display eq "{MARK}"]',
        f'members[value eq "{user_id}"].{NAME}',
        f"members.{NAME}",
        "displayName",
        NAME,
        None,
    )
    for op in ("add", "replace", "remove", MARK):
        for target in paths:
            for value in values:
                yield Attempt("PATCH", path, patch({"op": op, "path": target, "value": value}))
    yield Attempt("PATCH", path, patch({"op": "add", "value": {"members": [{"value": MARK}], NAME: MARK}}))
    renamed = patch({"op": "add", "path": "externalId", "value": MARK})
    for path_id in (group_id, UNKNOWN_ID, MARK, user_id):
        for query in ("", f"attributes={MARK}", "attributes=members", "excludedAttributes=members"):
            yield Attempt("GET", f"/Groups/{path_id}", query=query)
        yield Attempt("GET", f"/Groups/{path_id}", headers={"If-None-Match": MARK})
        yield Attempt("PATCH", f"/Groups/{path_id}", renamed, "attributes=id")
    for filter_ in (
        f'displayName eq "{MARK}"',
        f'members.value eq "{MARK}"',
        f'members[{MARK} eq "{MARK}"]',
        f"{MARK} eq 1",
    ):
        yield Attempt("GET", "/Groups", query=urlencode({"filter": filter_}))
        yield Attempt("POST", "/Groups/.search", search(filter=filter_, sortBy=MARK))
        yield Attempt("POST", "/.search", search(filter=filter_))
    yield Attempt("GET", "/Users", query=urlencode({"filter": f'groups.display eq "{MARK}"', "attributes": "groups"}))
    created = {"method": "POST", "path": "/Groups", "bulkId": MARK, "data": team("bulk", user_id)}
    changed = {"method": "PATCH", "path": path, "data": patch({"op": "add", "path": "members", "value": MARK})}
    yield Attempt("POST", "/Bulk", bulk(created, created | {"bulkId": "2"}, changed))
    yield Attempt("DELETE", path, headers={"If-Match": f'W/"{MARK}"'})
    yield Attempt("DELETE", f"/Groups/{MARK}")
