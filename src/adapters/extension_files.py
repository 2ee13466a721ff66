"""The extensions of the User that a deployment declares, as files of a directory; imported where there are any."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from domain.limits import MAX_EXTENSION_BYTES
from domain.resources.attributes import Schema
from domain.resources.extension_documents import InvalidExtension, extension_of, require_apart


def read_extensions(files: Sequence[Path]) -> tuple[Schema, ...]:
    """Return the extensions that the files declare, in their order; raises `InvalidExtension`."""
    extensions = [(_named(file), extension_of(_text(file), _named(file))) for file in files]
    require_apart(extensions)
    return tuple(schema for _, schema in extensions)


def _named(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _text(file: Path) -> str:
    try:
        content = _content(file)
    except OSError as error:
        raise InvalidExtension(f"{_named(file)} cannot be read ({error.strerror}). Make it a readable file.") from None
    if len(content) > MAX_EXTENSION_BYTES:
        raise InvalidExtension(
            f"{_named(file)} has more than {MAX_EXTENSION_BYTES} bytes. Shorten it, or divide the extension."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidExtension(f"{_named(file)} is not UTF-8 text. Save it as UTF-8.") from None


def _content(file: Path) -> bytes:
    """Read a byte more than a file may have; raises OSError, and `InvalidExtension` for what is no regular file."""
    # Opened without waiting: a pipe that nothing writes to would hold up the build, or a function's start, for ever.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidExtension(f"{_named(file)} is a directory, a pipe or a device. Replace it with a file.")
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(MAX_EXTENSION_BYTES + 1)
    finally:
        os.close(descriptor)
