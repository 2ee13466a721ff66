"""The table's keys: one partition for each account and collection, and how a value becomes a sort key.

A sort key holds 1 to 1,024 bytes. A value that fits is its own key, so that order and prefixes are the value's. One
that does not (too long, empty, or with control characters or half a surrogate pair) keeps the part before that, then
NUL and its SHA-256; NUL is in no other key, so the two kinds never meet. Such an index item also holds the whole
`value`, by which a reader of prefixes checks it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256
from typing import Final

MAX_KEY_BYTES: Final = 1024
_MAX_PLAIN_BYTES: Final = 900
"""Leaves room for NUL and the hash, or for `#` and a user id."""
_HASHED: Final = "\0"
_UNPLAIN: Final = re.compile("[\0-\x1f\x7f\ud800-\udfff]")
_BUCKET: Final = re.compile("[0-9a-f]{3}")


class Collection(StrEnum):
    """The item collections of an account."""

    USER = "USER"
    EMAIL = "EMAIL"
    USER_NAME = "USERNAME"
    EXTERNAL_ID = "EXTERNALID"
    RANK = "RANK"
    GUARD = "GUARD"
    RATE = "RATE"


Entry = tuple[Collection, str]
"""Collection and sort key: what identifies an item within an account."""
Key = dict[str, dict[str, str]]
"""A primary key as DynamoDB takes it: `{"pk": {"S": ...}, "sk": {"S": ...}}`."""


def partition(account: str, collection: Collection) -> str:
    """The partition key of an account's collection; an account's name holds no `#`."""
    return f"{account}#{collection.value}"


def key(account: str, collection: Collection, sort_key: str) -> Key:
    """The primary key of one item."""
    return {"pk": {"S": partition(account, collection)}, "sk": {"S": sort_key}}


def is_user_key(user_id: str) -> bool:
    """Whether the text can be the sort key of a user; what cannot names nobody."""
    return 0 < len(user_id.encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES and not _UNPLAIN.search(user_id)


def sort_key(value: str) -> str:
    """The sort key of a normalised userName or address."""
    plain = plain_part(value)
    return value if plain == value != "" else _hashed(plain, value)


def external_id_prefix(external_id: str) -> str:
    """What the sort keys of all users of that externalId start with: up to `#`, which no plain externalId holds."""
    plain = plain_part(external_id).partition("#")[0]
    return (external_id if plain == external_id != "" else _hashed(plain, external_id)) + "#"


def is_hashed(key: str) -> bool:
    """Whether a sort key holds a hash in the place of its value's end."""
    return _HASHED in key


def plain_part(value: str) -> str:
    """The start of a value that its sort key holds as it is; all of it when the value fits."""
    unplain = _UNPLAIN.search(value)
    plain = value if unplain is None else value[: unplain.start()]
    if len(plain) * 4 <= _MAX_PLAIN_BYTES:
        return plain
    encoded = plain.encode()
    return plain if len(encoded) <= _MAX_PLAIN_BYTES else encoded[:_MAX_PLAIN_BYTES].decode(errors="ignore")


def _hashed(plain: str, value: str) -> str:
    return f"{plain}{_HASHED}{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"


def rank_of(user_id: str) -> tuple[str, str]:
    """The sort key of the rank item that counts the user, and the name of its counter there.

    ValueError for an id that does not start with three hexadecimal digits: it could not be found by position.
    """
    if not _BUCKET.match(user_id):
        raise ValueError("a user's id must start with three hexadecimal digits in lower case")
    return user_id[:2], user_id[2]
