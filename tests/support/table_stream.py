"""Records of the table's stream as Lambda hands them to the publisher, and users and groups for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.dynamodb import items
from domain.documents import Json
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser

CREATED = "2030-01-31T12:00:00.000Z"
CHANGED = "2030-02-01T08:30:00.250Z"
RECORDED = 1896165001.0
"""2030-02-01T08:30:01Z: when the table recorded the change."""


def user(attributes: Json, version: int = 1, user_id: str = "u1") -> StoredUser:
    """A user at that version."""
    new = StoredUser.new(user_id, {"userName": "bjensen@example.com"} | attributes, CREATED)
    return StoredUser(new.id, version, CREATED, CHANGED if version > 1 else CREATED, new.document)


def image(stored: StoredUser, account: str = "acme", adoption: str | None = None) -> Json:
    """The item of a user, in DynamoDB's JSON."""
    return items.user_item(account, stored, f"write-{stored.version}") | (
        {"adoption": {"S": adoption}} if adoption else {}
    )


def record(
    number: int,
    before: StoredUser | None,
    after: StoredUser | None,
    account: str = "acme",
    adoption: str | None = None,
) -> dict[str, Any]:
    """The stream's record of one write of a user."""
    images = {}
    if before is not None:
        images["OldImage"] = image(before, account)
    if after is not None:
        images["NewImage"] = image(after, account, adoption)
    one = after or before
    assert one is not None
    keys = {"pk": {"S": f"{account}#USER"}, "sk": {"S": one.id}}
    return stream_record(number, _event_name(before, after), keys, images)


def _event_name(before: object, after: object) -> str:
    return "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"


def group(attributes: Json, version: int = 1, group_id: str = "g1", *, under_way: bool = False) -> StoredGroup:
    """A group at that version; `under_way` while a large change of its members is."""
    new = StoredGroup.new(group_id, {"displayName": "Guides"} | attributes, CREATED)
    changed = CHANGED if version > 1 else CREATED
    return StoredGroup(new.id, version, CREATED, changed, new.document, under_way=under_way)


def group_image(
    stored: StoredGroup, account: str = "acme", joined: Sequence[str] = (), left: Sequence[str] = ()
) -> Json:
    """The item of a group in the form of docs/decisions/041, in DynamoDB's JSON."""
    image: Json = {
        "pk": {"S": f"{account}#GROUP"},
        "sk": {"S": stored.id},
        "document": {"S": stored.document},
        "version": {"N": str(stored.version)},
        "created": {"S": stored.created},
        "lastModified": {"S": stored.last_modified},
        "writeId": {"S": f"write-{stored.version}"},
    }
    image |= {name: {"SS": list(ids)} for name, ids in (("joined", joined), ("left", left)) if ids}
    image |= {"job": {"S": "j1"}, "jobParts": {"N": "9"}, "jobDone": {"N": "0"}} if stored.under_way else {}
    return image | ({"replaced": {"BOOL": True}} if stored.replaced else {})


def group_record(
    number: int,
    before: StoredGroup | None,
    after: StoredGroup | None,
    *,
    joined: Sequence[str] = (),
    left: Sequence[str] = (),
    account: str = "acme",
) -> dict[str, Any]:
    """The stream's record of one write of a group, with which users joined and left."""
    images = {}
    if before is not None:
        images["OldImage"] = group_image(before, account)
    if after is not None:
        images["NewImage"] = group_image(after, account, joined, left)
    one = after or before
    assert one is not None
    keys = {"pk": {"S": f"{account}#GROUP"}, "sk": {"S": one.id}}
    return stream_record(number, _event_name(before, after), keys, images)


def index_record(number: int, collection: str, account: str = "acme") -> dict[str, Any]:
    """The stream's record of an item of an index."""
    keys = {"pk": {"S": f"{account}#{collection}"}, "sk": {"S": "bjensen@example.com"}}
    return stream_record(number, "INSERT", keys, {"NewImage": keys | {"userId": {"S": "u1"}}})


def sequence(number: int) -> str:
    """A sequence number; they have at least 21 digits."""
    return f"{number}00000000000000000001"


def stream_record(number: int, name: str, keys: Json, images: Json) -> dict[str, Any]:
    """A record with its envelope."""
    return {
        "eventID": f"{number:032x}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": RECORDED,
            "Keys": keys,
            "SequenceNumber": sequence(number),
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/users/stream/2030-01-01T00:00:00.000",
    }
