"""The pulse of the wire: how often whoever is alive says so, and after how many beats of silence he counts as dead."""

from __future__ import annotations

from sequencer.clock import Clock

BEAT_S = {"wall": 1.0, "scaled": 1.0, "virtual": 60.0}
"""Seconds of liveness time between two heartbeats, and between two signs of life of a running command."""

PATIENCE = 10.0
"""Beats a client waits for the next word; it asks again half-way. Less than LAPSE: who still holds a device hears of
its silence before the device may be another's."""

RENEW = 5.0
"""Beats between two signs of life of a lease's owner."""

LAPSE = 15.0
"""Beats of the owner's silence after which the lease has lapsed: the device makes itself safe, another may claim."""


def beats_s(clock: Clock, beats: float) -> float:
    """Seconds of `clock`'s liveness time in so many beats."""
    return BEAT_S[clock.kind] * beats


async def rest(clock: Clock, beats: float, key: str) -> None:
    """Let so many beats pass; `key` as of `Clock.sleep`."""
    await clock.sleep(beats_s(clock, beats) * clock.rate, key)
