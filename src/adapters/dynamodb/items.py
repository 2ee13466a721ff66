"""Users and index items as DynamoDB takes and gives them.

The few shapes are written out by hand: boto3's serializer handles every type there is, at twenty times the price.
Attributes that a later release adds are left alone: readers ask for those that they know.
"""

from __future__ import annotations

from typing import Any, Final

from adapters.dynamodb import keys
from adapters.dynamodb.keys import Collection
from domain.resources.stored_user import SCHEMA_VERSION, StoredUser

Item = dict[str, dict[str, Any]]
"""An item as the low-level client takes it: name -> {type: value}."""

_SHOWN_CHARACTERS: Final = 256
"""Of the attributes that a person sees in the console; the document holds the whole value."""
_VERSION_OF_FORM: Final = {"N": str(SCHEMA_VERSION)}

ADOPTION_ATTRIBUTE: Final = "adoption"
"""The item attribute (S) that says how a user became an identity provider's; a change that sets it is an adoption."""

USER_PROJECTION: Final[dict[str, Any]] = {
    "ProjectionExpression": "sk, #document, #version, #created, #lastModified, #adoption, #trace",
    "ExpressionAttributeNames": {
        "#document": "document",
        "#version": "version",
        "#created": "created",
        "#lastModified": "lastModified",
        "#adoption": ADOPTION_ATTRIBUTE,
        "#trace": "trace",
    },
}
"""What of a user item a StoredUser is made from; as names, since some may be reserved words."""


def user_item(account: str, user: StoredUser, write_id: str) -> Item:
    """The item of a user; `write_id` tells this write from any other, should its answer be lost."""
    attributes = user.attributes
    item: Item = {
        **keys.key(account, Collection.USER, user.id),
        "document": {"S": user.document},
        "version": {"N": str(user.version)},
        "created": {"S": user.created},
        "lastModified": {"S": user.last_modified},
        "schemaVersion": _VERSION_OF_FORM,
        "writeId": {"S": write_id},
        "userName": {"S": attributes["userName"][:_SHOWN_CHARACTERS]},
        "active": {"BOOL": user.active},
    }
    if user.keys.external_id is not None:
        item["externalId"] = {"S": user.keys.external_id[:_SHOWN_CHARACTERS]}
    if user.adoption is not None:
        item[ADOPTION_ATTRIBUTE] = {"S": user.adoption}
    if user.trace is not None:
        item["trace"] = {"S": user.trace}
    if user.replaced:
        # For the reader of the table's stream alone: no request asks for it.
        item["replaced"] = {"BOOL": True}
    return item


def user_of(item: Item) -> StoredUser:
    """The user in an item, or in the part of it that `USER_PROJECTION` asks for."""
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
    )


def readable_user_of(item: Item) -> StoredUser | None:
    """The same, or None when the item was spoilt by hand: an attribute is missing, or the document is no user's."""
    try:
        user = user_of(item)
        index_entries(user)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return user


def index_entries(user: StoredUser) -> dict[tuple[Collection, str], str]:
    """Every index item that the user must have: (collection, sort key) -> the value in it, normalised.

    In the order in which conflicts are reported: userName, addresses as sent, externalId.
    """
    held = user.keys
    entries = {(Collection.USER_NAME, keys.sort_key(held.user_name)): held.user_name}
    for address in held.emails:
        entries[Collection.EMAIL, keys.sort_key(address)] = address
    if held.external_id is not None:
        entries[Collection.EXTERNAL_ID, keys.external_id_prefix(held.external_id) + user.id] = held.external_id
    return entries


def index_item(account: str, entry: tuple[Collection, str], value: str, user_id: str) -> Item:
    """An index item; it holds its value only where the sort key does not."""
    item: Item = {**keys.key(account, *entry), "userId": {"S": user_id}, "schemaVersion": _VERSION_OF_FORM}
    if keys.is_hashed(entry[1]) and value:
        item["value"] = {"S": value}
    return item
