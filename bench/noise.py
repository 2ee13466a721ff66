"""One account that sends too much, in its own process, for a load.

    python bench/noise.py REQUESTS_PER_SECOND WARM_UP SECONDS URL KEY [URL KEY]...

Sends look-ups at fixed times to each address in turn, whether or not earlier ones are answered. Writes one line to
standard error when the warm-up is over, and at the end JSON to standard output: how many of the requests after it had
which status.
"""

from __future__ import annotations

import json
import queue
import sys
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

WORKERS: Final = 24
PATH: Final = "/Users?filter=userName%20eq%20%22person0%40example.com%22"


class Noise:
    """Sends from many threads, each with a connection to each address."""

    def __init__(self, addresses: list[tuple[str, str]]) -> None:
        self._addresses = [(urlsplit(url), key) for url, key in addresses]
        self._due: queue.SimpleQueue[tuple[int, bool] | None] = queue.SimpleQueue()
        self.statuses: Counter[int] = Counter()

    def run(self, rate: float, warm_up: float, seconds: float) -> None:
        """Send; its threads end with it."""
        workers = [Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        began, is_measured = time.monotonic(), False
        try:
            for number in range(round(rate * (warm_up + seconds))):
                due = number / rate
                time.sleep(max(0.0, began + due - time.monotonic()))
                if due >= warm_up and not is_measured:
                    print("warm", file=sys.stderr, flush=True)
                    is_measured = True
                self._due.put((number, is_measured))
        finally:
            for _ in workers:
                self._due.put(None)
            for worker in workers:
                worker.join()

    def _work(self) -> None:
        connections = [HTTPConnection(url.hostname or "", url.port, timeout=30) for url, _ in self._addresses]
        while (due := self._due.get()) is not None:
            number, is_measured = due
            at = number % len(connections)
            (url, key), connection = self._addresses[at], connections[at]
            try:
                connection.request("GET", url.path + PATH, headers={"Authorization": f"Bearer {key}"})
                response = connection.getresponse()
                response.read()
                status = response.status
            except (OSError, HTTPException):
                connection.close()
                status = 0
            self.statuses[status] += is_measured


def main() -> None:
    """Make noise for as long as was asked."""
    rate, warm_up, seconds, *rest = sys.argv[1:]
    noise = Noise(list(zip(rest[::2], rest[1::2], strict=True)))
    noise.run(float(rate), float(warm_up), float(seconds))
    print(json.dumps(noise.statuses))


if __name__ == "__main__":
    main()
