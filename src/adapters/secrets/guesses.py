"""Bounds how often one address makes the service look up a Connector Key that turns out to be none.

A key of an account that this container does not know costs a read of Secrets Manager. Who invents account names
could have thousands of them made, each of which holds an execution meanwhile. So each address has a few of these reads
for nothing; beyond it a key that is not known here is not looked up. An address whose keys are right is never bounded,
however many accounts come from it, and neither is an account whose key is known here.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

AT_ONCE: Final = 10
SECONDS_EACH: Final = 0.5
"""After which an address may have one more."""
_MOST_ADDRESSES: Final = 1000


class Guesses:
    """Of one container (the generic cell rate algorithm); `now` is in seconds, and methods may be called by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._none_since: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Seconds until the address may have another key looked up; 0 for at once."""
        with self._lock:
            until = self._none_since.get(network_of(address), now)
            return max(0.0, until - now - SECONDS_EACH * (AT_ONCE - 1))

    def count(self, address: str, now: float) -> None:
        """A key of the address was looked up and is none."""
        network = network_of(address)
        with self._lock:
            self._none_since[network] = max(self._none_since.get(network, now), now) + SECONDS_EACH
            self._none_since.move_to_end(network)
            if len(self._none_since) > _MOST_ADDRESSES:
                self._none_since.popitem(last=False)


def network_of(address: str) -> str:
    """What one sender has: an address of IPv4, 64 bits of IPv6.

    >>> network_of("192.0.2.7"), network_of("2001:db8:0:7::1"), network_of("2001:db8::7:0:0:0:2"), network_of("?")
    ('192.0.2.7', '2001:db8:0:7::', '2001:db8:0:7::', '?')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else address
