"""What is settled of an exposure before its shutter opens, and what is known once its file is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sequencer.acquisition.cards import Card
from sequencer.acquisition.sampling import BadPixels, LitRegion
from sequencer.acquisition.statistics import Levels
from sequencer.config.models import Chip, Instrument


@dataclass(frozen=True)
class ExposurePlan:
    """One exposure of one detector.

    `exposure` is its stable id, `detector` the device that will send the frame, `camera` the name in the
    instrument file. `file_name` is empty for a probe, which is measured and not written. `expected_shape` is
    (ny, nx) of each chip. `gain_e_adu`, `bias_adu` and `full_well_e` turn ADU into levels.
    """

    exposure: str
    detector: str
    camera: str
    file_name: str
    start_cards: list[Card]
    chips: Sequence[Chip]
    layout: Literal["extensions", "megara"]
    gain_e_adu: float
    bias_adu: float
    full_well_e: float
    expected_shape: tuple[int, int]
    log: dict[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> str:
        """Pixel type of the layout."""
        return "uint16" if self.layout == "megara" else "float32"

    def lit_regions(
        self, instrument: Instrument, bad: Mapping[str, Sequence[BadPixels | None]] | None = None
    ) -> list[LitRegion]:
        """Where each chip can see light and has no bad pixel (`bad` by camera); a camera the instrument does not know
        counts as lit all over."""
        config = instrument.detectors.get(self.camera)
        ny, nx = self.expected_shape
        size_px, lit_fraction = (config.size_px, config.lit_fraction) if config else ((nx, ny), 1.0)
        known = (bad or {}).get(self.camera) or [None] * len(self.chips)
        return [
            LitRegion(size_px, chip.border_px, lit_fraction, one)
            for chip, one in zip(self.chips, known, strict=True)
        ]


@dataclass(frozen=True)
class StoredFrame:
    """A frame durable on disk: `file` is its name, `path` where it lies, times are Unix seconds UTC."""

    exposure: str
    file: str
    path: Path
    sha256: str
    size_bytes: int
    levels: Levels
    start_s: float
    end_s: float
