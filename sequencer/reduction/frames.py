"""Raw frames as their headers describe them, and the groups that are stacked together.

Nothing here asks the journal: what a frame is stands in its own header, so that a run can be reduced again
from its `raw/` folder alone.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.readback import Hdu, all_numbers, read_hdus, read_rows, verify
from sequencer.config.models import DetectorConfig, Instrument
from sequencer.reduction.noise import Figures, figures
from sequencer.reduction.set_up import (
    Optics,
    Readout,
    Window,
    number,
    optics_of,
    readout_of,
    text,
    utc_s,
    whole,
)

Border = tuple[int, int, int, int]

DARK, FLAT, LADDER, BIAS, INS_DARK = "dark", "flat", "ladder", "bias", "insdark"
TYPES = {
    "DARK": DARK,
    "DARK,INS": INS_DARK,
    "FLAT,TWILIGHT": FLAT,
    "BIAS": BIAS,
    "MegaraDarkImage": DARK,
    "MegaraBiasImage": BIAS,
}
"""Kind of a frame by `ESO DPR TYPE`, or by `OBSMODE` of a MEGARA frame."""


@dataclass(frozen=True, order=True)
class GroupKey:
    """What frames of one stack have in common. Optical keys are empty for closed frames: no light, no filter."""

    camera: str
    kind: str
    filter: str
    nd: str
    mask: str
    stop: str
    mode: str
    window: Window
    dit_s: float
    ndit: int
    level_no: int
    gain_e_adu: float
    binning: tuple[int, int]
    temperature_k: float

    @property
    def readout(self) -> Readout:
        """What a dark must share with a flat."""
        return Readout(
            self.camera,
            self.mode,
            self.window,
            self.dit_s,
            self.ndit,
            self.gain_e_adu,
            self.binning,
            self.temperature_k,
        )


@dataclass(frozen=True)
class RawFrame:
    """One raw file by its header. Times are UTC in Unix seconds; `time_s` is the middle of the exposure.

    `template_index` counts from 0. `key` has the detector's temperature as it was measured; that of a set-up it gets
    in a group.
    `sequence_mode` is how the levels were chosen: FIXED, AIRMASS, LADDER, LEVEL, or empty. `floor_e_s` is the
    thermal floor predicted for the exposure (e-/s per pixel, detector dark not in it), NaN where none was or the
    filter sees no twilight, so that all light is thermal.
    """

    path: Path
    key: GroupKey
    detector: DetectorConfig
    exposure: str
    detector_id: str
    level: float
    ladder_pass: int
    airmass: float
    sequence_mode: str
    floor_e_s: float
    start_s: float
    template: str
    template_start: str
    template_index: int
    dpr_type: str
    verdict: str
    simulated: bool
    closed: bool
    primary: dict[str, CardValue] = field(repr=False, compare=False)
    hdus: list[Hdu] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """File name."""
        return self.path.name

    @property
    def good(self) -> bool:
        """Whether the sequencer took the frame for good; a frame without a verdict counts as good."""
        return self.verdict in ("", "good")

    @property
    def time_s(self) -> float:
        """Middle of the exposure."""
        return self.start_s + 0.5 * self.key.dit_s * self.key.ndit

    @property
    def figures(self) -> Figures:
        """Figures of the detector in the frame's read-out mode, with the gain its header tells."""
        return replace(figures(self.detector, self.key.mode), gain_e_adu=self.key.gain_e_adu)

    @property
    def images(self) -> list[Hdu]:
        """The image HDUs, one a chip."""
        return [hdu for hdu in self.hdus if hdu.shape != (0, 0)]

    @property
    def chip_names(self) -> list[str]:
        """Names of the chips: `DET1` of extension `DET1.DATA`; empty for a frame with its image in the primary."""
        return [str(hdu.cards.get("EXTNAME", "")).removesuffix(".DATA") for hdu in self.images]

    @cached_property
    def sha256(self) -> str:
        """Checksum of the whole file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def of_set_up(self, temperature_k: float) -> RawFrame:
        """The same frame as one of a set-up with this temperature of the detector."""
        if temperature_k == self.key.temperature_k:
            return self
        same = replace(self, key=replace(self.key, temperature_k=temperature_k))
        same.__dict__.update({name: value for name, value in vars(self).items() if name == "sha256"})
        return same

    def shape(self, chip: int = 0) -> tuple[int, int]:
        """Rows and columns of a chip's image."""
        return self.images[chip].shape

    def rows(self, chip: int = 0, rows: slice = slice(None)) -> npt.NDArray[np.float32]:
        """Pixels of a chip (ADU, float32), all or some rows, read from the file at each call."""
        return read_rows(self.path, self.images[chip], rows)

    def border(self, chip: int = 0) -> Border:
        """Unlit border (bottom, left, top, right) inside the window that was read out."""
        bottom, left, top, right = self.detector.chips[chip].border_px
        x, y, columns, rows = self.key.window
        nx, ny = self.detector.size_px
        beyond_right, beyond_top = nx - (x - 1 + columns), ny - (y - 1 + rows)
        return (
            max(bottom - (y - 1), 0),
            max(left - (x - 1), 0),
            max(top - beyond_top, 0),
            max(right - beyond_right, 0),
        )

    def check(self) -> None:
        """Raise CorruptFile unless every HDU matches its checksums, the number of chips is the detector's, and all
        pixels are numbers."""
        if len(self.images) != len(self.detector.chips):
            raise CorruptFile(
                f"{self.name}: {len(self.images)} images, the detector has {len(self.detector.chips)} chips"
            )
        verify(self.path, self.hdus)
        for chip, hdu in enumerate(self.images, 1):
            if not all_numbers(self.path, hdu):
                raise CorruptFile(f"{self.name}: image {chip} has pixels that are no numbers")


