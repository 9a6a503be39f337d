"""Raw frames as their headers describe them, and the groups that are stacked together.

Nothing here asks the journal: what a frame is stands in its own header, so that a run can be reduced again
from its `raw/` folder alone.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.readback import Hdu, read_hdus, read_rows, verify
from sequencer.clock import parse_utc
from sequencer.config.models import DetectorConfig, Instrument

T = TypeVar("T", str, int, float, bool)
Window = tuple[int, int, int, int]
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


class Readout(NamedTuple):
    """What a dark must share with a flat: camera, read-out mode, window, DIT, NDIT."""

    camera: str
    mode: str
    window: Window
    dit_s: float
    ndit: int

    def __str__(self) -> str:
        return f"{self.camera} {self.mode} {self.window[2]}x{self.window[3]} {self.dit_s:g} s x{self.ndit}"


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

    @property
    def readout(self) -> Readout:
        """What a dark must share with a flat."""
        return Readout(self.camera, self.mode, self.window, self.dit_s, self.ndit)


@dataclass(frozen=True)
class RawFrame:
    """One raw file by its header. Times are UTC in Unix seconds; `time_s` is the middle of the exposure.

    `window` is (first column, first row, columns, rows), counted from 1; `template_index` counts from 0.
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
        """Raise CorruptFile unless every HDU matches its checksum and the number of chips is the detector's."""
        if len(self.images) != len(self.detector.chips):
            raise CorruptFile(
                f"{self.name}: {len(self.images)} images, the detector has {len(self.detector.chips)} chips"
            )
        verify(self.path, self.hdus)


def read_frame(path: Path, instrument: Instrument) -> RawFrame:
    """A raw frame from its header; pixels stay in the file. Raises CorruptFile for a file that is none of ours."""
    hdus = read_hdus(path)
    cards = hdus[0].cards
    detector = _detector(path, hdus, instrument)
    simulated = bool(cards.get("ESO GEN SIM", False))
    return RawFrame(
        path,
        _key(cards, hdus, detector),
        detector,
        exposure=str(cards.get("ESO SEQ EXPID", cards.get("EXPID", path.stem))),
        detector_id=str(cards.get("ESO DET ID", detector.detector_id)),
        level=_get(cards, "ESO SEQ LEVEL", 0.0),
        ladder_pass=_get(cards, "ESO SEQ PASS", 0),
        airmass=_get(cards, "ESO SEQ AIRMASS", 0.0) or _get(cards, "ESO TEL AIRM START", 0.0),
        sequence_mode=_get(cards, "ESO SEQ MODE", ""),
        floor_e_s=_floor(cards, detector, instrument),
        start_s=parse_utc(_get(cards, "DATE-OBS", "1970-01-01")),
        template=str(cards.get("ESO TPL ID", cards.get("OBSMODE", ""))),
        template_start=str(cards.get("ESO TPL START", cards.get("BLCKUUID", ""))),
        template_index=_template_index(cards),
        dpr_type=_type(cards),
        verdict=_get(cards, "ESO SEQ VERDICT", "").lower(),
        simulated=simulated,
        closed=_closed(cards),
        primary=cards,
        hdus=hdus,
    )


def _get(cards: dict[str, CardValue], keyword: str, default: T) -> T:
    """Value of a card as the type of the default."""
    value = cards.get(keyword, default)
    return type(default)(value)


def _type(cards: dict[str, CardValue]) -> str:
    return str(cards.get("ESO DPR TYPE", cards.get("OBSMODE", "")))


def _floor(cards: dict[str, CardValue], detector: DetectorConfig, instrument: Instrument) -> float:
    camera = instrument.cameras.get(detector.camera)
    known = camera.filters.get(_get(cards, "ESO DRS FILTER", "")) if camera else None
    thermal = known is not None and known.twilight_e_s_mag0 == 0.0
    return math.nan if thermal else _get(cards, "ESO SEQ FLOOR", math.nan)


