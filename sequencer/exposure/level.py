"""LEVEL: the DIT that holds a level while the sky fades or brightens; when to wait for it, and when it is over."""

from __future__ import annotations

import math
from dataclasses import replace

from sequencer.exposure.answers import MAX_WAIT_S, Answer, Expose, Stop, Wait
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import DitList
from sequencer.exposure.judge import Frame
from sequencer.exposure.limits import SATURATION_FRACTION
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.rate import Background
from sequencer.exposure.reach import BRIGHT_EDGE, Reach, reach

HOPE_SIGMAS = 4.6
"""By how many sigma a sky hardly known may already suit, or still suit, before a probe tells: a factor of four for a
usual prior of 30 %. A look at a sky that does not suit yet costs no flat, coming late does."""

WEATHER_SIGMAS = 2.0
"""By how many sigma of what was seen of it a wandering sky may depart from its law before it counts as over."""

FRESH_SIGMA = 0.02
"""Doubt of ln(rate) above which a sky that is waited for at dawn is probed again: 6 s of twilight. Assumed."""

DARK_SHARE = 0.3
"""Share of twilight below which a probe at dawn shows the floor. Assumed."""

FLOOR_SIGMA = 0.1
"""Doubt of the floor from which on such a probe is worth it. Assumed."""

CLOUD_HOLD_S = (5.0, 20.0)
"""First and longest wait behind a cloud before looking again, doubled each time. Assumed."""

BRIGHT_HOLD_S = (10.0, 480.0)
"""Shortest and longest wait in a fading sky that saturated the minimum DIT. Assumed."""

FADING = "the sky saturates the minimum DIT, it is fading"

MAX_LOOKS = 180
"""Looks at clouds before the filter is given up: an hour or more."""


