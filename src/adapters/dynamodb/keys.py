"""The table's keys: one partition for each account and collection, and the sort key of a value.

A sort key has 1 to 1,024 bytes. A value that fits is its own sort key, which preserves order and prefixes. The sort key
of any other value (too long, empty, or with control characters or half a surrogate pair) is the part before that, NUL,
and the value's SHA-256. No other key contains NUL, so the two kinds never collide. Such an index item also has the
whole `value`, by which a search for a prefix checks it.
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
    GROUP = "GROUP"
    GROUP_NAME = "GROUPNAME"
    GROUP_EXTERNAL_ID = "GROUPEXTERNALID"
    GROUP_RANK = "GROUPRANK"
    MEMBER = "MEMBER"
    GROUP_OF = "GROUPOF"
    GROUP_JOB = "GROUPJOB"
    GONE = "GONE"
    HEARD = "HEARD"
    """Of no account: `adapters.dynamodb.heard`."""


Entry = tuple[Collection, str]
"""Collection and sort key: what identifies an item within an account."""
Key = dict[str, dict[str, str]]
"""A primary key: `{"pk": {"S": ...}, "sk": {"S": ...}}`."""


def partition(account: str, collection: Collection) -> str:
    """The partition key of an account's collection; an account's name contains no `#`.

    >>> partition("acme", Collection.USER)
    'acme#USER'
    """
    return f"{account}#{collection.value}"


def key(account: str, collection: Collection, sort_key: str) -> Key:
    """The primary key of one item."""
    return {"pk": {"S": partition(account, collection)}, "sk": {"S": sort_key}}


def is_id(text: str) -> bool:
    """Return True if the text can be the sort key of a user or a group; none has any other id."""
    return 0 < len(text.encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES and not _UNPLAIN.search(text)


def sort_key(value: str) -> str:
    """The sort key of a normalised userName or address."""
    plain = plain_part(value)
    return value if plain == value != "" else _hashed(plain, value)


def external_id_prefix(external_id: str) -> str:
    """The common prefix of the sort keys of all users with that externalId; it ends with the only `#` in it."""
    plain = plain_part(external_id).partition("#")[0]
    return (external_id if plain == external_id != "" else _hashed(plain, external_id)) + "#"


def of_pair(first: str, second: str = "") -> str:
    """The sort key of what concerns two ids, in the order of the first; without a second, what these keys start with.

    >>> of_pair("8d0e", "3fa8")
    '8d0e#3fa8'
    """
    return f"{first}#{second}"


def is_pair(first: str, second: str) -> bool:
    """Return True if the texts can be two ids in a sort key."""
    return "#" not in first and all(map(is_id, (first, second, of_pair(first, second))))


def second_of(pair: str) -> str:
    """The second id in the sort key of a pair."""
    return pair.partition("#")[2]


def is_hashed(key: str) -> bool:
    """Return True if a sort key contains a hash instead of the end of its value."""
    return _HASHED in key


def unhashed(key: str) -> str:
    """The part of a sort key before the hash, or the whole key without one."""
    return key.partition(_HASHED)[0]


def plain_part(value: str) -> str:
    """The start of a value that its sort key contains unchanged; the whole value when it fits."""
    unplain = _UNPLAIN.search(value)
    plain = value if unplain is None else value[: unplain.start()]
    if len(plain) * 4 <= _MAX_PLAIN_BYTES:
        return plain
    encoded = plain.encode()
    return plain if len(encoded) <= _MAX_PLAIN_BYTES else encoded[:_MAX_PLAIN_BYTES].decode(errors="ignore")


def _hashed(plain: str, value: str) -> str:
    return f"{plain}{_HASHED}{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"


def rank_of(user_id: str) -> tuple[str, str]:
    """The sort key of the rank item that counts the user, and the name of the counter in it.

    Raises ValueError for an id that does not start with three hexadecimal digits: it has no position.

    >>> rank_of("3fa85f64-5717-4562-b3fc-2c963f66afa6")
    ('3f', 'a')
    """
    if not _BUCKET.match(user_id):
        raise ValueError("a user's id must start with three hexadecimal digits in lower case")
    return user_id[:2], user_id[2]
