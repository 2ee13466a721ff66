"""The Connector Key: the bearer token that names an account and proves the right to provision it.

`rck_<account>_<random><checksum>`: 32 random base62 characters (190 bits) and 6 that are the CRC-32 of all before them.
Secret scanners find a leaked key by its prefix. A cut or mistyped key is refused by its checksum, without a look-up.
The token of a set-up link (`domain.accounts.setup_links`) has the same form and another prefix.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from zlib import crc32

PREFIX: Final = "rck"

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH: Final = 32
_CHECKSUM_LENGTH: Final = 6
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FORM: Final = re.compile(rf"([a-z]{{3}})_({_ACCOUNT.pattern})_([0-9A-Za-z]{{{_RANDOM_LENGTH}}})([0-9A-Za-z]{{6}})")

ACCOUNT_NAME_RULE: Final = (
    "use 1 to 40 characters from a-z, 0-9 and '-', not starting with '-', for example 'acme-corp'."
)

Entropy = Callable[[int], bytes]
"""A source of that many unpredictable bytes, such as `secrets.token_bytes`."""


class InvalidAccountName(ValueError):
    """The text cannot name an account; the message says what a name looks like."""


def account_name(text: str) -> str:
    """Return `text` if it can name an account; raises `InvalidAccountName`.

    The alphabet has no path, wildcard or separator character, so a name is safe in a secret's name, an IAM resource, a
    key of the table and a Connector Key. A name does not begin with a dash, which would make it an option of a command.
    """
    if _ACCOUNT.fullmatch(text):
        return text
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    raise InvalidAccountName(f"{shown!r} is not an account name: {ACCOUNT_NAME_RULE}")


def new_secret(prefix: str, account: str, entropy: Entropy) -> str:
    """Return a random text of the account with that prefix and a checksum; raises `InvalidAccountName`."""
    stem = f"{prefix}_{account_name(account)}_{_random_text(entropy)}"
    return stem + _checksum(stem)


def account_in(prefix: str, text: str) -> str | None:
    """Return the account that such a text names; None when its prefix, form or checksum is wrong."""
    match = _FORM.fullmatch(text)
    if match is None or match[1] != prefix or _checksum(text[:-_CHECKSUM_LENGTH]) != match[4]:
        return None
    return match[2]


@dataclass(frozen=True)
class ConnectorKey:
    """A well-formed key. Its text stays out of `repr`, so that no traceback or log line can show it."""

    account: str
    text: str = field(repr=False)

    @classmethod
    def generate(cls, account: str, entropy: Entropy) -> ConnectorKey:
        """Return a new key of an account; raises `InvalidAccountName`."""
        return cls(account, new_secret(PREFIX, account, entropy))

    @classmethod
    def parse(cls, text: str) -> ConnectorKey | None:
        """Return the key in `text`, ignoring white space around it; None when its form or checksum is wrong."""
        stripped = text.strip()
        account = account_in(PREFIX, stripped)
        return None if account is None else cls(account, stripped)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the text, by which keys are compared. A plain hash is enough for 190 random bits."""
        return hashlib.sha256(self.text.encode()).digest()

    @property
    def masked(self) -> str:
        """The key with its random part hidden; the last four characters, of the checksum, distinguish two keys."""
        return f"{PREFIX}_{self.account}_{'*' * 8}{self.text[-4:]}"


def _random_text(entropy: Entropy) -> str:
    # 248 is the greatest multiple of 62 that a byte can reach: dropping the rest keeps every character equally likely.
    characters = ""
    while len(characters) < _RANDOM_LENGTH:
        characters += "".join(_ALPHABET[byte % 62] for byte in entropy(_RANDOM_LENGTH) if byte < 248)
    return characters[:_RANDOM_LENGTH]


def _checksum(stem: str) -> str:
    number = crc32(stem.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits
