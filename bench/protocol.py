"""The SCIM engine compared with scim2-models and scim2-server, on the same inputs in one run.

    make bench      (or: .venv/bin/python bench/protocol.py [--quick] [--json FILE])

Both sides check what they read. The list is answered from memory on both sides: what is compared is the work of
putting an answer together, not a store.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from report import arguments, publish
from scim2_models import EnterpriseUser, PatchOp, ResourceType, ScimFilter, ScimProvider, User
from scim2_server.handler import ScimHandler
from scim2_server.memory import InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from timings import interleaved

from domain import patch
from domain.filter import compile_filter, parse
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources import body as resource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.tolerances import Strict, Tolerant
from support.memory import InMemoryUsers

BASE = "https://scim.example.com/scim/v2"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
FullUser = User[EnterpriseUser]

COMPLEX = (
    'emails[type eq "work" and value co "@example.com"] and (active eq true or not (title pr)) '
    'and meta.lastModified gt "2024-01-01T00:00:00Z"'
)


def body(number: int) -> dict[str, Any]:
    """The body that an identity provider sends for a user."""
    return {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "externalId": f"ext-{number}",
        "userName": f"user{number}@example.com",
        "name": {"givenName": f"Given{number}", "familyName": "Family", "formatted": f"Given{number} Family"},
        "displayName": f"Given{number} Family",
        "title": "Analyst",
        "preferredLanguage": "en-US",
        "active": number % 3 != 0,
        "emails": [{"value": f"user{number}@example.com", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "+41 555 0100", "type": "work"}],
        "addresses": [{"streetAddress": "1 Sample Way", "locality": "Bern", "country": "CH", "type": "work"}],
        ENTERPRISE_URN: {
            "department": "Engineering",
            "employeeNumber": str(number),
            "manager": {"value": "m1", "$ref": "../Users/m1"},
        },
    }


ENTRA_PATCH = {
    "schemas": [PATCH_OP],
    "Operations": [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "Keller-Ito"},
        {"op": "Replace", "path": f"{ENTERPRISE_URN}:department", "value": "Sales"},
        {"op": "Add", "path": "title", "value": "Lead"},
        {"op": "Replace", "path": "displayName", "value": "Rosa Keller-Ito"},
        {"op": "Replace", "path": "active", "value": "False"},
    ],
}


def peer_server(count: int) -> Callable[[], object]:
    """scim2-server with its own in-memory storage, holding the users; answers a list of them."""
    provider = ScimProvider(models=[User, EnterpriseUser], resource_types=[ResourceType.from_resource(FullUser)])
    handler = ScimHandler(ScimService(provider), InMemoryStorage())
    for number in range(count):
        content = json.dumps(body(number)).encode()
        answer = handler.handle(ScimRequest("POST", BASE, "/Users", body=content))
        assert answer.status == 201, answer
    return lambda: handler.handle(ScimRequest("GET", BASE, "/Users", query={"count": str(count)}))


def own_list(count: int) -> Callable[[], object]:
    """The same list from Rollcall's own directory over its in-memory store."""
    store = InMemoryUsers()
    for number in range(count):
        store.create(
            StoredUser.new(
                f"{number:08x}-0000-4000-8000-000000000000",
                resource.attributes_of(body(number), USER),
                "2026-01-01T00:00:00.000Z",
            )
        )
    renderer = Renderer(BASE, Projection.of(USER, None, None), USER)
    directory = Directory(store, renderer, CursorSeal(b"k" * 32, "default", lambda: 0.0), Strict(USER))
    query = Query(count=count)
    return lambda: directory.search(query).text(renderer)


def own_patch(attributes: dict[str, Any]) -> dict[str, Any]:
    reader = Tolerant(USER)
    before = attributes
    for operation in reader.operations(ENTRA_PATCH):
        for expanded in reader.expanded(operation, attributes):
            attributes = patch.apply(attributes, expanded, USER)
    return resource.checked(reader.patched(before, attributes), USER)


def peer_patch(user: Any) -> object:
    # The peer refuses "False" for a boolean without its own leniency, so it is given the RFC's form.
    operations = [
        {
            **operation,
            "op": operation["op"].lower(),
            "value": False if operation["value"] == "False" else operation["value"],
        }
        for operation in ENTRA_PATCH["Operations"]
    ]
    changed = user.model_copy(deep=True)
    PatchOp[FullUser].model_validate({"schemas": [PATCH_OP], "Operations": operations}).patch(changed)
    return changed


def main() -> None:
    options = arguments(__doc__, "protocol.json")
    rounds = 5 if options.quick else 15
    numbers = itertools.count()
    attributes = resource.attributes_of(body(1), USER)
    users = [
        resource.attributes_of(body(number), USER)
        | {"id": str(number), "meta": {"lastModified": "2026-01-01T00:00:00Z"}}
        for number in range(1000)
    ]
    peers = [FullUser.model_validate(user) for user in users]
    own_predicate, peer_filter = compile_filter(parse(COMPLEX, USER)), ScimFilter[FullUser](COMPLEX)
    own_hits, peer_hits = sum(map(own_predicate, users)), sum(map(peer_filter.match, peers))
    assert own_hits == peer_hits, (own_hits, peer_hits)
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "parse a filter": (
            lambda: parse(f'{COMPLEX} and userName ne "{next(numbers)}"', USER),
            lambda: ScimFilter[FullUser](f'{COMPLEX} and userName ne "{next(numbers)}"'),
        ),
        "match it against 1,000 users": (
            lambda: sum(map(own_predicate, users)),
            lambda: sum(map(peer_filter.match, peers)),
        ),
        "validate a create body": (
            lambda: resource.attributes_of(body(1), USER),
            lambda: FullUser.model_validate(body(1)),
        ),
        "apply an Entra patch of 6 operations": (lambda: own_patch(attributes), lambda: peer_patch(peers[1])),
        "answer a list of 100": (own_list(100), peer_server(100)),
    }
    rows = []
    for name, (own, peer) in pairs.items():
        taken = interleaved({"own": own, "peer": peer}, rounds=rounds)
        rows.append([name, taken["own"] * 1e6, taken["peer"] * 1e6, taken["peer"] / taken["own"]])
    columns = ["operation", "Rollcall, µs", "scim2-models / scim2-server, µs", "times faster"]
    publish("SCIM engine compared with its peers", columns, rows, options.json)


if __name__ == "__main__":
    main()
