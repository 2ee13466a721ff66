"""The one normalisation of text: uniqueness, look-up and filter comparison all fold alike."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Text without regard to case (RFC 7643 section 2.2, caseExact false): NFC, casefold, NFC again.

    ASCII, nearly every value, takes a short way to the same result.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def identity(text: str) -> str:
    """The form in which a unique value (userName, e-mail address) is compared: folded, without white space around."""
    return fold(text.strip())
