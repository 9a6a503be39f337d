"""The darks that a finished run's flats still want, as an observing block."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sequencer.config import load_instrument
from sequencer.engine.journal import read_journal
from sequencer.observing.dark_block import WantedDark, dark_block
from sequencer.reduction import missing_darks_of_run


@dataclass(frozen=True)
class MissingDarks:
    """What is missing in words, the block that takes it, and the windows the deployment must be cut to."""

    missing: list[str]
    block: dict[str, Any] = field(default_factory=dict)
    windows: list[str] = field(default_factory=list)


def block_of_missing_darks(run_dir: Path, n: int, instrument: str = "") -> MissingDarks:
    """The block for what is missing of `n` darks for every read-out of good flats, by the run's own instrument.

    Raises FileNotFoundError, ConfigErrors.
    """
    start = read_journal(run_dir / "journal.sqlite")[0].data
    config = load_instrument(instrument or str(start["instrument"]).lower())
    found = missing_darks_of_run(run_dir, config, n)
    if not found:
        return MissingDarks([])
    wanted = [
        WantedDark(one.readout.camera, one.readout.mode, one.readout.dit_s, one.readout.ndit, one.wanted)
        for one in found
    ]
    block = dark_block(f"Darks for {start['run']}", config, str(start["programme"]), wanted)
    full = {detector.camera: tuple(detector.size_px) for detector in config.detectors.values()}
    windows = {
        f"the flats of {one.camera} have a window of {one.window[2]} x {one.window[3]} pixels: take the darks with "
        "the same window_px in the deployment"
        for one in (missing.readout for missing in found)
        if one.window[2:] != full[one.camera]
    }
    return MissingDarks([str(one) for one in found], block, sorted(windows))
