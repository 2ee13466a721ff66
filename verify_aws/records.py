"""Files of this machine that say which runs are alive, and let one build at a time use the build's folders."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from verify_aws.identity import is_run

State = Literal["alive", "ended", "unknown"]

_SUFFIX: Final = ".run"


@dataclass(frozen=True, slots=True)
class Records:
    """The records in a folder. A run holds a lock on its file; the system releases it however the process ends."""

    folder: Path

    @contextmanager
    def alive(self, run: str) -> Iterator[None]:
        """Mark the run as alive. The record stays after the block until `forget`, as something may be left of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file(run).open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def state(self, run: str) -> State:
        """Return `alive` or `ended` for a run of this machine, `unknown` for others."""
        try:
            with self._file(run).open("r+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return "unknown"
        except BlockingIOError:
            return "alive"
        return "ended"

    def runs(self) -> list[str]:
        """The names of the runs of which there are records."""
        names = (path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"*{_SUFFIX}"))
        return sorted(filter(is_run, names))

    def forget(self, run: str) -> None:
        """Remove the record: nothing is left of the run."""
        self._file(run).unlink(missing_ok=True)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Wait until no other run builds, and build."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "build.lock").open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _file(self, run: str) -> Path:
        return self.folder / f"{run}{_SUFFIX}"
