"""A file with personal data: only its owner may read it, and it is there whole or not at all."""

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
    """The file to write to, in UTF-8; standard output when there is none. Raises UsageError without its directory."""
    if output is None:
        yield sys.stdout
        return
    # Written beside the target and moved into place, so that an interruption leaves no half file under the name.
    if not output.parent.is_dir():
        raise UsageError(f"There is no directory {output.parent} to write {output.name} to.")
    partial = output.with_name(f".{output.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
