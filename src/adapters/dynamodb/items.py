"""Where the table has the resources of a type; conversion of users and index entries to items, and back.

The few shapes are written by hand: boto3's serializer handles every type, and takes twenty times as long.
Readers request only the attributes that they know, so a later release can add others.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from adapters.clock import text_of
from adapters.dynamodb import keys
from adapters.dynamodb.keys import Collection, Entry
from domain.resources.stored_resource import SCHEMA_VERSION, StoredResource
from domain.resources.stored_user import StoredUser

Item = dict[str, dict[str, Any]]
"""An item of the low-level client: name -> {type: value}."""

Record = TypeVar("Record", bound=StoredResource)


class Gone(NamedTuple):
    """A user or group that was deleted.

    `collection` is `USER` or `GROUP`, `version` the last one, `write_id` names the write that stored it, `at` is when
    it was deleted: RFC 3339, UTC, milliseconds.
    """

    collection: Collection
    id: str
    version: int
    write_id: str
    at: str


class UniqueIndex(NamedTuple, Generic[Record]):
    """The collection of a sorted index, whose values are unique and whose sort keys are those of the values."""

    collection: Collection
    values: Callable[[Record], Container[str]]
    """The normalised values that a resource has in the index."""


class Kind(NamedTuple, Generic[Record]):
    """Where the table has the resources of a type, and in which form."""

    collection: Collection
    ranks: Collection
    external_ids: Collection
    unique: Mapping[str, UniqueIndex[Record]]
    """The sorted indexes by their names (`domain.resources.attributes.Index`)."""
    owner: str
    """The attribute of an index item that has the id of the resource."""
    projection: Mapping[str, Any]
    """The attributes of an item that `record_of` needs."""
    record_of: Callable[[Item], Record]
    external_id: Callable[[Record], str | None]


SHOWN_CHARACTERS: Final = 256
"""Length of the attributes that a person sees in the console; the document has the whole value."""
VERSION_OF_FORM: Final = {"N": str(SCHEMA_VERSION)}

USER_OWNER: Final = "userId"
"""The attribute of an index item of users that has the user's id."""

ADOPTION_ATTRIBUTE: Final = "adoption"
"""The item attribute (S) with the way a user came to an identity provider; a change that sets it is an adoption."""

WRITE_ATTRIBUTE: Final = "writeId"
"""The item attribute (S) that identifies the write which made this version of a user or group."""

EXPIRES: Final = "expires"
"""The attribute (N) of DynamoDB's time to live: when it removes the item, in seconds since 1970."""
KEPT_WHEN_GONE: Final = 30 * 24 * 3600
"""How many seconds the table remembers that a user or group was deleted; the stream remembers a day."""

USER_PROJECTION: Final[dict[str, Any]] = {
    "ProjectionExpression": "sk, #document, #version, #created, #lastModified, #writeId, #adoption, #trace",
    "ExpressionAttributeNames": {
        "#document": "document",
        "#version": "version",
        "#created": "created",
        "#lastModified": "lastModified",
        "#writeId": WRITE_ATTRIBUTE,
        "#adoption": ADOPTION_ATTRIBUTE,
        "#trace": "trace",
    },
}
"""The attributes of a user item that a StoredUser needs; as names, since some may be reserved words."""


def user_item(account: str, user: StoredUser, write_id: str) -> Item:
    """Return the item of a user; `write_id` identifies this write if its answer is lost."""
    attributes = user.attributes
    item: Item = {
        **keys.key(account, Collection.USER, user.id),
        "document": {"S": user.document},
        "version": {"N": str(user.version)},
        "created": {"S": user.created},
        "lastModified": {"S": user.last_modified},
        "schemaVersion": VERSION_OF_FORM,
        WRITE_ATTRIBUTE: {"S": write_id},
        "userName": {"S": attributes["userName"][:SHOWN_CHARACTERS]},
        "active": {"BOOL": user.active},
    }
    if user.keys.external_id is not None:
        item["externalId"] = {"S": user.keys.external_id[:SHOWN_CHARACTERS]}
    if user.adoption is not None:
        item[ADOPTION_ATTRIBUTE] = {"S": user.adoption}
    if user.trace is not None:
        item["trace"] = {"S": user.trace}
    if user.replaced:
        # Only for the reader of the table's stream.
        item["replaced"] = {"BOOL": True}
    return item


def user_of(item: Item) -> StoredUser:
    """Return the user of an item that has at least the attributes of `USER_PROJECTION`."""
    adoption = item.get(ADOPTION_ATTRIBUTE)
    return StoredUser(
        id=item["sk"]["S"],
        version=int(item["version"]["N"]),
        created=item["created"]["S"],
        last_modified=item["lastModified"]["S"],
        document=item["document"]["S"],
        adoption=None if adoption is None else adoption["S"],
        trace=item["trace"]["S"] if "trace" in item else None,
        replaced="replaced" in item,
        write_id=item[WRITE_ATTRIBUTE]["S"] if WRITE_ATTRIBUTE in item else "",
    )


def gone_item(account: str, collection: Collection, resource: StoredResource, seconds: float) -> Item:
    """Return what is left of a user or group deleted at that time, in seconds since 1970; nothing in it is personal.

    It has what the event of the removal is made from (docs/decisions/061).
    """
    return {
        **keys.key(account, Collection.GONE, f"{collection.value}#{resource.id}"),
        "version": {"N": str(resource.version)},
        WRITE_ATTRIBUTE: {"S": resource.write_id},
        "at": {"S": text_of(seconds)},
        EXPIRES: {"N": str(int(seconds) + KEPT_WHEN_GONE)},
        "schemaVersion": VERSION_OF_FORM,
    }


def gone_of(item: Item) -> Gone:
    """Return what a `gone_item` says; raises KeyError, TypeError or ValueError for any other."""
    collection, _, resource_id = item["sk"]["S"].partition("#")
    return Gone(
        Collection(collection),
        resource_id,
        int(item["version"]["N"]),
        item[WRITE_ATTRIBUTE]["S"],
        item["at"]["S"],
    )


def index_entries(user: StoredUser) -> dict[Entry, str]:
    """Return every index item that the user must have: (collection, sort key) -> its normalised value.

    In the order in which conflicts are reported: userName, addresses as sent, externalId.
    """
    held = user.keys
    entries = {(Collection.USER_NAME, keys.sort_key(held.user_name)): held.user_name}
    for address in held.emails:
        entries[Collection.EMAIL, keys.sort_key(address)] = address
    if held.external_id is not None:
        entries[Collection.EXTERNAL_ID, keys.external_id_prefix(held.external_id) + user.id] = held.external_id
    return entries


def index_item(account: str, entry: Entry, value: str, owner: str, owner_id: str) -> Item:
    """Return an index item that names its owner; it has a `value` only where the sort key does not contain it."""
    item: Item = {**keys.key(account, *entry), owner: {"S": owner_id}, "schemaVersion": VERSION_OF_FORM}
    if keys.is_hashed(entry[1]) and value:
        item["value"] = {"S": value}
    return item
