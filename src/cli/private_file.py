"""Writing a file with personal data: only its owner can read it, and it is never left incomplete."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cli.root import UsageError


@contextmanager
def private_file(output: Path | None) -> Iterator[TextIO]:
    """Open the file for writing in UTF-8; None is standard output. Raises UsageError if its directory is missing."""
    if output is None:
        yield sys.stdout
        return
    # Written under another name in the same directory and renamed, so an interruption leaves no incomplete file.
    if not output.parent.is_dir():
        raise UsageError(f"The directory {output.parent} does not exist, so {output.name} cannot be written.")
    partial = output.with_name(f".{output.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
