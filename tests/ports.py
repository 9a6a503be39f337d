"""TCP ports for servers of a test that must know their address beforehand."""

from __future__ import annotations

import os
import random
import socket

FIRST, LAST = 15000, 30000
"""Below the ports a system gives out by itself (Linux: from 32768 on): no client takes one between choice and use."""

_chance = random.Random(os.getpid())


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1 that nobody listens at; every process of the test suite begins elsewhere."""
    found: list[int] = []
    while len(found) < count:
        port = _chance.randrange(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
