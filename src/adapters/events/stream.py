"""Conversion of the table's stream records (NEW_AND_OLD_IMAGES) to changes of users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.dynamodb import items
from adapters.dynamodb.keys import Collection
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.events.lifecycle import UserChange
from domain.resources.stored_user import StoredUser

_IMAGES: Final = {"INSERT": (False, True), "MODIFY": (True, True), "REMOVE": (True, False)}
"""eventName -> (has an old image, has a new image)."""

StreamRecord = Mapping[str, Any]


class MalformedRecord(Exception):
    """A record that cannot be read, which no retry repairs. The message describes its form and quotes nothing of it."""


def sequence_number(record: StreamRecord) -> str | None:
    """The record's position in its shard, at which Lambda can resume; None when it has none."""
    body = record.get("dynamodb")
    number = body.get("SequenceNumber") if isinstance(body, Mapping) else None
    return number if isinstance(number, str) and number else None


def change_of(record: StreamRecord) -> UserChange | None:
    """The change of a user; raises `MalformedRecord`.

    None for an index item, and for the test users of a release check, whose changes concern no consumer.
    """
    try:
        body = record["dynamodb"]
        account, _, collection = body["Keys"]["pk"]["S"].partition("#")
        if collection != Collection.USER or account == RELEASE_CHECK_ACCOUNT:
            return None
        images = _IMAGES.get(record["eventName"])
        if images is None:
            raise MalformedRecord("its eventName is not one of a table's stream")
        has_old, has_new = images
        return UserChange(
            id=record["eventID"],
            account=account,
            before=_user(body["OldImage"]) if has_old else None,
            after=_user(body["NewImage"]) if has_new else None,
            recorded_at=datetime.fromtimestamp(float(body["ApproximateCreationDateTime"]), UTC),
            adopted=has_old and has_new and _was_adopted(body["OldImage"], body["NewImage"]),
        )
    except KeyError as error:
        raise MalformedRecord(f"it has no {error.args[0]}") from None
    # These errors may quote the item, so their text is dropped.
    except (AttributeError, TypeError, ValueError, RecursionError, OverflowError):
        raise MalformedRecord("its form is not that of the table's items") from None


def _user(image: StreamRecord) -> StoredUser:
    user = items.user_of(dict(image))
    if not isinstance(user.attributes, dict):
        raise TypeError("the document is not a JSON object")
    if datetime.fromisoformat(user.last_modified).tzinfo is None:
        raise ValueError("a time without its zone")
    return user


def _was_adopted(old: StreamRecord, new: StreamRecord) -> bool:
    mark = new.get(items.ADOPTION_ATTRIBUTE)
    return mark is not None and mark != old.get(items.ADOPTION_ATTRIBUTE)
