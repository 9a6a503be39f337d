"""What an exposure controller is told about the wish behind the frames, and the Sun's say in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from sequencer.exposure.answers import MAX_WAIT_S, Stop, Wait
from sequencer.exposure.dit_list import DEFAULT_STEP, DitList
from sequencer.exposure.limits import DetectorLimits

Mode = Literal["FIXED", "AIRMASS", "LADDER", "LEVEL"]
Direction = Literal["EVENING", "MORNING"]

SUN_SPEED_DEG_S = 15.0 / 3600.0
"""The fastest the Sun can rise or set: the Earth's rotation. A wait worked out with it is never too long."""


@dataclass(frozen=True)
class LevelPlan:
    """The wanted levels, in full wells, and the conditions for them. Names are those of the SEQ parameters.

    `airmasses` matter in FIXED (the DIT is chosen for the middle one), `levels` and `passes` in LADDER.
    `integration_s` is SEQ.TIME: NDIT = max(1, round(TIME / DIT)); without it NDIT is `fixed_ndit`.
    `sun_limits_deg` is (min, max) of the Sun's altitude, None for no limits. `twilight_share_min`, 0 to below 1,
    is the share of twilight in the light below which a frame in LEVEL shows the floor, not the sky. `dit_step` is that
    of the list of DITs in LEVEL (ratio of neighbours minus 1; 0: any DIT). Raises
    ValueError for an unknown mode or direction, or figures out of range.
    """

    mode: Mode = "FIXED"
    direction: Direction = "MORNING"
    target_fraction: float = 0.5
    tolerance: float = 0.1
    max_fraction: float = 0.85
    airmasses: tuple[float, ...] = (1.0,)
    levels: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.85)
    passes: int = 2
    integration_s: float | None = None
    sun_limits_deg: tuple[float, float] | None = None
    twilight_share_min: float = 0.5
    fixed_ndit: int = 1
    dit_step: float = DEFAULT_STEP

    def __post_init__(self) -> None:
        if self.mode not in ("FIXED", "AIRMASS", "LADDER", "LEVEL"):
            raise ValueError(f"mode {self.mode!r} is none of FIXED, AIRMASS, LADDER, LEVEL")
        if self.direction not in ("EVENING", "MORNING"):
            raise ValueError(f"direction {self.direction!r} is neither EVENING nor MORNING")
        if not 0.0 < self.target_fraction <= self.max_fraction <= 1.0:
            text = f"{self.target_fraction}, {self.max_fraction}"
            raise ValueError(f"0 < target <= limit <= 1 must hold: {text}")
        if not 0.0 < self.tolerance < 1.0:
            raise ValueError(f"tolerance {self.tolerance} is not between 0 and 1")
        if not self.airmasses or not all(1.0 <= airmass < math.inf for airmass in self.airmasses):
            raise ValueError(f"airmasses must be 1 or more: {self.airmasses}")
        if not 0.0 <= self.twilight_share_min < 1.0:
            raise ValueError(f"share of twilight {self.twilight_share_min} is not between 0 and 1")
        if not (self.integration_s is None or 0.0 < self.integration_s < math.inf):
            raise ValueError(f"integration time {self.integration_s} s is not above 0")
        if not 0.0 <= self.dit_step < math.inf:
            raise ValueError(f"step of the DIT list {self.dit_step} is negative")
        if self.fixed_ndit < 1:
            raise ValueError(f"NDIT {self.fixed_ndit} is not 1 or more")

    def dits(self, limits: DetectorLimits) -> DitList | None:
        """The DITs to choose from: a list in LEVEL with a step, any otherwise."""
        listed = self.mode == "LEVEL" and self.dit_step > 0.0
        return DitList.log_spaced(limits, self.dit_step) if listed else None

    def ndit(self, dit_s: float) -> int:
        """NDIT for a DIT: as many as the integration time holds, at least 1; the fixed one without it."""
        return self.fixed_ndit if self.integration_s is None else max(1, round(self.integration_s / dit_s))

    def sun_objection(self, sun_altitude_deg: float) -> Wait | Stop | None:
        """What the Sun's altitude forbids: Wait before the twilight, Stop after it, None inside the
        limits."""
        if self.sun_limits_deg is None:
            return None
        low, high = self.sun_limits_deg
        excess_deg = max(sun_altitude_deg - high, low - sun_altitude_deg)
        if excess_deg <= 0.0:
            return None
        too_bright = sun_altitude_deg > high
        where = f"the Sun is at {sun_altitude_deg:.2f} deg, {'above' if too_bright else 'below'} "
        where += f"{high if too_bright else low:g} deg"
        if too_bright == (self.direction == "EVENING"):
            return Wait(min(max(excess_deg / SUN_SPEED_DEG_S, 1.0), MAX_WAIT_S), f"{where}: too early")
        return Stop(f"{where}: the twilight is over")
