"""Bounds how often one address makes the service look up a wrong Connector Key.

A key of an account that this container does not know costs a read of Secrets Manager, and occupies an execution
meanwhile. With invented account names a client could cause thousands of these reads. So each address has an allowance
of reads that find no valid key; beyond it, unknown keys are not looked up. An address with valid keys is never bounded,
whatever the number of its accounts, and neither is an account whose key is cached.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

AT_ONCE: Final = 10
SECONDS_EACH: Final = 0.5
"""The time after which an address may cause one more read."""
_MOST_ADDRESSES: Final = 1000


class Guesses:
    """The allowances of one container (generic cell rate algorithm); `now` is in seconds. Thread-safe.

    An address may cause `at_once` reads, and one more every `seconds_each`.
    """

    def __init__(self, at_once: int = AT_ONCE, seconds_each: float = SECONDS_EACH) -> None:
        self._at_once = at_once
        self._seconds_each = seconds_each
        self._lock = Lock()
        self._none_since: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """The seconds until another key of the address may be looked up; 0 for at once."""
        with self._lock:
            until = self._none_since.get(network_of(address), now)
            return max(0.0, until - now - self._seconds_each * (self._at_once - 1))

    def count(self, address: str, now: float) -> None:
        """Count a key of the address that was looked up and is not valid."""
        network = network_of(address)
        with self._lock:
            self._none_since[network] = max(self._none_since.get(network, now), now) + self._seconds_each
            self._none_since.move_to_end(network)
            if len(self._none_since) > _MOST_ADDRESSES:
                self._none_since.popitem(last=False)


def network_of(address: str) -> str:
    """The network of one client: an IPv4 address, or the first 64 bits of an IPv6 address.

    >>> network_of("192.0.2.7"), network_of("2001:db8:0:7::1"), network_of("2001:db8::7:0:0:0:2"), network_of("?")
    ('192.0.2.7', '2001:db8:0:7::', '2001:db8:0:7::', '?')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else address
