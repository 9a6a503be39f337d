"""A file by its headers, and the frames that a recipe takes together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.recipes import RawType, readout_mode

DIT = "ESO DET DIT"


@dataclass(frozen=True)
class FrameFile:
    """A file by its primary header and the number of its images.

    `form` says what each header describes, by EXTNAME, the first being PRIMARY: image, cube, table, or nothing.
    `noted` is the category of the product by the record beside the file; empty without one.
    """

    path: Path
    cards: Mapping[str, CardValue]
    images: int
    form: Mapping[str, str] = field(default_factory=dict)
    noted: str = ""

    def value(self, keyword: str) -> CardValue | None:
        """A card as sets compare it, a DIT on the grid of its read-out mode; None without one."""
        found = self.cards.get(keyword)
        if keyword != DIT or isinstance(found, bool) or not isinstance(found, int | float):
            return found
        mode = readout_mode(str(self.cards.get("INSTRUME")), str(self.cards.get("ESO DET NCORRS NAME")))
        return mode.nearest_dit_s(found) if mode else found


@dataclass
class FrameSet:
    """Frames one recipe takes together: `calibrations` by category as far as there are, `missing` in words.

    `key` are the values in which all its frames agree, `name` says them in short.
    """

    tag: str
    raw_type: RawType
    name: str
    key: dict[str, CardValue | None]
    frames: list[FrameFile] = field(default_factory=list)
    calibrations: dict[str, FrameFile] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
