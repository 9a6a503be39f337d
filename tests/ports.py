"""TCP ports for servers of a test that must know their address beforehand."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import TextIO

FIRST, LAST = 15000, 30000
"""Below the ports a system gives out by itself (Linux: from 32768 on): no client takes one between choice and use."""

CLAIMS = Path(tempfile.gettempdir()) / f"hil-sequencer-ports-{os.getuid()}"
"""A file for each port ever claimed; who holds its lock has the port."""

_chance = random.Random()
_claimed: list[TextIO] = []


def free_ports(count: int) -> list[int]:
    """So many ports of 127.0.0.1 at which nobody listens, claimed until this process ends."""
    found: list[int] = []
    while len(found) < count:
        port = _chance.randrange(FIRST, LAST)
        if _claim(port) and _nobody_listens(port):
            found.append(port)
    return found


def _claim(port: int) -> bool:
    """Whether no test of this machine has claimed the port before; the claim ends with the process."""
    CLAIMS.mkdir(exist_ok=True)
    claim = (CLAIMS / str(port)).open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _claimed.append(claim)
    return True


def _nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
