"""What is to be done in one twilight and how long the moves take: the figures a course is walked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import zip_longest

from sequencer.config.models import Instrument
from sequencer.durations import FILTER_CHANGE, OFFSET, PRESET, Durations, read_out
from sequencer.observing.block import TemplateCall
from sequencer.observing.planning.learned import Nights
from sequencer.observing.planning.levels import Level
from sequencer.observing.planning.order import in_order
from sequencer.observing.planning.priors import SunAltitude
from sequencer.observing.planning.series import Series
from sequencer.observing.planning.wishes import FilterWish, filter_wishes
from sequencer.sky import Window


@dataclass(frozen=True)
class Programme:
    """What is to be done in one twilight: `n` frames of each wish in turn at each level, a ladder, the matching darks.

    `ladder` are the rungs' levels in full wells (empty: no ladder), `ladder_filters` those it may be taken in.
    `darks` is the number for each kind (0: none), `dark_wait_s` how long the detectors rest before. Of a programme
    that has begun `taken` are the good frames of each series, `over` the series of which no more are wanted, and
    `here` is the level (airmass asked for) the telescope points at.
    """

    wishes: Sequence[FilterWish]
    levels: Sequence[Level]
    n: int
    cycles: int = 1
    ladder: Sequence[float] = ()
    ladder_filters: Sequence[str] = ()
    darks: int = 0
    dark_wait_s: float = 0.0
    taken: Mapping[Series, int] = field(default_factory=dict)
    over: Set[Series] = frozenset()
    here: float | None = None

    @property
    def cameras(self) -> list[str]:
        """The cameras that expose, in the order of the wishes."""
        return list(dict.fromkeys(wish.camera for wish in self.wishes))

    @property
    def order(self) -> dict[str, list[str]]:
        """The filters of each camera in the order of their turns."""
        return {
            camera: [wish.filter for wish in self.wishes if wish.camera == camera] for camera in self.cameras
        }

    def turns(self) -> Iterator[list[FilterWish]]:
        """One filter of each camera at a time."""
        lanes = [[wish for wish in self.wishes if wish.camera == camera] for camera in self.cameras]
        for turn in zip_longest(*lanes):
            yield [wish for wish in turn if wish is not None]


@dataclass(frozen=True)
class Pace:
    """How long the moves take, in s; `overhead_s` replaces the read-out's of every camera where given.

    `read_outs_s` are the read-outs learned, by camera and mode, `offset_s` that of a move between two frames.
    `lead_s` is the least time before a twilight at which the telescope sets out: presets from one level to the next,
    which teach `preset_s`, are shorter than the way from where it rests.
    """

    preset_s: float
    filter_change_s: float
    overhead_s: float | None = None
    read_outs_s: Mapping[tuple[str, str], float] = field(default_factory=dict)
    offset_s: float | None = None
    lead_s: float = 0.0

    @property
    def sets_out_s(self) -> float:
        """How long before a twilight the telescope sets out."""
        return max(self.preset_s, self.lead_s)


def pace_of(
    instrument: Instrument,
    preset_s: float | None = None,
    overhead_s: float | None = None,
    durations: Durations | None = None,
) -> Pace:
    """The pace of an instrument: as earlier runs taught, else as its file has it, or with other figures."""
    told = durations or Durations({}, {})
    telescope = instrument.telescope
    cameras = instrument.detectors.items()
    read_outs = {(camera, mode): read_out(camera, mode) for camera, one in cameras for mode in one.modes}
    return Pace(
        told.mean_s(PRESET, telescope.preset_s) if preset_s is None else preset_s,
        told.mean_s(FILTER_CHANGE, telescope.filter_change_s),
        overhead_s,
        {which: told.mean_s(key) for which, key in read_outs.items() if told.known(key)},
        told.mean_s(OFFSET) if told.known(OFFSET) else None,
        telescope.preset_s if preset_s is None else preset_s,
    )


def programme_of(
    call: TemplateCall,
    instrument: Instrument,
    window: Window,
    levels: Sequence[Level],
    sun_altitude_deg: SunAltitude,
    learned: Nights | None = None,
    ambient_k: float | None = None,
) -> Programme:
    """What a twilight template whose parameters are `complete` is to do, as figures, at an ambient temperature.

    Raises ValueError for parameters that were refused.
    """
    p = call.parameters
    wishes = filter_wishes(
        p,
        instrument,
        window.kind,  # type: ignore[arg-type]
        tuple(level.airmass for level in levels),
        sun_altitude_deg,
        window.start_s,
        learned,
        ambient_k,
    )
    return Programme(
        in_order(wishes, window.kind),  # type: ignore[arg-type]
        levels,
        p["SEQ.NEXPO"],
        p["SEQ.NCYCLES"],
        p["SEQ.LEVEL.LIST"] if p["SEQ.MODE"] in ("FIXED", "AIRMASS") else (),
        p["SEQ.LEVEL.FILT"] or (),
        p["SEQ.DARK.NEXPO"] if p["SEQ.DARK"] else 0,
        p["SEQ.DARK.WAIT"],
    )
