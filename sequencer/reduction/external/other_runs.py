"""Products of attached stages in the other runs of a folder of runs: the bias of the afternoon for tonight's darks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sequencer.clock import parse_utc
from sequencer.reduction.external.manifest import Calibration, made_of
from sequencer.reduction.external.shelf import calibration_of, records
from sequencer.reduction.frames import RawFrame

_OF_THE_EXPOSURE = ("dit_s", "ndit")
"""What may differ from the frames: a program that needs the same asks for it."""


def of_other_runs(
    run_dir: Path, stage: str, categories: Collection[str], frame: RawFrame, own: Collection[Calibration]
) -> list[Calibration]:
    """What a stage made in the runs beside this one that fits a frame, of each DIT and NDIT the one nearest in time.

    Of the same instrument, camera, mode and window, simulated if the frame is, and not BAD. Left out is what is among
    the run's `own`. The nearest comes last.
    """
    if not categories:
        return []
    here = {_exposure(one.category, one.made_of or {}) for one in own}
    found: dict[tuple[Any, ...], tuple[float, Calibration]] = {}
    for run, record in _records(run_dir, stage):
        key = _exposure(record["category"], record["stage"]["made_of"])
        if record["category"] not in categories or key in here or not _fits(record, frame):
            continue
        apart_s = abs(parse_utc(record["date"]) - frame.start_s)
        if key not in found or apart_s <= found[key][0]:
            found[key] = apart_s, calibration_of(run / "products", record, run.name)
    return [one for _, one in sorted(found.values(), key=lambda item: -item[0])]


def _records(run_dir: Path, stage: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The stage's records of all other runs, by name, of products that are still there; a folder that holds no
    readable ones is passed over.
    """
    for products in sorted(run_dir.resolve().parent.glob("*/products")):
        if products.parent == run_dir.resolve():
            continue
        try:
            found = list(records(products, stage))
        except (OSError, ValueError):
            continue
        for record in found:
            if (products / record["file"]).is_file():
                yield products.parent, record


def _fits(record: dict[str, Any], frame: RawFrame) -> bool:
    told = record["stage"]
    same = {key: value for key, value in made_of(frame).items() if key not in _OF_THE_EXPOSURE}
    return (
        record["qa"]["flag"] != "BAD"
        and told.get("instrument") == frame.primary.get("INSTRUME")
        and told.get("simulated") == frame.simulated
        and all(told["made_of"].get(key) == value for key, value in same.items())
    )


def _exposure(category: str, found: dict[str, Any]) -> tuple[Any, ...]:
    return (category, *(found.get(key) for key in _OF_THE_EXPOSURE))
