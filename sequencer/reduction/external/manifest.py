"""A template's manifest: what its frames and calibrations are, as a stage's program reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sequencer.config.stages import StageConfig
from sequencer.reduction.external.folder_contract import (
    FOLDER_CONTRACT,
    Manifest,
    ManifestCalibration,
    ManifestFrame,
)
from sequencer.reduction.external.settings import parameters_of
from sequencer.reduction.frames import RawFrame, groups


@dataclass(frozen=True)
class Calibration:
    """A calibration on disk. `made_of` are the fields of a manifest that say what it is of; `run` is the name of the
    run it was made in, if that is another one.
    """

    path: Path
    category: str
    flag: str = ""
    made_of: dict[str, Any] | None = None
    frames: int = 0
    run: str = ""

    @property
    def name(self) -> str:
        """Its file as records name it: one of another run by its path from the folder of runs."""
        return f"{self.run}/products/{self.path.name}" if self.run else self.path.name


def manifest_of(
    name: str,
    stage: StageConfig,
    run: str,
    instrument: str,
    frames: Sequence[RawFrame],
    calibrations: Mapping[str, Calibration],
) -> Manifest:
    """The manifest of one template's frames (at least one); calibrations by their place in the folder."""
    grouped = groups([frame for frame in frames if frame.good])
    return Manifest(
        contract=FOLDER_CONTRACT,
        stage=name,
        run=run,
        instrument=instrument,
        template=frames[0].template,
        template_index=frames[0].template_index,
        time_limit_s=stage.time_limit_s,
        frames=[_frame(one, number) for number, some in enumerate(grouped.values(), 1) for one in some],
        rejected=[frame.name for frame in frames if not frame.good],
        calibrations=[_calibration(place, one) for place, one in calibrations.items()],
        parameters=parameters_of(stage),
    )


def place_of(frame: RawFrame) -> str:
    """A frame's path in the folder."""
    return f"frames/{frame.name}"


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


def one_frame_a_line(manifest: Manifest) -> bytes:
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


def _frame(frame: RawFrame, group: int) -> ManifestFrame:
    key = frame.key
    return ManifestFrame(
        file=place_of(frame),
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
    fields = {"file": place, "category": calibration.category, "flag": calibration.flag, "run": calibration.run}
    return msgspec.convert({**fields, **(calibration.made_of or {})}, ManifestCalibration)


def _spaced(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
