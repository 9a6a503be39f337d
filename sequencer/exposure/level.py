"""LEVEL: the DIT that holds a level while the sky fades or brightens; when to wait for it, and when it is over."""

from __future__ import annotations

import math

from sequencer.exposure.answers import Answer, Expose, Stop, Wait
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import DitList
from sequencer.exposure.hold import Hold
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.rate import Background
from sequencer.exposure.reach import Reach, reach

HOPE_SIGMAS = 2.0
"""By how many sigma a sky hardly known may already suit, or still suit, before a probe tells."""

DAWN_HOPE_SIGMAS = 4.0
"""The same before the first frame at dawn: a probe of a sky still too faint costs no time, coming late costs flats."""

FRESH_SIGMA = 0.02
"""Doubt of ln(rate) above which a sky that is waited for at dawn is probed again: 6 s of twilight. Assumed."""

SAFE_PROBE_FRACTION = 0.82
"""Level at the minimum DIT from which on a fading sky is probed: 0.6 sigma of 30 % below saturation,
which costs another probe, while coming late costs flats."""

USUAL_SIGMA = 0.3
"""The doubt of a usual prior; more lets a probe come earlier."""

MOST_DOUBT = 5.0
"""ln of the largest factor by which doubt brings a probe earlier."""

DARK_SHARE = 0.3
"""Share of twilight below which a probe at dawn shows the floor. Assumed."""

FLOOR_SIGMA = 0.1
"""Doubt of ln(twilight / floor) from which on such a probe is worth it. Assumed."""

CLOUD_HOLD_S = (5.0, 20.0)
"""First and longest wait behind a cloud before looking again. Assumed."""

BRIGHT_HOLD_S = (30.0, 480.0)
"""First and longest wait in a fading sky that saturated the minimum DIT. Assumed."""

MAX_LOOKS = 180
"""Looks at clouds before the filter is given up: an hour or more."""


class ConstantLevel:
    """Decides for one filter in LEVEL, on what `sky` believes. The twilight ends by the clear sky: behind a cloud
    one waits and looks again."""

    def __init__(self, sky: Background, plan: LevelPlan, dit_list: DitList | None) -> None:
        self._sky, self._plan, self._dit_list = sky, plan, dit_list
        self._kept_dit_s: float | None = None
        self._cloud, self._bright = Hold(*CLOUD_HOLD_S), Hold(*BRIGHT_HOLD_S)
        self._looks = 0

    def known(self, opening: Conditions) -> bool:
        """Whether the level can be predicted within the tolerance; at dawn, while one waits for the first flat,
        more closely, and the share of twilight too."""
        plan, sky = self._plan, self._sky
        sigma = sky.sigma(opening)
        if sigma > plan.tolerance:
            return False
        if plan.direction == "EVENING" or self._kept_dit_s is not None or sky.veil:
            return True
        obstacle = self._reach(opening).obstacle
        if obstacle == "thermal" and sky.share_sigma(opening) > plan.tolerance:
            return False
        return sigma <= FRESH_SIGMA or obstacle in ("", "bright")

    def unsure(self, opening: Conditions, time_s: float) -> Wait | Stop | None:
        """What to do besides probing a sky that is hardly known: wait while it hardly suits, stop if it hardly
        can. None: probe."""
        holding = self._bright.left(time_s)
        if holding is not None:
            return holding
        evening = self._plan.direction == "EVENING"
        last = self._hoped(opening, HOPE_SIGMAS if evening else -HOPE_SIGMAS)
        if last.late(self._plan.direction):
            return Stop(last.reason)
        hope = HOPE_SIGMAS if self._sky.frames else DAWN_HOPE_SIGMAS
        first = self._hoped(opening, -HOPE_SIGMAS if evening else hope)
        if first.obstacle and not first.late(self._plan.direction):
            return None if self._floor_alone(opening, first) else Wait(first.seconds, first.reason)
        return self._too_bright(opening) if evening else None

    def _too_bright(self, opening: Conditions) -> Wait | None:
        """Wait for a fading sky in which even the minimum DIT may saturate."""
        outlook = self._sky.outlook(opening, clear=True)
        # The less is known of the sky, the less its waiting may hang on what is believed.
        doubt = math.exp(min(max(self._sky.sigma(opening) - USUAL_SIGMA, 0.0), MOST_DOUBT))
        signal_e = outlook.signal_e(outlook.limits.min_dit_s)
        safe_e = outlook.limits.signal_e(SAFE_PROBE_FRACTION) * doubt
        if signal_e <= safe_e:
            return None
        reason = f"the sky is too bright: {100 * outlook.level_fraction(outlook.limits.min_dit_s):.1f} % of full well"
        return Wait(outlook.seconds_until(safe_e / signal_e), f"{reason} at the minimum DIT")

    def _floor_alone(self, opening: Conditions, first: Reach) -> bool:
        """Whether a probe now, before dawn, would show the floor by itself; once."""
        dark = self._sky.outlook(opening, clear=True).twilight_share() < DARK_SHARE
        worth = first.obstacle == "thermal" and self._sky.floor_sigma > FLOOR_SIGMA and self._sky.frames == 0
        return dark and worth

    def answer(self, opening: Conditions, time_s: float) -> Answer | None:
        """Expose, Wait or Stop; None: look at the cloud with a probe."""
        if self._cloud.begun:
            return self._cloud.left(time_s)
        direction = self._plan.direction
        now = self._reach(opening)
        clear = self._reach(opening, clear=True) if self._sky.veil else now
        if clear.late(direction):
            return Stop(clear.reason)
        if not now.obstacle:
            self._cloud.reset()
            self._kept_dit_s = now.dit_s
            return Expose(now.dit_s, now.ndit, False)
        if self._sky.veil and not clear.obstacle:
            return self._hold(time_s, now)
        waiting = clear if now.late(direction) else now
        return Wait(waiting.seconds, waiting.reason)

    def looked(self, usable: bool) -> None:
        """A frame was recorded, usable or not: it has shown what the cloud does."""
        self._cloud.end()
        if usable:
            self._bright.reset()

    def saturated(self, time_s: float) -> None:
        """A frame saturated the minimum DIT; it ended at a time."""
        self._bright.begin(time_s, "the sky saturates the minimum DIT, it is fading")

    def _hold(self, time_s: float, now: Reach) -> Wait | Stop | None:
        if self._looks >= MAX_LOOKS:
            return Stop(f"still behind a cloud after {self._looks} looks: {now.reason}")
        self._looks += 1
        self._cloud.begin(time_s, f"behind a cloud; {now.reason}")
        return self._cloud.left(time_s)

    def _hoped(self, opening: Conditions, sigmas: float) -> Reach:
        """What a clear sky that many sigma brighter than believed would do."""
        outlook = self._sky.outlook(opening, clear=True, sigmas=sigmas, span_s=self._kept_dit_s or 0.0)
        return reach(outlook, self._plan, self._dit_list, self._kept_dit_s)

    def _reach(self, opening: Conditions, *, clear: bool = False) -> Reach:
        outlook = self._sky.outlook(opening, clear=clear, span_s=self._kept_dit_s or 0.0)
        share_sigma = self._sky.share_sigma(opening) if self._plan.twilight_share_min else 0.0
        return reach(outlook, self._plan, self._dit_list, self._kept_dit_s, share_sigma)
