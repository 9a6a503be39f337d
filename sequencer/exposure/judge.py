"""What a recorded frame is measured against, by the mode it was taken in, and so what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.exposure.conditions import Conditions
from sequencer.exposure.limits import SATURATION_FRACTION
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.rate import Background
from sequencer.exposure.reading import Reading
from sequencer.exposure.verdict import Verdict, verdict
from sequencer.figures import apart

LEVEL_SIGMA = 0.001
"""How well a level is measured: in LEVEL a frame nearer than this to the edge of the tolerance is not kept."""


@dataclass(frozen=True)
class Frame:
    """A frame as taken: conditions at its opening, DIT, NDIT and what was measured, as `record` is told."""

    opening: Conditions
    dit_s: float
    ndit: int
    level_e: float
    probe: bool = False
    saturated: bool = False
    p99_e: float | None = None
    starry: str = ""

    @property
    def exposed_s(self) -> float:
        """The time exposed in all."""
        return self.dit_s * self.ndit

    @property
    def middle(self) -> Conditions:
        """Conditions at mid-exposure."""
        return self.opening.after(0.5 * self.exposed_s)


def judge(frame: Frame, sky: Background, plan: LevelPlan, reading: Reading | None, objection: str) -> Verdict:
    """The verdict on a frame, before anything is learned from it.

    `reading` is what it measured, None if saturated or unstable; `objection` is why it is unstable.
    """
    well_e, fraction = sky.limits.full_well_e, frame.level_e / sky.limits.full_well_e
    thermal = "" if frame.probe or reading is None else _thermal(reading, plan)
    return verdict(
        fraction,
        fraction if frame.probe else _expected_fraction(frame, sky, plan),
        plan.tolerance - (LEVEL_SIGMA if plan.mode == "LEVEL" else 0.0),
        _limit_fraction(plan),
        p99_fraction=None if frame.p99_e is None else frame.p99_e / well_e,
        saturated=frame.saturated,
        starry=frame.starry,
        unstable=objection,
        cloudy=reading.cloud if reading else "",
        thermal=thermal,
    )


def _thermal(reading: Reading, plan: LevelPlan) -> str:
    """Why a frame shows the floor rather than the sky; empty if it does not."""
    wanted = plan.twilight_share_min
    if plan.mode != "LEVEL" or reading.twilight_share >= wanted:
        return ""
    share, least = apart(100.0 * reading.twilight_share, 100.0 * wanted, "0f")
    return f"{share} % of the light is twilight, at least {least} % wanted"


def _expected_fraction(frame: Frame, sky: Background, plan: LevelPlan) -> float:
    """What a frame is measured against: the clear sky's prediction in FIXED and LADDER, else the target.

    In AIRMASS the prediction too where a limit of the DIT keeps the target out of reach.
    """
    at_limit = not sky.limits.min_dit_s < frame.dit_s < sky.limits.max_dit_s
    if plan.mode in ("FIXED", "LADDER") or (plan.mode == "AIRMASS" and at_limit):
        return sky.outlook(frame.opening, clear=True).level_fraction(frame.dit_s, frame.ndit)
    return plan.target_fraction


def _limit_fraction(plan: LevelPlan) -> float:
    """The level above which a frame counts as saturated; a ladder's top rung may use its tolerance."""
    if plan.mode != "LADDER":
        return plan.max_fraction
    top = max(plan.levels) * (1.0 + plan.tolerance)
    return max(plan.max_fraction, min(top, SATURATION_FRACTION))
