"""Ports of this machine: a free one, and what servers listen on."""

from __future__ import annotations

import socket

_SECONDS = 2


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_addresses() -> list[str]:
    """This machine's addresses but 127.0.0.1. Nothing is sent to find them out.

    127.0.0.2 is one on Linux: who listens on every address also listens there.
    """
    found = {"127.0.0.2", *(str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:
            # The way to an address that no machine has (RFC 5737) begins at the one that others know this machine by.
            route.connect(("192.0.2.1", 9))
            found.add(route.getsockname()[0])
        except OSError:
            pass  # no network
    return sorted(found - {"127.0.0.1"})


def listening_elsewhere(port: int) -> list[str]:
    """The addresses, other than 127.0.0.1, at which something takes connections on that port."""

    def takes_connections(address: str) -> bool:
        with socket.socket() as probe:
            probe.settimeout(_SECONDS)
            return probe.connect_ex((address, port)) == 0

    return [address for address in own_addresses() if takes_connections(address)]
