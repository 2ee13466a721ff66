"""Read one customer's users and groups from Rollcall's table, by the form that docs/use-it.md promises.

The only module here that knows keys. Every read is strongly consistent: it sees each change that was answered before.

    users = Users("rollcall-users", "acme", boto3.client("dynamodb"))
    user = users.by_user_name("ada@example.com")
    if user is not None and user.active:
        ...

Every method may raise what boto3 raises: `botocore.exceptions.ClientError` (throttled, no right to read),
`BotoCoreError` (no connection). An error is no answer: let no one in on it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from unicodedata import normalize

import idna

Item = dict[str, dict[str, Any]]
"""An item as `boto3.client("dynamodb")` returns it: name -> {type: value}."""


@dataclass(frozen=True)
class User:
    """A user at one version. `document` is the SCIM User (RFC 7643) without `id` and `meta`."""

    id: str
    version: int
    active: bool
    user_name: str
    created: str
    last_modified: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Group:
    """A group at one version, without its members. `document` is the SCIM Group without `id`, `meta`, `members`."""

    id: str
    version: int
    display_name: str
    document: dict[str, Any]


@dataclass(frozen=True)
class Users:
    """The users and groups of one account; `client` is `boto3.client("dynamodb")`."""

    table_name: str
    account: str
    client: Any

    def by_id(self, user_id: str) -> User | None:
        """Return the user with that id, or None: there is none, or no longer. One call."""
        item = self._get("USER", user_id)
        return None if item is None else _user(item)

    def by_user_name(self, user_name: str) -> User | None:
        """Return the one user with that userName, whatever its case. Two calls; one when there is none."""
        return self._owner("USERNAME", user_name, lambda user: [user.user_name])

    def by_email(self, address: str) -> User | None:
        """Return the one user who has that e-mail address, as the primary one or as another. Two calls."""
        return self._owner("EMAIL", address, addresses)

    def by_external_id(self, external_id: str) -> list[User]:
        """Return every user with that externalId, as it is not unique and its case matters. Two calls."""
        entries = self._query("EXTERNALID", external_id_prefix(external_id))
        found = map(_user, self._get_all("USER", {entry["userId"]["S"] for entry in entries}))
        users = [user for user in found if user.document.get("externalId") == external_id]
        return sorted(users, key=lambda user: user.id)

    def all(self, after: str = "") -> Iterator[User]:
        """Yield every user in the order of ids, from behind the id `after`. One call for each 1 MB."""
        return map(_user, self._query("USER", after=after))

    def groups_of(self, user_id: str) -> list[Group]:
        """Return the groups of a user. Three calls; two when there are none."""
        ended = set[str]()
        while True:
            changes = _changes_of(user_id, self._query("GROUPJOB"), ended)
            ids = {_second(item) for item in self._query("GROUPOF", f"{user_id}#")}
            groups = list(self._get_all("GROUP", ids | changes.keys()))
            # What was read of a change that ended meanwhile may be of any moment of it: read again without it.
            jobs = {group["sk"]["S"]: _state(group)[1] for group in groups}
            now_ended = {change.job for id, change in changes.items() if jobs.get(id, change.job) != change.job}
            if not now_ended:
                left = {id for id, change in changes.items() if not change.joins}
                return sorted(
                    (_group(group) for group in groups if group["sk"]["S"] not in left), key=lambda group: group.id
                )
            ended |= now_ended

    def group(self, group_id: str) -> Group | None:
        """Return the group with that id, or None. One call."""
        item = self._get("GROUP", group_id)
        return None if item is None else _group(item)

    def all_groups(self, after: str = "") -> Iterator[Group]:
        """Yield every group in the order of ids, from behind the id `after`. One call for each 1 MB."""
        return map(_group, self._query("GROUP", after=after))

    def members_of(self, group_id: str) -> list[str]:
        """Return the ids of a group's members, in order; none if there is no such group. Three calls."""
        before = self._get("GROUP", group_id)
        while before is not None:
            joined, left = set[str](), set[str]()
            if "job" in before:
                for item in self._query("GROUPJOB", f"{group_id}#{before['job']['S']}#"):
                    joined |= _ids(item, "joined")
                    left |= _ids(item, "left")
            members = {_second(item) for item in self._query("MEMBER", f"{group_id}#")}
            after = self._get("GROUP", group_id)
            if after is not None and _state(after) == _state(before):
                return sorted((members - left) | joined)
            before = after
        return []

    def _owner(self, index: str, text: str, values: Callable[[User], list[str]]) -> User | None:
        """Return the user whom an index names, if one of the values has still the form of the text."""
        if len(text) > _MAX_CHARACTERS:
            return None
        form = unique_form(text)
        entry = self._get(index, sort_key(form))
        user = None if entry is None else self.by_id(entry["userId"]["S"])
        return user if user is not None and form in map(unique_form, values(user)) else None

    def _get(self, collection: str, key: str) -> Item | None:
        if not 0 < len(key.encode("utf-8", "surrogatepass")) <= 1024:
            return None
        found = self.client.get_item(TableName=self.table_name, Key=self._key(collection, key), ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def _get_all(self, collection: str, ids: Collection[str]) -> Iterator[Item]:
        """Yield the items that exist, in no order; 100 by one call."""
        keys = [self._key(collection, each) for each in sorted(ids)]
        attempt = 0
        while keys:
            asked = {self.table_name: {"Keys": keys[:100], "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self.table_name, ())
            unread = answer.get("UnprocessedKeys", {}).get(self.table_name, {}).get("Keys", [])
            keys = unread + keys[100:]
            attempt = attempt + 1 if unread else 0
            if attempt:
                time.sleep(min(0.05 * 2**attempt, 5))

    def _query(self, collection: str, prefix: str = "", *, after: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sort keys have the prefix, or come behind `after`, in order."""
        condition, values = "pk = :pk", {":pk": {"S": f"{self.account}#{collection}"}}
        if prefix:
            condition, values = f"{condition} AND begins_with(sk, :sk)", {**values, ":sk": {"S": prefix}}
        elif after:
            condition, values = f"{condition} AND sk > :sk", {**values, ":sk": {"S": after}}
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table_name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])

    def _key(self, collection: str, key: str) -> Item:
        return {"pk": {"S": f"{self.account}#{collection}"}, "sk": {"S": key}}


def addresses(user: User) -> list[str]:
    """Return the user's e-mail addresses, the primary one first."""
    emails = [email for email in user.document.get("emails", ()) if email.get("value")]
    return [email["value"] for email in sorted(emails, key=lambda email: email.get("primary") is not True)]


def _user(item: Item) -> User:
    document = json.loads(item["document"]["S"])
    return User(
        id=item["sk"]["S"],
        version=int(item["version"]["N"]),
        active=item["active"]["BOOL"],
        user_name=document["userName"],
        created=item["created"]["S"],
        last_modified=item["lastModified"]["S"],
        document=document,
    )


def _group(item: Item) -> Group:
    document = json.loads(item["document"]["S"])
    return Group(item["sk"]["S"], int(item["version"]["N"]), document["displayName"], document)


class _Change(NamedTuple):
    """What a large change of a group's members, which is decided and not done yet, does to one user."""

    job: str
    joins: bool


def _changes_of(user_id: str, items: Iterator[Item], ended: set[str]) -> dict[str, _Change]:
    """Return by the group's id the changes under way that concern the user."""
    changes: dict[str, _Change] = {}
    for item in items:
        group_id, job, _ = item["sk"]["S"].split("#")
        for name in ("left", "joined"):
            if job not in ended and user_id in _ids(item, name):
                changes[group_id] = _Change(job, name == "joined")
    return changes


def _state(group: Item) -> tuple[str, str | None]:
    """The version of a group, and the change of its members that is under way."""
    return group["version"]["N"], group["job"]["S"] if "job" in group else None


def _ids(item: Item, name: str) -> set[str]:
    return set(item[name]["S"].split("\n")) if name in item else set()


def _second(item: Item) -> str:
    second: str = item["sk"]["S"].partition("#")[2]
    return second


_MAX_CHARACTERS = 1024
"""Of any userName or address; longer text is not looked for, nor normalised."""
_UNPLAIN = re.compile("[\0-\x1f\x7f\ud800-\udfff]")
_SECOND_DOT = re.compile("(?<=[ij])\u0307+")
_AT_THE_END_OF_A_DOMAIN = ".\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u2028\u2029"


def unique_form(text: str) -> str:
    """Return the form in which a userName or an e-mail address is unique: `" Ada@Example.COM"` -> `ada@example.com`.

    Unicode NFKC and lower case, without white space around. What follows the last `@` is a domain (IDNA 2008).
    """
    lowered = _lowered(text).strip()
    local, at, domain = lowered.rpartition("@")
    return _name(local) + at + _domain(domain) if at else _name(lowered)


def sort_key(form: str) -> str:
    """Return the sort key of a form: itself, or its start, NUL and SHA-256 where it does not fit."""
    plain = _plain(form)
    return form if plain == form != "" else _hashed(plain, form)


def external_id_prefix(external_id: str) -> str:
    """Return what the sort keys of all users with that externalId start with."""
    plain = _plain(external_id).partition("#")[0]
    return (external_id if plain == external_id != "" else _hashed(plain, external_id)) + "#"


def _plain(text: str) -> str:
    """The start of a text that fits a sort key: 900 bytes at most, no control characters."""
    unplain = _UNPLAIN.search(text)
    plain = text if unplain is None else text[: unplain.start()]
    return plain.encode()[:900].decode(errors="ignore")


def _hashed(plain: str, text: str) -> str:
    return f"{plain}\0{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _lowered(text: str) -> str:
    """NFKC and lower case, whatever the neighbours of a letter are."""
    composed = normalize("NFKC", text).replace("\u03a3", "\u03c3").replace("\u1680", " ")
    return normalize("NFKC", composed.lower())


def _name(lowered: str) -> str:
    """With one small sigma of the two, and without a second dot on i or j."""
    plain = lowered.replace("\u03c2", "\u03c3")
    return normalize("NFC", _SECOND_DOT.sub("", plain)) if "\u0307" in plain else plain


def _domain(lowered: str) -> str:
    """With any full stop as a dot, none at the end, and the text of each label that is written as `xn--`."""
    dotted = lowered.replace("\u3002", ".").rstrip(_AT_THE_END_OF_A_DOMAIN)
    return ".".join(map(_label, dotted.split("."))) if len(dotted) <= 253 else dotted


def _label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return _lowered(idna.ulabel(label))
    except idna.IDNAError:
        return label
