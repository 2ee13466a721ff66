"""Interleaved timings: several works measured in turn, so that noise of the machine affects all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]


def interleaved(works: Mapping[str, Work], *, rounds: int = 15, seconds: float = 0.05) -> dict[str, float]:
    """Seconds of one call of each work: the median over rounds, in every round each work once for `seconds`.

    The ratio of two figures is more reliable than either of them.
    """
    repeats: dict[str, int] = {}
    for name, work in works.items():
        work()  # caches are warm in a running service
        started = time.perf_counter()
        work()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - started, 1e-7)))
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            started = time.perf_counter()
            for _ in range(repeats[name]):
                work()
            taken[name].append((time.perf_counter() - started) / repeats[name])
    return {name: statistics.median(values) for name, values in taken.items()}