def read_frame(path: Path, instrument: Instrument) -> RawFrame:
    """A raw frame from its header; pixels stay in the file.

    Raises CorruptFile for a file that is none of ours or does not say of what set-up it is, OSError if unreadable.
    """
    hdus = read_hdus(path)
    try:
        return frame_of(path, hdus, instrument)
    except CorruptFile as error:
        raise CorruptFile(f"{path.name}: {error}") from None


def frame_of(path: Path, hdus: list[Hdu], instrument: Instrument) -> RawFrame:
    """A raw frame from its headers. Raises CorruptFile, which names the card and not the file."""
    if any(hdu.is_packed for hdu in hdus):
        raise CorruptFile("its image is tile-compressed: unpack it, as with funpack")
    cards = hdus[0].cards
    detector = _detector(cards, instrument)
    key = _key(cards, hdus, detector, instrument)
    return RawFrame(
        path,
        key,
        detector,
        exposure=str(cards.get("ESO SEQ EXPID", cards.get("EXPID", path.stem))),
        detector_id=str(cards.get("ESO DET ID", detector.detector_id)),
        level=number(cards, "ESO SEQ LEVEL", default=0.0),
        ladder_pass=whole(cards, "ESO SEQ PASS", 0, default=0),
        airmass=number(cards, "ESO SEQ AIRMASS", default=0.0)
        or number(cards, "ESO TEL AIRM START", default=0.0),
        sequence_mode=text(cards, "ESO SEQ MODE", ""),
        floor_e_s=_floor(cards, detector, instrument, key.filter),
        start_s=utc_s(cards, "DATE-OBS"),
        template=str(cards.get("ESO TPL ID", cards.get("OBSMODE", ""))),
        template_start=str(cards.get("ESO TPL START", cards.get("BLCKUUID", ""))),
        template_index=_template_index(cards),
        dpr_type=_type(cards),
        verdict=text(cards, "ESO SEQ VERDICT", "").lower(),
        simulated=cards.get("ESO GEN SIM") is True,
        closed=_closed(cards),
        primary=cards,
        hdus=hdus,
    )


def _type(cards: dict[str, CardValue]) -> str:
    return str(cards.get("ESO DPR TYPE", cards.get("OBSMODE", "")))


def _floor(
    cards: dict[str, CardValue], detector: DetectorConfig, instrument: Instrument, filter_name: str
) -> float:
    camera = instrument.cameras.get(detector.camera)
    known = camera.filters.get(filter_name) if camera else None
    thermal = known is not None and known.twilight_e_s_mag0 == 0.0
    return math.nan if thermal else number(cards, "ESO SEQ FLOOR", default=math.nan)


