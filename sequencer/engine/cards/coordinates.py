"""World coordinates of a detector window."""

from __future__ import annotations

from sequencer.config.models import DetectorConfig
from sequencer.engine.cards.contributor import Rows

DEG_PER_MAS = 1.0 / 3.6e6


def coordinate_rows(config: DetectorConfig, first: tuple[int, int]) -> Rows:
    """Linear world coordinates: offsets from the middle of the whole chip; `first` pixel (from 1) of the window."""
    rows: Rows = [("WCSAXES", 2)]
    for axis, (size, start) in enumerate(zip(config.size_px, first, strict=True), start=1):
        rows += [
            (f"CTYPE{axis}", "LINEAR"),
            (f"CRPIX{axis}", 0.5 * (size + 1) - (start - 1)),
            (f"CRVAL{axis}", 0.0),
            (f"CDELT{axis}", config.pixel_scale_mas * DEG_PER_MAS),
            (f"CUNIT{axis}", "deg"),
        ]
    return rows