def _template_index(cards: dict[str, CardValue]) -> int:
    """Number of the template in the block, from 0: `ESO OBS TPLNO`, or the second part of the exposure id."""
    if "ESO OBS TPLNO" in cards:
        return int(cards["ESO OBS TPLNO"]) - 1
    parts = str(cards.get("EXPID", "")).split("/")
    return int(parts[1]) if len(parts) > 2 and parts[1].isdigit() else 0


def _closed(cards: dict[str, CardValue]) -> bool:
    """Whether no light stop of a MEGARA frame was open (COVER 0 and SHUTTER closed); True where none is recorded."""
    return cards.get("COVER", 0) in (0, "0") and str(cards.get("SHUTTER", "CLOSED")).upper() in (
        "CLOSED",
        "STOP",
        "0",
    )


def _detector(path: Path, hdus: list[Hdu], instrument: Instrument) -> DetectorConfig:
    """The detector of the instrument that delivered the file, by `ESO DET ID`; a lone detector needs no card."""
    detectors = list(instrument.detectors.values())
    name = hdus[0].cards.get("ESO DET ID")
    for detector in detectors:
        if detector.detector_id == name or (name is None and len(detectors) == 1):
            return detector
    raise CorruptFile(f"{path.name}: ESO DET ID is {name!r}, {instrument.name} has no such detector")


def _key(cards: dict[str, CardValue], hdus: list[Hdu], detector: DetectorConfig) -> GroupKey:
    """Group key of a frame. Raises CorruptFile for a type this stage does not know."""
    dpr_type = _type(cards)
    kind = TYPES.get(dpr_type, "")
    if kind == FLAT and cards.get("ESO SEQ KIND") == LADDER:
        kind = LADDER
    lit = kind in (FLAT, LADDER)
    optics = cards if lit else {}
    return GroupKey(
        detector.camera,
        kind,
        filter=_get(optics, "ESO DRS FILTER", ""),
        nd=_get(optics, "ESO DRS NDFILTER", ""),
        mask=_get(optics, "ESO DRS PUPIL", ""),
        stop=_get(optics, "ESO DRS MASK", ""),
        mode=str(cards.get("ESO DET NCORRS NAME", detector.default_mode)),
        window=_window(cards, hdus, detector),
        dit_s=round(_get(cards, "ESO DET DIT", 0.0) or _get(cards, "EXPTIME", 0.0), 6),
        ndit=_get(cards, "ESO DET NDIT", 1),
        level_no=_get(cards, "ESO SEQ LEVELNO", 0) if lit else 0,
    )


def _window(cards: dict[str, CardValue], hdus: list[Hdu], detector: DetectorConfig) -> Window:
    """The window from its cards, else centred on the detector with the size of the first image."""
    if "ESO DET WIN NX" in cards:
        x, y, nx, ny = (_get(cards, f"ESO DET WIN {word}", 1) for word in ("STRX", "STRY", "NX", "NY"))
        return (x, y, nx, ny)
    ny, nx = next((hdu.shape for hdu in hdus if hdu.shape != (0, 0)), (0, 0))
    return (1 + (detector.size_px[0] - nx) // 2, 1 + (detector.size_px[1] - ny) // 2, nx, ny)


def raw_files(run_dir: Path) -> list[Path]:
    """The finished raw files of a run, by name."""
    return sorted((run_dir / "raw").glob("*.fits"))


def groups(frames: Iterable[RawFrame]) -> dict[GroupKey, list[RawFrame]]:
    """Frames by group, groups in the order of their keys, frames of a group in the order of time and name."""
    found: dict[GroupKey, list[RawFrame]] = defaultdict(list)
    for frame in sorted(frames, key=lambda frame: (frame.start_s, frame.name)):
        found[frame.key].append(frame)
    return {key: found[key] for key in sorted(found)}
