"""What is ahead of a block: its templates one after the other, as a forecast of when the last one is done."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sequencer.durations import PRESET, Ahead, Durations, Work, closing, opening, reduction
from sequencer.observing.beam import is_twilight
from sequencer.observing.block import TemplateCall
from sequencer.observing.estimate import dark_series, readout_of
from sequencer.observing.findings import Findings
from sequencer.observing.planning import (
    DarkSeries,
    Pace,
    Walked,
    longest,
    matching_darks,
    sky_forecast,
)

Walk = Callable[[TemplateCall, float], Walked | None]
"""(twilight template, Unix s UTC it can begin) -> what it has to do; None where there is no twilight."""

Used = Set[tuple[str, float, int]]
"""Camera, DIT in s and NDIT of frames taken on the sky."""

SAME_DIT = 1.1
"""DITs within this factor are one in the plan of the darks: the controller's next ones come close (assumed)."""


@dataclass(frozen=True)
class BlockAhead:
    """The templates of a block whose parameters are `complete`, and what is known of how long things take.

    Every method adds to what is `ahead`, and returns it; None where a twilight is not to be had.
    """

    found: Findings
    durations: Durations
    pace: Pace
    walk: Walk

    def whole(self, ahead: Ahead, index: int, walked: Walked | None = None) -> Ahead | None:
        """A template that has not begun, and all after it; `walked` if it is a twilight already walked through."""
        call = self.found.ob.templates[index]
        opens = opening(call.name, first=index == 0)
        if not is_twilight(call):
            ahead.then(Work(counts={opens: 1}))
            return self.darks(ahead, index, dark_series(call, self.found))
        walked = walked or self.walk(call, ahead.now_s + ahead.forecast().expected_s)
        if walked is None:
            return None
        ahead.wait(walked.twilight.window.start_s - self.pace.sets_out_s)
        opened = self.durations.known(opens)
        if opened:  # its own first filter change is the sky's
            ahead.then(Work(-self.pace.filter_change_s, {opens: 1}))
        else:
            ahead.then(Work(counts={PRESET: 1}))
        ahead.wait(walked.twilight.window.start_s)
        self._sky(ahead, walked, begun=False, opened=opened)
        return self.after_sky(ahead, index, self.matching(call, walked, frozenset()))

    def darks(
        self,
        ahead: Ahead,
        index: int,
        series: Iterable[DarkSeries],
        elapsed_s: Mapping[str, float] | None = None,
    ) -> Ahead | None:
        """The darks of a template that are left, and all after it; `elapsed_s` as in `longest`."""
        call = self.found.ob.templates[index]
        ahead.then(longest(series, self.durations, elapsed_s))
        if not is_twilight(call):
            ahead.then(Work(counts={closing(call.name): 1}))
        return self.later(ahead, index)

    def sky(
        self, ahead: Ahead, index: int, left: Walked | None, series: Sequence[DarkSeries]
    ) -> Ahead | None:
        """What is `left` on the sky of a template that has begun (None: nothing), its darks, and all after it."""
        if left is not None:
            ahead.wait(left.twilight.window.start_s)
            self._sky(ahead, left, begun=True)
        return self.after_sky(ahead, index, series)

    def after_sky(self, ahead: Ahead, index: int, series: Sequence[DarkSeries]) -> Ahead | None:
        """Hand-over, the wait for persistence, the darks that match, and all after the template."""
        call = self.found.ob.templates[index]
        wait_s = call.parameters["SEQ.DARK.WAIT"] if series else 0.0
        ahead.then(Work(wait_s, {closing(call.name): 1}))
        return self.darks(ahead, index, series)

    def later(self, ahead: Ahead, index: int) -> Ahead | None:
        """All templates after one that is over."""
        calls = self.found.ob.templates
        if index + 1 >= len(calls):
            return ahead
        ahead.then(Work(counts={reduction(calls[index].name): 1}))
        return self.whole(ahead, index + 1)

    def matching(self, call: TemplateCall, left: Walked | None, used: Used) -> list[DarkSeries]:
        """The darks of a twilight template: for the frames taken, and for those still to come."""
        p = call.parameters
        if not p["SEQ.DARK"]:
            return []
        n, detectors = p["SEQ.DARK.NEXPO"], self.found.instrument.detectors
        read_outs = {camera: readout_of(call, one) for camera, one in detectors.items()}
        settle = {camera: reads for camera, (_, reads) in read_outs.items()}
        planned = [] if left is None else matching_darks(left, n, settle)
        taken = [
            DarkSeries(camera, read_outs[camera][0], dit_s, ndit, n, settle[camera])
            for camera, dit_s, ndit in sorted(used)
        ]
        return [*taken, *(one for one in planned if not any(_alike(one, other) for other in taken))]

    def _sky(self, ahead: Ahead, walked: Walked, *, begun: bool, opened: bool = False) -> None:
        """The sky; another sky has other DITs, and so more or fewer darks."""
        sky = sky_forecast(walked, self.pace, self.durations, begun=begun, opened=opened)
        ahead.sky(sky, walked.twilight.end_s)
        darks_s = walked.course.darks_s
        ahead.then(Work(), walked.fainter.darks_s - darks_s, walked.brighter.darks_s - darks_s)


def _alike(one: DarkSeries, other: DarkSeries) -> bool:
    ratio = one.dit_s / other.dit_s if other.dit_s else math.inf
    same = (one.camera, one.ndit) == (other.camera, other.ndit)
    return same and 1.0 / SAME_DIT < ratio < SAME_DIT
