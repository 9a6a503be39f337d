"""What defines a set-up of a frame, from its header: required, typed, and compared. Pure.

What a header does not say equals nothing: a frame without it is left out by name, never taken for the usual.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.errors import CorruptFile
from sequencer.clock import parse_utc
from sequencer.config.models import DetectorConfig, Instrument

Window = tuple[int, int, int, int]
Cards = Mapping[str, CardValue]

TEMPERATURE = "ESO DET CHIP TEMP"


class Readout(NamedTuple):
    """What a dark must share with a flat.

    `window` is (first column, first row, columns, rows), counted from 1 in pixels of the detector. `dit_s` is on the
    grid of the mode. `temperature_k` is that of the set-up the frame belongs to (`frames.groups`), 0 where the
    detector's temperature is no part of it.
    """

    camera: str
    mode: str
    window: Window
    dit_s: float
    ndit: int
    gain_e_adu: float
    binning: tuple[int, int]
    temperature_k: float

    def __str__(self) -> str:
        return f"{self.camera} {self.mode} {self.window[2]}x{self.window[3]} {self.dit_s:g} s x{self.ndit}"

    @property
    def without_exposure(self) -> Readout:
        """The same whatever the DIT and NDIT: what a bias must share with a dark."""
        return self._replace(dit_s=0.0, ndit=0)

    def unlike(self, wanted: Readout) -> str:
        """This read-out in short, and in what but DIT and NDIT it is not the wanted one."""
        differences = [
            f"{name} {mine}, not {theirs}"
            for name, mine, theirs in zip(_DETAILS, self._details, wanted._details, strict=True)
            if mine != theirs
        ]
        return f"{self.mode} {self.dit_s:g} s x{self.ndit}" + (
            f" of {', '.join(differences)}" * bool(differences)
        )

    @property
    def _details(self) -> list[str]:
        x, y, nx, ny = self.window
        return [
            f"{nx}x{ny} at {x},{y}",
            f"{self.gain_e_adu:g} e-/ADU",
            f"{self.binning[0]}x{self.binning[1]}",
            f"{self.temperature_k:.1f} K",
        ]


_DETAILS = ("window", "gain", "binning", "detector temperature")


@dataclass(frozen=True, order=True)
class Optics:
    """What the light of a frame passes, as the pipeline calls it; all empty for closed frames: no light, no filter.

    `stop` is what has a name there beside filter, neutral density and mask, joined by +.
    """

    filter: str = ""
    nd: str = ""
    mask: str = ""
    stop: str = ""


def readout_of(primary: Cards, chips: Sequence[Cards], detector: DetectorConfig) -> Readout:
    """How a frame was read, by its primary header and those of its images. Raises CorruptFile naming the card."""
    mode = text(primary, "ESO DET NCORRS NAME")
    if mode not in detector.modes:
        known = ", ".join(detector.modes)
        raise CorruptFile(f"ESO DET NCORRS NAME is {mode!r}, {detector.detector_id} knows {known}")
    dit_s = detector.modes[mode].nearest_dit_s(number(primary, "ESO DET DIT", 0.0))
    x, y, nx, ny = (whole(primary, f"ESO DET WIN {word}", 1) for word in ("STRX", "STRY", "NX", "NY"))
    keyword = f"ESO DET{detector.index} CHIP GAIN"
    gains = sorted({number(cards, keyword) for cards in chips})
    if len(gains) != 1 or gains[0] <= 0.0:
        raise CorruptFile(f"{keyword} is {' and '.join(f'{gain:g}' for gain in gains)}, one above 0 is due")
    return Readout(
        detector.camera,
        mode,
        (x, y, nx, ny),
        dit_s,
        whole(primary, "ESO DET NDIT", 1),
        gains[0],
        (whole(primary, "ESO DET BINX", 1), whole(primary, "ESO DET BINY", 1)),
        0.0 if detector.temperature_tolerance_k is None else number(primary, TEMPERATURE, 0.0),
    )


def optics_of(primary: Cards, detector: DetectorConfig, instrument: Instrument) -> Optics:
    """What the light of a frame passed. Raises CorruptFile naming a card that is not there.

    A filter is required of every instrument, other optics where it says that the camera has them. A mechanism is known
    by the name the pipeline has for it, one without by its own.
    """
    camera = instrument.cameras.get(detector.camera)
    if camera is None:
        nd, mask, stop = (text(primary, f"ESO DRS {word}", "") for word in ("NDFILTER", "PUPIL", "MASK"))
        return Optics(text(primary, "ESO DRS FILTER"), nd, mask, stop)
    own = (camera.filter_keyword, camera.nd_keyword, camera.mask_keyword)
    named = [_card_of(instrument, keyword) for keyword in own]
    others = {
        _card_of(instrument, keyword)
        for keyword, mechanism in instrument.mechanisms.items()
        if mechanism.drs_keyword and mechanism.camera in ("", detector.camera)
    }
    found = [text(primary, card) if card else "" for card in [*named, *sorted(others.difference(named))]]
    return Optics(found[0], found[1], found[2], "+".join(found[3:]))


def _card_of(instrument: Instrument, keyword: str) -> str:
    """Keyword of the card that tells a mechanism's position: `ESO DRS FILTER`, else `ESO INS FILT1 NAME`."""
    mechanism = instrument.mechanisms.get(keyword)
    name = (mechanism.drs_keyword if mechanism else "") or keyword
    return f"ESO {name.replace('.', ' ')}" if "." in name else name


def text(cards: Cards, keyword: str, default: str | None = None) -> str:
    """Text of a card. Raises CorruptFile unless there is one, or a default."""
    value = cards.get(keyword, "")
    if value == "" and default is not None:
        return default
    if value == "":
        raise CorruptFile(f"{keyword} is missing")
    return str(value)


def number(cards: Cards, keyword: str, lowest: float | None = None, default: float | None = None) -> float:
    """Number of a card. Raises CorruptFile unless it is one, and not below `lowest`; or there is none but a default."""
    value = cards.get(keyword, "")
    if value == "" and default is not None:
        return float(default)
    if value == "":
        raise CorruptFile(f"{keyword} is missing")
    if type(value) not in (int, float) or (lowest is not None and float(value) < lowest):
        raise CorruptFile(
            f"{keyword} is {value!r}, no number" + (f" from {lowest:g} on" if lowest is not None else "")
        )
    return float(value)


def whole(cards: Cards, keyword: str, lowest: int, default: int | None = None) -> int:
    """Whole number of a card, as `number`."""
    value = number(cards, keyword, lowest, default)
    if not value.is_integer() or value > WHOLE:
        raise CorruptFile(f"{keyword} is {value:g}, no whole number up to {WHOLE}")
    return int(value)


WHOLE = 10**9
"""No count in a header of a frame is larger (assumed)."""


def utc_s(cards: Cards, keyword: str) -> float:
    """Time of a card as Unix seconds. Raises CorruptFile."""
    value = text(cards, keyword)
    try:
        return parse_utc(value)
    except (ValueError, OverflowError):
        raise CorruptFile(f"{keyword} is {value!r}, no time") from None
