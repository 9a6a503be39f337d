"""What a stage's program left, checked product by product before anything is taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sequencer.reduction import qa
from sequencer.reduction.external import quality
from sequencer.reduction.external.folder_contract import MANIFEST, OUTPUT, RECORD, RecordProduct
from sequencer.reduction.external.handover import Handover
from sequencer.reduction.external.launch import end_of
from sequencer.reduction.external.manifest import Calibration
from sequencer.reduction.frames import RawFrame

NO_PRODUCT = "NO_PRODUCT"
"""Category of the record that stands for a program that failed."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_OURS = (".json", ".log", ".part")
"""Ends of names in `products/` that have a meaning of their own."""
ATTACHED = ".attached."
"""What stands between a product's name and that of a file attached to it."""


@dataclass
class Found:
    """One product before it is taken: `file` and `attachments` by the end of their future names."""

    category: str
    recipe: str
    frames: Sequence[RawFrame]
    calibrations: Sequence[Calibration] = ()
    checks: list[qa.Check] = field(default_factory=list)
    file: tuple[str, Path] | None = None
    attachments: dict[str, Path] = field(default_factory=dict)
    log: str = ""
    software: str = ""
    said: RecordProduct | None = None
    statistics: dict[str, Any] = field(default_factory=dict)


def failure(handed: Handover, stage: str, reason: str) -> Found:
    """What stands for a program that failed as a whole: BAD, the reason, and the end of what it printed."""
    checks = [qa.Check("stage", "BAD", f"stage {stage}: {reason}"), *_unchanged(handed)]
    log = _text(handed.folder, OUTPUT)
    return Found(NO_PRODUCT, stage, list(handed.frames.values()), checks=checks, log=log)


def collected(handed: Handover, stage: str, said: RecordProduct, software: str) -> Found:
    """One product of a record with our own checks beside the stage's flag; one that is no good has no file."""
    frames = [frame for place, frame in handed.frames.items() if place in said.inputs]
    calibrations = [one for place, one in handed.calibrations.items() if place in said.inputs]
    found = Found(said.category, said.recipe, frames or list(handed.frames.values()), calibrations)
    found.said, found.software = said, software
    found.checks = quality.frame_checks(found.frames, handed.rejected, said.category)
    _take_file(found, handed.folder, said.file)
    found.checks += [*_said(handed, stage, said), *_borrowed(calibrations), *_unchanged(handed)]
    found.log = _text(handed.folder, said.log or OUTPUT)
    for place in said.attachments:
        path, wrong = _inside(handed.folder, place)
        if wrong:
            found.checks.append(qa.Check("attachment", "PARTIAL", wrong))
        else:
            found.attachments[ATTACHED + re.sub(r"[^A-Za-z0-9_.-]", "_", path.name)] = path
    return found


def _said(handed: Handover, stage: str, said: RecordProduct) -> list[qa.Check]:
    """The stage's own flag and reasons; inputs it cannot have used."""
    reasons = said.qa.reasons or [f"says {said.qa.flag} and gives no reason"]
    checks = [qa.Check("stage", said.qa.flag, f"stage {stage}: {reason}") for reason in reasons]
    unknown = [place for place in said.inputs if place not in {**handed.frames, **handed.calibrations}]
    if unknown:
        checks.append(qa.Check("inputs", "BAD", f"made of what was not given: {', '.join(unknown)}"))
    return checks


def _borrowed(calibrations: Sequence[Calibration]) -> list[qa.Check]:
    """What was not made of this run's own frames."""
    text = "calibrated with {0.category} of another run, {0.run}"
    return [qa.Check("calibration", "GOOD", text.format(one)) for one in calibrations if one.run]


def _unchanged(handed: Handover) -> list[qa.Check]:
    changed = handed.changed()
    return (
        [qa.Check("inputs", "BAD", f"the stage changed its inputs: {', '.join(changed)}")] if changed else []
    )


def _take_file(found: Found, folder: Path, place: str | None) -> None:
    """Take the product's file if there is a whole one."""
    if place is None:
        found.checks.append(qa.Check("file", "BAD", "the stage made no file"))
        return
    path, wrong = _inside(folder, place)
    end = path.suffix if _SUFFIX.fullmatch(path.suffix) else ".dat"
    if not wrong and end == ".fits":
        wrong = _look(found, path)
    if wrong:
        found.checks.append(qa.Check("file", "BAD", wrong))
    else:
        found.file = (f"{ATTACHED}product{end}" if end in _OURS else end, path)


def _look(found: Found, path: Path) -> str:
    """Add the checks of a FITS file; why it cannot be used, or nothing."""
    try:
        images, remarks = quality.images(path)
    except quality.BadProductError as error:
        return f"{path.name} is no whole FITS file: {error}"
    found.checks += [qa.Check("format", "PARTIAL", f"{path.name}: {remark}") for remark in remarks]
    found.checks.append(quality.finite(images))
    bias_frames = max((calibration.frames for calibration in found.calibrations), default=0)
    measured = quality.amplifiers(images[0], found.frames, bias_frames) if images else {}
    found.checks += quality.amplifier_checks(measured)
    found.statistics = {name: asdict(one) for name, one in measured.items()}
    return ""


def _text(folder: Path, place: str) -> str:
    """The end of a text file of the folder, or why there is none."""
    path, wrong = _inside(folder, place)
    if wrong:
        return wrong
    with path.open("rb") as file:
        return end_of(file)


def _inside(folder: Path, place: str) -> tuple[Path, str]:
    """A path of the record, and what is wrong with it: it must be a file of the program's own, in its folder."""
    path, home = folder / place, folder.resolve()
    try:
        real, own = path.resolve(), not path.is_symlink()
        there = path.is_file()
        linked = there and path.stat().st_nlink > 1
    except (OSError, ValueError, RuntimeError) as error:
        return path, f"{place[:80]!r} is no path: {error}"
    if not own or linked or not real.is_relative_to(home):
        return path, f"{place!r} is not a file of its own in the folder"
    if real in (home / MANIFEST, home / RECORD):
        return path, f"{place!r} is no product"
    return path, "" if there else f"{place!r} is named in the record but is not there"
