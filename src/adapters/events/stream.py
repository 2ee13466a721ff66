"""Conversion of the table's stream records (NEW_AND_OLD_IMAGES) to changes of users and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.dynamodb import items
from adapters.dynamodb.group_items import group_of
from adapters.dynamodb.keys import Collection
from adapters.environment import declared_user_type
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.events.kinds import GROUP_KINDS, Kinds, kinds_of_users
from domain.events.lifecycle import ResourceChange, write_name
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser

_IMAGES: Final = {"INSERT": (False, True), "MODIFY": (True, True), "REMOVE": (True, False)}
"""eventName -> (has an old image, has a new image)."""

REPLAY: Final = "Replay"
"""The member of the publisher's event that has no records of the stream, but what `adapters.events.replay` reads."""

StreamRecord = Mapping[str, Any]


class MalformedRecord(Exception):
    """A record that cannot be read, which no retry repairs. The message describes its form and quotes nothing of it."""


def sequence_number(record: StreamRecord) -> str | None:
    """The record's position in its shard, at which Lambda can resume; None when it has none."""
    body = record.get("dynamodb")
    number = body.get("SequenceNumber") if isinstance(body, Mapping) else None
    return number if isinstance(number, str) and number else None


def change_of(record: StreamRecord) -> ResourceChange | None:
    """The change of a user or group; raises `MalformedRecord`.

    None for the item of an index or a membership, and for what a release check writes, which concerns no consumer.
    """
    try:
        body = record["dynamodb"]
        account, _, collection = body["Keys"]["pk"]["S"].partition("#")
        if collection not in RESOURCES or account == RELEASE_CHECK_ACCOUNT:
            return None
        images = _IMAGES.get(record["eventName"])
        if images is None:
            raise MalformedRecord("its eventName is not one of a table's stream")
        has_old, has_new = images
        kinds, of_image = RESOURCES[collection]
        return ResourceChange(
            kinds(),
            id=_write_of(record),
            account=account,
            before=resource_of(body["OldImage"], of_image) if has_old else None,
            after=resource_of(body["NewImage"], of_image) if has_new else None,
            recorded_at=datetime.fromtimestamp(float(body["ApproximateCreationDateTime"]), UTC),
            adopted=has_old and has_new and _was_adopted(body["OldImage"], body["NewImage"]),
            joined=_ids(body["NewImage"], "joined") if has_new else (),
            left=_ids(body["NewImage"], "left") if has_new else (),
        )
    except KeyError as error:
        raise MalformedRecord(f"it has no {error.args[0]}") from None
    # These errors may quote the item, so their text is dropped.
    except (AttributeError, TypeError, ValueError, RecursionError, OverflowError):
        raise MalformedRecord("it does not have the form of the table's items") from None


def _write_of(record: StreamRecord) -> str:
    """Name the write after the version that it made, or removed.

    A part of a large change of members makes no version of its own: it has the record's name. So has a version without
    a `writeId`: the previous version has another one.
    """
    event_id: str = record["eventID"]
    body = record["dynamodb"]
    old, new = (body.get(image, {}).get(items.WRITE_ATTRIBUTE) for image in ("OldImage", "NewImage"))
    write = new if "NewImage" in body else old
    if write is None or old == new:
        return event_id
    return write_name(write["S"], body["Keys"]["sk"]["S"])


def resource_of(image: StreamRecord, of_image: OfImage) -> StoredUser | StoredGroup:
    """Read a whole item; raises KeyError, AttributeError, TypeError or ValueError, which may quote it."""
    resource = of_image(dict(image))
    if not isinstance(resource.attributes, dict):
        raise TypeError("the document is not a JSON object")
    if datetime.fromisoformat(resource.last_modified).tzinfo is None:
        raise ValueError("a time without its zone")
    return resource


def _was_adopted(old: StreamRecord, new: StreamRecord) -> bool:
    mark = new.get(items.ADOPTION_ATTRIBUTE)
    return mark is not None and mark != old.get(items.ADOPTION_ATTRIBUTE)


def _ids(image: StreamRecord, attribute: str) -> tuple[str, ...]:
    """The ids of users in a string set of a group's item."""
    ids = image[attribute]["SS"] if attribute in image else []
    if not all(isinstance(one, str) for one in ids):
        raise TypeError("an id that is not text")
    return tuple(sorted(ids))


def _of_users() -> Kinds:
    """The kinds of users with every extension that the deployment declares, whatever an account has of them."""
    return kinds_of_users(declared_user_type())


OfImage = Callable[[items.Item], StoredUser | StoredGroup]
RESOURCES: Final[Mapping[str, tuple[Callable[[], Kinds], OfImage]]] = {
    Collection.USER.value: (_of_users, items.user_of),
    Collection.GROUP.value: (lambda: GROUP_KINDS, group_of),
}
"""What the table calls a collection of resources -> the kinds of their events, and how an image is read."""
