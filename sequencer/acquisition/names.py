"""File names of raw frames. A name is given out once, whatever the clock does and however many detectors ask.

METIS form (ESO ARCFILE): `METIS.2027-03-20T09:31:12.345.fits`, the start of the exposure to the millisecond.
MEGARA form (GTC): `0000000123-20270320-MEGARA-MegaraDarkImage.fits`, a running number, the UTC date, the
mode.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from sequencer.clock import iso, parse_utc
from sequencer.config.checker import WORD
from sequencer.config.models import Instrument


class Names(Protocol):
    """Gives out file names."""

    def allot(self, time_s: float, mode: str = "") -> str:
        """A new name for an exposure that starts at `time_s`; `mode` is the template or observing mode."""
        ...


class FileNames:
    """Names by start time to the millisecond, each later than the last and than any file in `raw_dir`.

    Two exposures that start in one millisecond, or a clock set back, get the next free millisecond.
    """

    def __init__(self, raw_dir: Path, prefix: str) -> None:
        self._prefix = _checked(prefix)
        pattern = re.compile(
            rf"{re.escape(prefix)}\.(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}})\.fits(\.part)?"
        )
        stamps = [match[1] for path in raw_dir.glob("*") if (match := pattern.fullmatch(path.name))]
        self._last_ms = round(parse_utc(max(stamps)) * 1000) if stamps else None

    def allot(self, time_s: float, mode: str = "") -> str:
        """`PREFIX.YYYY-MM-DDThh:mm:ss.sss.fits`; `mode` is not part of it."""
        wanted = round(time_s * 1000)
        self._last_ms = wanted if self._last_ms is None else max(wanted, self._last_ms + 1)
        return f"{self._prefix}.{iso(self._last_ms / 1000)}.fits"


class NumberedNames:
    """Names by running number, continuing after the highest in `raw_dir`."""

    def __init__(self, raw_dir: Path, prefix: str) -> None:
        self._prefix = _checked(prefix)
        pattern = re.compile(rf"(\d{{10}})-\d{{8}}-{re.escape(prefix)}-.*\.fits(\.part)?")
        numbers = [int(match[1]) for path in raw_dir.glob("*") if (match := pattern.fullmatch(path.name))]
        self._last = max(numbers, default=0)

    def allot(self, time_s: float, mode: str = "") -> str:
        """`NNNNNNNNNN-YYYYMMDD-PREFIX-MODE.fits`."""
        mode = _checked(mode)
        self._last += 1
        day = iso(time_s)[:10].replace("-", "")
        return f"{self._last:010d}-{day}-{self._prefix}-{mode}.fits"


def file_names(raw_dir: Path, instrument: Instrument) -> Names:
    """The names an instrument's frames carry: numbered for the MEGARA layout, else by start time."""
    layouts = {detector.layout for detector in instrument.detectors.values()}
    return (
        NumberedNames(raw_dir, instrument.name)
        if layouts == {"megara"}
        else FileNames(raw_dir, instrument.name)
    )


def _checked(word: str) -> str:
    if not WORD.fullmatch(word):
        raise ValueError(f"{word!r} cannot be part of a file name: only letters, digits, - and _ can")
    return word
