"""What an exposure controller answers when asked what to do next."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WAIT_S = 60.0
"""Longest wait answered at once; then the controller wants to be asked again."""


@dataclass(frozen=True)
class Expose:
    """Take an exposure of NDIT times DIT. A probe is off the record. `note` warns, or says what the probe
    is for."""

    dit_s: float
    ndit: int
    probe: bool
    note: str = ""


@dataclass(frozen=True)
class Wait:
    """Ask again after that many seconds; the reason is for the operator."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Stop:
    """This filter is finished or cannot be done; asking again gives the same answer."""

    reason: str


Answer = Expose | Wait | Stop
