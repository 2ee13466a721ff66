"""Lambda SnapStart: what must not be alike in all the containers that are restored from one snapshot.

Ids and keys come from the operating system's random source, so they need nothing. The runtime brings the module that
hooks are registered with; it is nowhere else.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from adapters import aws


@cache
def prepare(forget: Callable[[], None]) -> None:
    """Register what is done around a snapshot; call it while the function starts, when it has SnapStart.

    Before the snapshot the clients' connections are closed: restored ones would be dead, and would cost the first
    request a failed attempt. After a restore `forget` drops what was read from elsewhere before, which may be weeks
    old although the monotonic clock stood still; and the jitter of repeated calls gets a seed of its own.
    Repeating it does nothing.
    """
    from snapshot_restore_py import register_after_restore, register_before_snapshot  # type: ignore[import-not-found]

    register_before_snapshot(aws.close_connections)
    register_after_restore(forget)
    register_after_restore(random.seed)
