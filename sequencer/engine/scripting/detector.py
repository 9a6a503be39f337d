"""One detector of a scripted run: exposures and ladders by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from sequencer.acquisition import FrameRefused, Levels, is_saturated
from sequencer.devices.detector import DetectorState
from sequencer.engine.context import RunContext
from sequencer.engine.exposing import Exposer
from sequencer.engine.shot import Shot
from sequencer.exposure import Rung, Verdict, alternating_passes


@dataclass(frozen=True)
class Frame:
    """One stored frame: its file (absolute), its levels per DIT (median in ADU, level in electrons), its verdict: good,
    saturated, or impossible."""

    file: Path
    exposure: str
    dit_s: float
    ndit: int
    median_adu: float
    level_e: float
    sha256: str
    verdict: str

    def __repr__(self) -> str:
        taken = f"{self.dit_s:g} s x {self.ndit}, median {self.median_adu:.1f} ADU, {self.verdict}"
        return f"<Frame {self.file.name}: {taken}>"


class Label(NamedTuple):
    """What the frames of a script are: DPR CATG, TYPE and TECH; an empty TECH is the detector's own."""

    catg: str
    type: str
    tech: str


class Detector:
    """One detector of a scripted run."""

    def __init__(self, run: RunContext, exposer: Exposer, camera: str) -> None:
        self._run = run
        self._exposer = exposer
        self._camera = camera

    def __repr__(self) -> str:
        return f"<detector {self._camera}: {self.state!r}>"

    @property
    def state(self) -> DetectorState:
        """State as last read back."""
        return self._run.devices.detectors[self._camera].state

    async def expose(
        self,
        dit_s: float,
        ndit: int = 1,
        n: int = 1,
        *,
        mode: str = "",
        dpr_catg: str = "TEST",
        dpr_type: str = "OTHER",
        dpr_tech: str = "",
    ) -> list[Frame]:
        """Take `n` exposures into files, labelled DPR CATG, TYPE and TECH (the detector's own).

        Raises what the detector refuses, and CardErrors for a label the keyword dictionary does not allow.
        """
        shot = self._shot(dit_s, ndit, mode, Label(dpr_catg, dpr_type, dpr_tech))
        self._run.tally.announce(n)
        return [await self._take(replace(shot, i=i, n=n)) for i in range(1, n + 1)]

    async def ladder(
        self,
        dits_s: Sequence[float],
        n: int = 2,
        *,
        ndit: int = 1,
        order: str = "alternate",
        mode: str = "",
        dpr_catg: str = "TEST",
        dpr_type: str = "DETLIN",
        dpr_tech: str = "",
    ) -> list[Frame]:
        """`n` passes over the DITs: `alternate` turns round after each pass, so that drift cancels; or `up`.

        Labels and errors as of `expose`.
        """
        if order not in ("alternate", "up"):
            raise ValueError(f"order {order!r}: must be alternate or up")
        rungs = [Rung(0.0, dit_s, True, "") for dit_s in sorted(dits_s)]
        sequence = alternating_passes(rungs, n) if order == "alternate" else rungs * n
        shot = self._shot(0.0, ndit, mode, Label(dpr_catg, dpr_type, dpr_tech))
        self._run.tally.announce(len(sequence))
        frames = []
        for i, rung in enumerate(sequence):
            number = rungs.index(rung) + 1
            taken = replace(
                shot,
                kind="ladder",
                dit_s=rung.dit_s,
                level_number=number,
                ladder_pass=i // len(rungs) + 1,
                i=i + 1,
                n=len(sequence),
            )
            frames.append(await self._take(taken))
        return frames

    async def _take(self, shot: Shot) -> Frame:
        run = self._run
        await run.control.checkpoint()
        stored, verdict = await self._exposer.take(replace(shot, good=shot.i - 1), _saturated_or_good)
        if stored is None:
            raise FrameRefused(shot.exposure, verdict.reason)
        levels = stored.levels
        return Frame(
            stored.path.resolve(),
            stored.exposure,
            shot.dit_s,
            shot.ndit,
            levels.median_adu,
            levels.level_e,
            stored.sha256,
            verdict.name,
        )

    def _shot(self, dit_s: float, ndit: int, mode: str, label: Label) -> Shot:
        """An exposure labelled with what is in the beam now."""
        instrument, mechanisms = self._run.instrument, self._run.devices.mechanisms
        detector, config = instrument.detectors[self._camera], instrument.cameras.get(self._camera)
        name = mechanisms.state.positions.get(config.filter_keyword, "") if mechanisms and config else ""
        return Shot(
            camera=self._camera,
            kind="script",
            filter=name,
            dit_s=dit_s,
            ndit=ndit,
            mode=mode or detector.default_mode,
            dpr_catg=label.catg,
            dpr_type=label.type,
            dpr_tech=label.tech or detector.dpr_tech,
            on_sky=True,
        )


def _saturated_or_good(start_s: float, dit_s: float, levels: Levels) -> Verdict:
    """Nobody expects a level of what is taken by hand; but saturated is saturated."""
    if is_saturated(levels):
        return Verdict("saturated", f"{100.0 * levels.saturated_share:.1f} % of the pixels are saturated")
    return Verdict("good", "not judged: taken by hand")
