"""Make the folder a stage's program works in: manifest, links to frames and calibrations; see they stay unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sequencer.reduction.external.folder_contract import (
    FOLDER_CONTRACT,
    MANIFEST,
    Manifest,
    ManifestCalibration,
    ManifestFrame,
)
from sequencer.reduction.external.settings import StageConfig
from sequencer.reduction.frames import RawFrame, groups


@dataclass(frozen=True)
class Calibration:
    """A calibration on disk. `made_of` are the fields of a manifest that say what it is of."""

    path: Path
    category: str
    flag: str = ""
    made_of: dict[str, Any] | None = None
    frames: int = 0


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
    good = [frame for frame in frames if frame.good]
    grouped = groups(good)
    places = {
        f"frames/{frame.name}": (frame, number)
        for number, members in enumerate(grouped.values(), 1)
        for frame in members
    }
    calibrated = {
        f"calibrations/{number}_{calibration.path.name}": calibration
        for number, calibration in enumerate(calibrations, 1)
    }
    targets = {place: frame.path for place, (frame, _) in places.items()}
    targets |= {place: calibration.path for place, calibration in calibrated.items()}
    for place, target in targets.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).symlink_to(target.resolve())
    manifest = Manifest(
        contract=FOLDER_CONTRACT,
        stage=name,
        run=run_dir.resolve().name,
        instrument=instrument,
        template=frames[0].template,
        template_index=frames[0].template_index,
        time_limit_s=stage.time_limit_s,
        frames=[_frame(place, frame, number) for place, (frame, number) in places.items()],
        rejected=[frame.name for frame in frames if not frame.good],
        calibrations=[_calibration(place, calibration) for place, calibration in calibrated.items()],
        parameters=stage.parameters,
    )
    (folder / MANIFEST).write_bytes(_one_frame_a_line(manifest))
    return Handover(
        folder,
        {place: frame for place, (frame, _) in places.items()},
        calibrated,
        len(manifest.rejected),
        {target: _stamp(target) for target in targets.values()},
    )


def made_of(frame: RawFrame) -> dict[str, Any]:
    """What a product of this frame's group is of, in the fields of a manifest's calibration."""
    key = frame.key
    return {
        "camera": key.camera,
        "mode": key.mode,
        "window": list(key.window),
        "dit_s": key.dit_s,
        "ndit": key.ndit,
    }


def _frame(place: str, frame: RawFrame, group: int) -> ManifestFrame:
    key = frame.key
    return ManifestFrame(
        file=place,
        sha256=frame.sha256,
        dpr=(
            str(frame.primary.get("ESO DPR CATG", "")),
            frame.dpr_type,
            str(frame.primary.get("ESO DPR TECH", "")),
        ),
        kind=key.kind,
        camera=key.camera,
        filter=key.filter,
        nd=key.nd,
        mode=key.mode,
        window=key.window,
        dit_s=key.dit_s,
        ndit=key.ndit,
        level_no=key.level_no,
        group=group,
    )


def _calibration(place: str, calibration: Calibration) -> ManifestCalibration:
    fields = {"file": place, "category": calibration.category, "flag": calibration.flag}
    return msgspec.convert({**fields, **(calibration.made_of or {})}, ManifestCalibration)


def _one_frame_a_line(manifest: Manifest) -> bytes:
    """JSON with every frame on a line of its own, so that `grep` and `awk` can read it too."""
    plain = msgspec.to_builtins(manifest)
    lines = []
    for key, value in plain.items():
        if isinstance(value, list) and value:
            items = ",\n  ".join(_spaced(item) for item in value)
            lines.append(f' "{key}": [\n  {items}\n ]')
        else:
            lines.append(f' "{key}": {_spaced(value)}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _spaced(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change; (-1, -1) for a file that is gone."""
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return stat.st_size, stat.st_mtime_ns
