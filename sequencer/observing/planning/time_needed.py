"""How long the templates of a block take, as work that a forecast knows how to spread: integrations and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sequencer.config.models import Instrument
from sequencer.durations import (
    FILTER_CHANGE,
    NOTHING,
    OFFSET,
    PRESET,
    Durations,
    Forecast,
    Work,
    closing,
    opening,
    read_out,
)
from sequencer.observing.planning.night import Walked
from sequencer.observing.planning.programme import Pace


@dataclass(frozen=True)
class DarkSeries:
    """Equal exposures of one camera, in shade: `n` of NDIT times DIT in a mode, `settle` reads thrown away before."""

    camera: str
    mode: str
    dit_s: float
    ndit: int
    n: int
    settle: int = 0

    @property
    def work(self) -> Work:
        """Its integrations and read-outs."""
        reads = self.n + self.settle if self.n else 0
        return Work(reads * self.dit_s * self.ndit, {read_out(self.camera, self.mode): reads})


def figures_of(
    instrument: Instrument, templates: Iterable[str] = (), flats: Iterable[str] = ()
) -> dict[str, float]:
    """The instrument's own figures in s, by kind of step; assumed is that one change of set-up opens each of these
    templates, and closes each of those that take `flats`."""
    telescope = instrument.telescope
    change_s = telescope.filter_change_s
    figures = {PRESET: telescope.preset_s, FILTER_CHANGE: change_s, OFFSET: telescope.offset_s}
    for camera, detector in instrument.detectors.items():
        figures |= {read_out(camera, name): mode.overhead_s for name, mode in detector.modes.items()}
    for name in templates:
        figures |= {opening(name, first=first): change_s for first in (True, False)}
    figures |= {closing(name): change_s for name in flats}
    return figures


def longest(
    series: Iterable[DarkSeries], durations: Durations, elapsed_s: Mapping[str, float] | None = None
) -> Work:
    """The work of the camera that is busy longest: all expose at the same time.

    `elapsed_s` is how long a camera is already at its next exposure.
    """
    by_camera: dict[str, Work] = {}
    for one in series:
        begun = Work(-(elapsed_s or {}).get(one.camera, 0.0))
        by_camera[one.camera] = by_camera.get(one.camera, begun) + one.work
    return max(by_camera.values(), key=lambda work: durations.forecast(work).expected_s, default=Work())


def sky_forecast(
    walked: Walked, pace: Pace, durations: Durations, *, begun: bool, opened: bool = False
) -> Forecast:
    """How long the sky of a twilight takes, as walked through, from when it can begin until the window ends at most.

    The preset before the first level is not in it, unless the template has `begun`. It scatters by presets, filter
    changes and read-outs, and by the sky's own 1 sigma; `opened`: the first filter change scatters elsewhere, with the
    opening of the template that earlier runs taught.
    """
    twilight, course, begins_s = walked.twilight, walked.course, walked.twilight.begin_s
    if not begun:
        begins_s = max(begins_s + pace.preset_s, twilight.window.start_s)
    if not course.arrivals:
        return NOTHING
    takes_s = max(walked.sky_end_s - begins_s, 0.0)
    counts = _moves(walked, begun=begun)
    if opened and counts[FILTER_CHANGE]:
        counts[FILTER_CHANGE] -= 1
    certain_s = takes_s - sum(count * durations.mean_s(key) for key, count in counts.items())
    fainter_s, brighter_s = (
        max(other.sky_end_s, begins_s) - walked.sky_end_s for other in (walked.fainter, walked.brighter)
    )
    forecast = durations.forecast(Work(certain_s, counts), fainter_s, brighter_s)
    return forecast.at_most(max(twilight.end_s - begins_s, 0.0))


def matching_darks(walked: Walked, n: int, settle: Mapping[str, int]) -> list[DarkSeries]:
    """The darks that match what is walked through: `n` for each camera, DIT and NDIT; settling reads by camera."""
    modes = {wish.camera: wish.mode for wish in walked.course.programme.wishes}
    used = {(row.camera, row.dit_s, row.ndit) for row in walked.course.rows if row.n and row.kind != "dark"}
    return [
        DarkSeries(camera, modes[camera], dit_s, ndit, n, settle[camera])
        for camera, dit_s, ndit in sorted(used)
    ]


def _moves(walked: Walked, *, begun: bool) -> Counter[str]:
    """Presets, filter changes, and the read-outs of the camera that has most, offsets between them."""
    moves = Counter(walked.course.moves)
    moves[PRESET] -= 0 if begun else 1
    if walked.course.reads:
        (camera, mode), reads = max(walked.course.reads.items(), key=lambda item: item[1])
        moves[read_out(camera, mode)] += reads
    return moves