def _template_index(cards: dict[str, CardValue]) -> int:
    """Number of the template in the block, from 0: `ESO OBS TPLNO`, or the second part of the exposure id."""
    if "ESO OBS TPLNO" in cards:
        return whole(cards, "ESO OBS TPLNO", 0) - 1
    parts = str(cards.get("EXPID", "")).split("/")
    return int(parts[1]) if len(parts) > 2 and re.fullmatch("[0-9]{1,6}", parts[1]) else 0


def _closed(cards: dict[str, CardValue]) -> bool:
    """Whether no light stop of a MEGARA frame was open (COVER 0 and SHUTTER closed); True where none is recorded."""
    return cards.get("COVER", 0) in (0, "0") and str(cards.get("SHUTTER", "CLOSED")).upper() in (
        "CLOSED",
        "STOP",
        "0",
    )


def _detector(cards: dict[str, CardValue], instrument: Instrument) -> DetectorConfig:
    """The detector of the instrument that delivered the file, by `ESO DET ID`; a lone detector needs no card."""
    detectors = list(instrument.detectors.values())
    name = cards.get("ESO DET ID")
    for detector in detectors:
        if detector.detector_id == name or (name is None and len(detectors) == 1):
            return detector
    raise CorruptFile(f"ESO DET ID is {name!r}, {instrument.name} has no such detector")


def _key(
    cards: dict[str, CardValue], hdus: list[Hdu], detector: DetectorConfig, instrument: Instrument
) -> GroupKey:
    """Group key of a frame; one of a type this stage does not know has an empty kind."""
    kind = TYPES.get(_type(cards), "")
    if kind == FLAT and cards.get("ESO SEQ KIND") == LADDER:
        kind = LADDER
    lit = kind in (FLAT, LADDER)
    images = [hdu for hdu in hdus if hdu.shape != (0, 0)]
    if not images:
        raise CorruptFile("it holds no image")
    optics = optics_of(cards, detector, instrument) if lit else Optics()
    readout = readout_of(cards, [hdu.cards for hdu in images], detector)
    _see_that_shapes_fit(images, readout)
    return GroupKey(
        **vars(optics),
        **readout._asdict(),
        kind=kind,
        level_no=whole(cards, "ESO SEQ LEVELNO", 0, default=0) if lit else 0,
    )


def _see_that_shapes_fit(images: list[Hdu], readout: Readout) -> None:
    (_, _, nx, ny), (bin_x, bin_y) = readout.window, readout.binning
    for hdu in images:
        if hdu.shape != (ny // bin_y, nx // bin_x):
            raise CorruptFile(
                f"its image has {hdu.shape[1]}x{hdu.shape[0]} pixels, its cards say a window of {nx}x{ny}"
                f" binned {bin_x}x{bin_y}"
            )


def raw_files(run_dir: Path) -> list[Path]:
    """The finished raw files of a run, by name."""
    return sorted((run_dir / "raw").glob("*.fits"))


def groups(frames: Iterable[RawFrame]) -> dict[GroupKey, list[RawFrame]]:
    """Frames by group, groups in the order of their keys, frames of a group in the order of time and name."""
    found: dict[GroupKey, list[RawFrame]] = defaultdict(list)
    for frame in sorted(of_set_ups(frames), key=lambda frame: (frame.start_s, frame.name)):
        found[frame.key].append(frame)
    return {key: found[key] for key in sorted(found)}


def of_set_ups(frames: Iterable[RawFrame]) -> list[RawFrame]:
    """The frames, each with the temperature of its set-up: of the first frame from which it differs within tolerance.

    First by template, then in time: what later templates bring changes no set-up of earlier ones.
    """
    known: dict[str, list[float]] = defaultdict(list)
    found = []
    for frame in sorted(frames, key=lambda frame: (frame.template_index, frame.start_s, frame.name)):
        own_k, set_ups_k = frame.key.temperature_k, known[frame.key.camera]
        near_k = min(set_ups_k, key=lambda set_up_k: abs(set_up_k - own_k), default=math.inf)
        if abs(near_k - own_k) > (frame.detector.temperature_tolerance_k or 0.0):
            set_ups_k.append(own_k)
            near_k = own_k
        found.append(frame.of_set_up(near_k))
    return found
