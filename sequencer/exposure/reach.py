"""LEVEL: whether a DIT reaches the target in a changing sky, and if not, what is in the way and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sequencer.exposure.dit_list import DitList, quantise
from sequencer.exposure.outlook import Outlook
from sequencer.exposure.plan import LevelPlan
from sequencer.figures import apart

BRIGHT_EDGE, FAINT_EDGE = 0.83, 0.70
"""Shares of the tolerance used at the minimum and at the maximum DIT. More gains flats, above all short ones, at
the price of the level's scatter; chosen for 98 % of the flats there are at 1.5 % rms."""

SHARE_SIGMAS = 2.0
"""By how many sigma the share of twilight must be known to exceed its minimum."""

HYSTERESIS = 0.005
"""By how much nearer to the target, in ln(level), another DIT of the list must be to be changed to."""

NDIT_ROUNDS = 3
"""Rounds in which NDIT and DIT settle: the mean over NDIT moves the DIT, and the DIT sets NDIT."""


@dataclass(frozen=True)
class Reach:
    """The DIT and NDIT for the target, or the obstacle ("bright", "faint", "thermal") with its reason.

    `seconds` is how long, 1 to `MAX_WAIT_S`, until the sky may have changed by enough.
    """

    dit_s: float
    ndit: int
    obstacle: str = ""
    reason: str = ""
    seconds: float = 0.0

    def late(self, direction: str) -> bool:
        """Whether the obstacle only gets worse: a sky too bright at dawn, too faint or thermal at dusk."""
        return bool(self.obstacle) and (self.obstacle == "bright") != (direction == "EVENING")


def reach(
    outlook: Outlook,
    plan: LevelPlan,
    dit_list: DitList | None = None,
    kept_dit_s: float | None = None,
    floor_margin_e_s: float = 0.0,
) -> Reach:
    """What a DIT that opens into `outlook` can do for the target of `plan`.

    `kept_dit_s` is the DIT of the frame before, kept unless another of the list is clearly nearer;
    `floor_margin_e_s` 1 sigma of the floor against the twilight.
    """
    limits, ndit = outlook.limits, plan.fixed_ndit
    wanted_s = outlook.dit_for(plan.target_fraction, ndit)
    for _ in range(NDIT_ROUNDS if plan.integration_s else 0):
        ndit = plan.ndit(min(max(wanted_s, limits.min_dit_s), limits.max_dit_s))
        wanted_s = outlook.dit_for(plan.target_fraction, ndit)
    chosen = quantise(wanted_s, limits, dit_list)
    dit_s = chosen.dit_s
    if dit_list is not None and kept_dit_s in dit_list.dits_s and not chosen.clipped:
        dit_s = _nearer(outlook, plan, ndit, dit_s, kept_dit_s)
    return _limited(outlook, plan, dit_s, ndit, chosen.clipped) or _thermal(
        outlook, plan, dit_s, ndit, floor_margin_e_s
    )


def _nearer(outlook: Outlook, plan: LevelPlan, ndit: int, dit_s: float, kept_dit_s: float) -> float:
    """The DIT kept, unless the other brings the level clearly nearer to the target."""
    wanted = math.log(plan.target_fraction)
    new, kept = (abs(math.log(outlook.level_fraction(dit, ndit)) - wanted) for dit in (dit_s, kept_dit_s))
    return kept_dit_s if kept < new + HYSTERESIS else dit_s


def _limited(outlook: Outlook, plan: LevelPlan, dit_s: float, ndit: int, clipped: str) -> Reach | None:
    """What the minimum or maximum DIT forbids."""
    level = outlook.level_fraction(dit_s, ndit)
    low = plan.target_fraction * (1.0 - FAINT_EDGE * plan.tolerance)
    high = plan.target_fraction * (1.0 + BRIGHT_EDGE * plan.tolerance)
    bright, faint = clipped == "minimum" and level > high, clipped == "maximum" and level < low
    if not (bright or faint):
        return None
    steady_e = outlook.constant_e_s * dit_s
    wanted_e = outlook.limits.signal_e(high if bright else low) - steady_e
    present_e = outlook.signal_e(dit_s, ndit) - steady_e
    factor = wanted_e / present_e if wanted_e > 0.0 and present_e > 0.0 else 0.0
    reason = f"{'the sky is too bright' if bright else 'the sky runs out'}: "
    reason += f"{100 * level:.1f} % of full well at the {clipped} DIT"
    return Reach(dit_s, ndit, "bright" if bright else "faint", reason, outlook.seconds_until(factor))


def _thermal(outlook: Outlook, plan: LevelPlan, dit_s: float, ndit: int, floor_margin_e_s: float) -> Reach:
    """What too small a share of twilight forbids."""
    wanted = plan.twilight_share_min
    most = replace(outlook, floor_e_s=outlook.floor_e_s + SHARE_SIGMAS * floor_margin_e_s)
    share = most.twilight_share(0.5 * dit_s * ndit)
    if share >= 1.0 or wanted <= 0.0:
        return Reach(dit_s, ndit)
    odds = share / (1.0 - share)
    if odds >= wanted / (1.0 - wanted):
        return Reach(dit_s, ndit)
    sure, least = apart(100.0 * odds / (1.0 + odds), 100.0 * wanted, "0f")
    reason = f"too little twilight: {sure} % of the light for sure, at least {least} % wanted"
    factor = wanted / (1.0 - wanted) / odds if odds > 0.0 else 0.0
    return Reach(dit_s, ndit, "thermal", reason, outlook.seconds_until(factor))
