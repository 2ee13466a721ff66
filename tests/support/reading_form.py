"""The items that an application may rely on (docs/use-it.md), as today's release writes them.

`python -m support.reading_form` records them in tests/examples/recorded, under the number of the stored form. A
recording is never made again: a form with another number gets its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from domain.resources.stored_resource import SCHEMA_VERSION
from reading import Users, addresses
from support.application import Application, application
from support.repository import ROOT
from support.samples import Patience
from support.served import PatientTable

RECORDED: Final = ROOT / "tests" / "examples" / "recorded"
PAGE: Final = ROOT / "docs" / "use-it.md"
ACCOUNT: Final = "acme"

_ROW: Final = re.compile(r"^\| `<account>#([A-Z]+)` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
_ATTRIBUTE: Final = re.compile(r"`(\w+)` \((S|N|BOOL)(, optional)?\)")

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Attribute:
    """An attribute that the page promises: its name, its type, and whether an item may lack it."""

    name: str
    type: str
    optional: bool


def promised() -> dict[str, list[Attribute]]:
    """Return by collection the attributes that the page promises."""
    return {
        collection: [Attribute(name, kind, bool(optional)) for name, kind, optional in _ATTRIBUTE.findall(attributes)]
        for collection, attributes in _ROW.findall(PAGE.read_text(encoding="utf-8"))
    }


def collection_of(item: Item) -> str:
    """The collection of an item, without its account."""
    return str(item["pk"]["S"]).partition("#")[2]


def fill(app: Application) -> None:
    """Let an identity provider make users and groups of every kind, one of them with half of a large change done."""
    ada = app.create(
        "Ada@Example.com",
        externalId="E-1",
        displayName="Ada Lovelace",
        emails=[{"value": "ada@home.example", "type": "home"}, {"value": "Ada@Example.com", "primary": True}],
    )
    inactive = app.create("grace", externalId="E-1", active=False)
    app.patch(f"/Users/{inactive}", {"op": "replace", "path": "title", "value": "Admiral"})
    back = app.create("back", active=False)
    app.patch(f"/Users/{back}", {"op": "replace", "path": "active", "value": True})
    app.create("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2@m\u00fcller.example", externalId="\u00c9\u00df#1")
    app.create("x" * 1000, externalId="y" * 1000, emails=[{"value": "z" * 1000 + "@example.com"}])
    app.delete(f"/Users/{app.create('gone')}")

    app.create_group("Staff", ada, inactive, externalId="G-1")
    app.create_group("B\u00f6\u00f6rd")
    app.delete(f"/Groups/{app.create_group('Gone', ada)}")
    crowd = [app.create(f"user{number}") for number in range(8)]
    shrinking = app.create_group("Shrinking", ada, *crowd)
    with large_change_stalls(app):
        app.create_group("Growing", *crowd)
    with large_change_stalls(app):
        removed = [{"value": each} for each in crowd[1:]]
        app.patch(f"/Groups/{shrinking}", {"op": "remove", "path": "members", "value": removed})


def view(users: Users) -> dict[str, Any]:
    """Return what an application sees of `fill`, without ids and times, which differ each time."""
    names = {user.id: user.user_name for user in users.all()}
    groups = list(users.all_groups())
    return {
        "users": {
            user.user_name: {
                "version": user.version,
                "active": user.active,
                "document": user.document,
                "addresses": addresses(user),
                "groups": sorted(group.display_name for group in users.groups_of(user.id)),
            }
            for user in users.all()
        },
        "groups": {
            group.display_name: {
                "version": group.version,
                "document": group.document,
                "members": sorted(names[each] for each in users.members_of(group.id)),
            }
            for group in groups
        },
    }


@contextmanager
def large_change_stalls(app: Application) -> Iterator[None]:
    """Let a change of a few members need more than two transactions, of which only two succeed."""
    patience, stalled = Patience(), _Stalled(app.table.client)
    table = replace(app.table, client=stalled, sleep=patience.spend, max_actions=12)  # type: ignore[arg-type]  # a client by its calls
    app.service.use(PatientTable(table, patience))
    yield
    app.service.use(PatientTable(app.table, Patience()))


@dataclass
class _Stalled:
    """A client with which two transactions succeed: the one that decides the change, and its first part."""

    client: Any
    done: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        if self.done == 2:
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "TransactWriteItems")
        self.done += 1
        return self.client.transact_write_items(**parameters)


def items_of(app: Application) -> list[Item]:
    """Return the items of the promised collections that `fill` left, in the order of their keys."""
    pages = app.table.client.get_paginator("scan").paginate(TableName=app.table.table_name)
    items: list[Any] = [item for page in pages for item in page["Items"]]
    kept = [item for item in items if item["pk"]["S"].startswith(f"{ACCOUNT}#") and collection_of(item) in promised()]
    return sorted(kept, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def written_today() -> list[Item]:
    """Return the items that today's release writes."""
    with application(ACCOUNT) as app:
        fill(app)
        return items_of(app)


if __name__ == "__main__":
    path = RECORDED / f"{SCHEMA_VERSION}.json"
    if path.exists():
        raise SystemExit(f"{path} is there: a recording is never made again")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(written_today(), indent=1) + "\n", encoding="utf-8")
