"""Make the folder a stage's program works in: manifest, links to frames and calibrations; see they stay unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sequencer.config.stages import StageConfig
from sequencer.reduction.external.folder_contract import MANIFEST
from sequencer.reduction.external.manifest import Calibration, manifest_of, one_frame_a_line, place_of
from sequencer.reduction.frames import RawFrame


@dataclass(frozen=True)
class Handover:
    """A folder ready for the program: who is what in it, by the path the manifest gives."""

    folder: Path
    frames: dict[str, RawFrame]
    calibrations: dict[str, Calibration]
    rejected: int
    _stamps: dict[Path, tuple[int, int]]

    def changed(self) -> list[str]:
        """Names of inputs that are not what they were when they were handed over."""
        return sorted(path.name for path, stamp in self._stamps.items() if _stamp(path) != stamp)


def hand_over(
    folder: Path,
    name: str,
    stage: StageConfig,
    run_dir: Path,
    instrument: str,
    frames: Sequence[RawFrame],
    calibrations: Sequence[Calibration],
) -> Handover:
    """Fill a new folder for one template's frames (at least one). Raises OSError."""
    good = {place_of(frame): frame for frame in frames if frame.good}
    calibrated = {
        f"calibrations/{number}_{calibration.path.name}": calibration
        for number, calibration in enumerate(calibrations, 1)
    }
    targets = {place: frame.path for place, frame in good.items()}
    targets |= {place: calibration.path for place, calibration in calibrated.items()}
    for place, target in targets.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).symlink_to(target.resolve())
    manifest = manifest_of(name, stage, run_dir.resolve().name, instrument, frames, calibrated)
    (folder / MANIFEST).write_bytes(one_frame_a_line(manifest))
    stamps = {target: _stamp(target) for target in targets.values()}
    return Handover(folder, good, calibrated, len(manifest.rejected), stamps)


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change; (-1, -1) for a file that is gone."""
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return stat.st_size, stat.st_mtime_ns
