"""What a rehearsal foresees, as data: the form of `rehearsal.json`. Times are Unix seconds UTC."""

from __future__ import annotations

from msgspec import Struct

from sequencer.acquisition.cards import CardValue


class Doing(Struct, frozen=True):
    """Something one device does from when to when, in words: a command, or a series of `frames` exposures."""

    device: str
    start_s: float
    end_s: float
    what: str
    frames: int = 0


class ForeseenTemplate(Struct, frozen=True):
    """One template: how it ends, and what every device does meanwhile."""

    name: str
    start_s: float
    end_s: float
    outcome: str
    doings: list[Doing]


class ForeseenFrame(Struct, frozen=True):
    """One frame: its labels, its size on disk, what takes it, and its headers, the primary one first.

    `raw_type` is what the instrument's pipeline calls it and `recipe` what takes it; where none does, both are empty
    and `left_out` says why. `header_file` is a text file in the rehearsal's folder with the cards as they will be.
    """

    file: str
    header_file: str
    start_s: float
    end_s: float
    camera: str
    kind: str
    filter: str
    airmass: float | None
    dit_s: float
    ndit: int
    level_fraction: float | None
    verdict: str
    size_bytes: int
    raw_type: str
    recipe: str
    left_out: str
    headers: list[dict[str, CardValue]]


class ForeseenSet(Struct, frozen=True):
    """Frames one recipe takes together, and what it still lacks."""

    name: str
    raw_type: str
    recipe: str
    frames: int
    missing: list[str]


class Interval(Struct, frozen=True):
    """How long something takes by what `runs` earlier runs taught, and between what it is nine times out of ten.

    0 runs: some of it is the instrument's figures.
    """

    expected_s: float
    low_s: float
    high_s: float
    runs: int


class ForeseenStep(Struct, frozen=True):
    """How often a step is done, how long that takes in all, simulated; and how long one took in `earlier` runs."""

    step: str
    n: int
    seconds: float
    earlier: Interval | None = None


class Foreseen(Struct, frozen=True):
    """A rehearsed block. `total_s` is what its templates took in virtual time, `interval` what earlier runs say of it.

    `block_status` is the letter a run like this ends with. Of flats and ladder frames `flats_asked` are asked for,
    `flats_missing` do not come about; `missing` names their series. `warnings` is what else an observer should know.
    """

    run: str
    ob: str
    instrument: str
    deployment: str
    outcome: str
    reason: str
    block_status: str
    start_s: float
    end_s: float
    total_s: float
    interval: Interval | None
    disk_bytes: int
    disk_free_bytes: int
    flats_asked: int
    flats_missing: int
    missing: list[str]
    warnings: list[str]
    templates: list[ForeseenTemplate]
    sets: list[ForeseenSet]
    steps: list[ForeseenStep]
    frames: list[ForeseenFrame]