class ConstantLevel:
    """Decides for one filter in LEVEL, on what `sky` believes. What suits now is exposed; the twilight ends when
    neither the sky as it is nor its law, and the weather seen, can suit any more. Until then one looks again."""

    def __init__(self, sky: Background, plan: LevelPlan, dit_list: DitList | None) -> None:
        self._sky, self._plan, self._dit_list = sky, plan, dit_list
        self._evening = plan.direction == "EVENING"
        self._kept_dit_s: float | None = None
        self._last_s = -math.inf
        self._saturated_s: float | None = None
        self._looks = 0

    def known(self, opening: Conditions) -> bool:
        """Whether the level can be predicted within the tolerance; at dawn, while one waits for the first flat,
        more closely, and the share of twilight too."""
        plan, sky = self._plan, self._sky
        sigma = sky.sigma(opening)
        if sigma > plan.tolerance:
            return False
        if self._evening or self._kept_dit_s is not None or sky.weather.sigma:
            return True
        obstacle = self._reach(opening).obstacle
        if obstacle == "thermal" and sky.floor_sigma > FLOOR_SIGMA:
            return False
        return sigma <= FRESH_SIGMA or obstacle in ("", "bright")

    def unsure(self, opening: Conditions) -> Wait | Stop | None:
        """What to do besides probing a sky that is hardly known: wait while it hardly suits, stop if it hardly
        can. None: probe."""
        if fading := self._fading(opening):
            return fading
        sign, direction = (1.0 if self._evening else -1.0), self._plan.direction
        last = self._hoped(opening, sign * HOPE_SIGMAS)
        if last.late(direction):
            return Stop(last.reason)
        first = self._hoped(opening, -sign * HOPE_SIGMAS)
        if first.obstacle and not first.late(direction) and not self._floor_alone(opening, first):
            return Wait(first.seconds, first.reason)
        return None

    def _fading(self, opening: Conditions) -> Wait | None:
        """After a look that saturated at dusk: no longer than a sky just too bright to be measured needs to suit."""
        if self._saturated_s is None:
            return None
        outlook, plan = self._sky.outlook(opening), self._plan
        suits_e = outlook.limits.signal_e(min(plan.target_fraction * (1.0 + BRIGHT_EDGE * plan.tolerance), 1.0))
        room = math.log(outlook.limits.signal_e(SATURATION_FRACTION) / suits_e)
        shortest_s, longest_s = BRIGHT_HOLD_S
        hold_s = room / -outlook.slope_per_s if outlook.slope_per_s < 0.0 else longest_s
        return _left(self._saturated_s, min(max(hold_s, shortest_s), longest_s), opening.time_s, FADING)

    def _floor_alone(self, opening: Conditions, first: Reach) -> bool:
        """Whether a probe now, before dawn, would show the floor by itself; once."""
        outlook, sky = self._sky.outlook(opening, clear=True), self._sky
        floor_e_s = max(outlook.floor_e_s, sky.floor_sigma * sky.prior.floor(opening.airmass, opening.temperature_k))
        dark = replace(outlook, floor_e_s=floor_e_s).twilight_share() < DARK_SHARE
        return dark and bool(first.obstacle) and sky.floor_sigma > FLOOR_SIGMA and sky.frames == 0

    def answer(self, opening: Conditions, time_s: float) -> Answer | None:
        """Expose, Wait or Stop; None: look at the weather with a probe."""
        direction, weather = self._plan.direction, self._sky.weather
        now = self._reach(opening)
        if not now.obstacle:
            return Expose(now.dit_s, now.ndit, False)
        if not weather.sigma:
            return Stop(now.reason) if now.late(direction) else Wait(now.seconds, now.reason)
        hoped = self._reach(opening, clear=True, sigmas=self._hope(late=now.late(direction)))
        if hoped.late(direction):
            return Stop(hoped.reason)
        if hoped.obstacle:
            return Wait(min(now.seconds, hoped.seconds), now.reason)
        if self._looks >= MAX_LOOKS:
            return Stop(f"still behind a cloud after {self._looks} looks: {now.reason}")
        first_s, longest_s = CLOUD_HOLD_S
        hold_s = min(first_s * 2.0 ** min(self._looks, 8), longest_s)
        return _left(self._last_s, hold_s, time_s, f"behind a cloud; {now.reason}")

    def _hope(self, *, late: bool) -> float:
        """By how many sigma the weather may make the law suit: brighter where it is too faint, and the other way
        round; a cloud that only darkens gives its clear sky back, nothing more."""
        if not self._sky.weather.both:
            return 0.0
        return WEATHER_SIGMAS if late == self._evening else -WEATHER_SIGMAS

    def recorded(self, frame: Frame, *, taught: bool) -> None:
        """A frame was recorded; `taught`: it has shown what the sky does."""
        self._last_s = frame.opening.time_s + frame.exposed_s
        self._looks = self._looks + 1 if frame.probe else 0
        if not frame.probe:
            self._kept_dit_s = frame.dit_s
        if taught:
            self._saturated_s = None

    def saturated(self) -> None:
        """The frame recorded saturated the minimum DIT."""
        self._saturated_s = self._last_s

    def _hoped(self, opening: Conditions, sigmas: float) -> Reach:
        """What a clear sky that many sigma brighter than believed would do."""
        outlook = self._sky.outlook(opening, clear=True, sigmas=sigmas, span_s=self._kept_dit_s or 0.0)
        return reach(outlook, self._plan, self._dit_list, self._kept_dit_s)

    def _reach(self, opening: Conditions, *, clear: bool = False, sigmas: float = 0.0) -> Reach:
        outlook = self._sky.outlook(opening, clear=clear, sigmas=sigmas, span_s=self._kept_dit_s or 0.0)
        margin_e_s = self._sky.floor_margin_e_s(opening) if self._plan.twilight_share_min else 0.0
        return reach(outlook, self._plan, self._dit_list, self._kept_dit_s, margin_e_s)


def _left(since_s: float, hold_s: float, time_s: float, reason: str) -> Wait | None:
    """What is left of a wait since a time; None once it is over, or where a clock has jumped back."""
    left_s = since_s + hold_s - time_s
    return Wait(min(left_s, MAX_WAIT_S), reason) if 0.0 < left_s <= hold_s + 1e-3 else None
