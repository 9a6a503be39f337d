"""What is known of each filter's throughput: from earlier nights, and from tonight's frames; and the file of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from sequencer.config.models import Instrument
from sequencer.durations import condensed, kept, measured
from sequencer.engine.journal import read_journal
from sequencer.exposure import Learned
from sequencer.observing.planning import Runs, Throughput, merged, write_learned
from sequencer.observing.planning.learned import Nights, tonight_sigma

FILTER_TO_FILTER_SIGMA = 0.1
"""Relative 1 sigma between the throughputs of two filters of a camera on one night, beside the table's. Assumed."""


class Rates:
    """Factors on the instrument's table of rates, by camera and filter.

    `before` is what earlier nights taught, as `file` says it; the file is kept up to date (None: there is none).
    `runs` is how long things took in earlier runs, kept in the same file.
    """

    def __init__(
        self,
        instrument: Instrument,
        deployment: str,
        run_id: str,
        before: Nights,
        file: Path | None,
        runs: Runs | None = None,
    ) -> None:
        self.runs = runs or {}
        self._instrument = instrument
        self._deployment = deployment
        self._run_id = run_id
        self._before = before
        self.file = file
        self._tonight: Nights = {}
        self._of_camera: dict[str, tuple[float, float]] = {}

    def expected(self, camera: str, name: str) -> tuple[float, float]:
        """(factor on the table's rate, its relative 1 sigma) of a filter whose turn has come.

        Its own of earlier nights, times what the camera's other filters showed tonight.
        """
        usual = self._usual(camera, name)
        if camera in self._of_camera:
            factor, sigma = self._of_camera[camera]
            return usual * factor, math.hypot(sigma, FILTER_TO_FILTER_SIGMA)
        known = self._before.get(camera, {}).get(name)
        return usual, self._instrument.cameras[camera].prior_sigma if known is None else tonight_sigma(known)

    def teach(self, camera: str, name: str, scale: float, learned: Learned) -> None:
        """What the frames of a filter taught on top of a prior that had `scale` on the table's rate."""
        if not learned.frames or learned.relative_sigma > self._instrument.cameras[camera].prior_sigma:
            return
        throughput = scale * learned.throughput
        self._of_camera[camera] = (throughput / self._usual(camera, name), learned.relative_sigma)
        self._tonight.setdefault(camera, {})[name] = Throughput(
            throughput, learned.relative_sigma, learned.frames, self._run_id
        )

    def plain(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What was learned tonight, for the journal."""
        return {
            camera: {
                name: {"throughput": item.throughput, "sigma": item.relative_sigma, "frames": item.frames}
                for name, item in filters.items()
            }
            for camera, filters in self._tonight.items()
        }

    def known(self) -> Nights:
        """What is expected of each filter of which anything is known, as a plan wants it."""
        known = merged(self._before, self._tonight)
        for camera in self._of_camera:
            for name in self._instrument.cameras[camera].filters:
                if name not in self._tonight[camera]:
                    throughput, sigma = self.expected(camera, name)
                    known[camera] = {**known[camera], name: Throughput(throughput, sigma, 0, self._run_id)}
        return known

    def keep(self, journal: Path | None = None) -> None:
        """Write the file, if there is one and something was learned; how long things took the run's journal tells.

        Raises OSError.
        """
        if self.file is None:
            return
        durations = condensed(measured(read_journal(journal))) if journal else {}
        if self._tonight or durations:
            rates, runs = merged(self._before, self._tonight), kept(self.runs, self._run_id, durations)
            write_learned(self.file, self._deployment, rates, runs)

    def _usual(self, camera: str, name: str) -> float:
        known = self._before.get(camera, {}).get(name)
        return 1.0 if known is None else known.throughput
