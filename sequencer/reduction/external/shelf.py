"""The `products/` folder of a run as attached stages use it: put a product there, find one that calibrates."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sequencer.acquisition.durable import flush_folder
from sequencer.clock import iso
from sequencer.reduction import qa
from sequencer.reduction.contract import ProductRecord
from sequencer.reduction.external.collect import ATTACHED, Found
from sequencer.reduction.external.folder_contract import FOLDER_CONTRACT
from sequencer.reduction.external.manifest import Calibration, made_of


def stem(stage: str, template_index: int, name: str = "") -> str:
    """Name of a product without extension: stage, number of the template from 1, what the stage calls it."""
    return "_".join(part for part in (stage, f"{template_index + 1:02d}", name) if part)


def put(products: Path, stage: str, parameters: dict[str, Any], found: Found) -> ProductRecord:
    """Move a product's files to their names in `products`, and write what is told of it, the record last.

    What an earlier attempt left under the same names is replaced. Raises OSError.
    """
    products.mkdir(exist_ok=True)
    name = stem(stage, found.frames[0].template_index, found.said.name if found.said else "")
    product = ProductRecord(
        file=f"{name}{found.file[0]}" if found.file else f"{name}.json",
        category=found.category,
        recipe=found.recipe,
        inputs=[frame.name for frame in found.frames] + [one.name for one in found.calibrations],
        qa=qa.verdict(found.checks, ()),
        log=f"{name}.log",
        record=f"{name}.json",
    )
    record = _record(product, found) | {"parameters": parameters, "stage": _stage(stage, name, found)}
    files = dict([found.file] if found.file else []) | found.attachments
    texts = {".qa.json": _json(product.qa), ".log": found.log.encode(), ".json": _json(record)}
    for end, path in files.items():
        _settle(path, products / f"{name}{end}")
    for end, text in texts.items():
        part = products / f"{name}{end}.part"
        part.write_bytes(text)
        _settle(part, products / f"{name}{end}")
    flush_folder(products)
    return product


def _stage(stage: str, name: str, found: Found) -> dict[str, Any]:
    """What the record says of the stage: who made it, of what kind of frames, and what the stage itself said."""
    said = found.said
    return {
        "name": stage,
        "contract": FOLDER_CONTRACT,
        "software": found.software,
        "template_index": found.frames[0].template_index,
        "made_of": made_of(found.frames[0]),
        "instrument": found.frames[0].primary.get("INSTRUME"),
        "simulated": any(frame.simulated for frame in found.frames),
        "flag": said.qa.flag if said else None,
        "wanting": said.wanting if said else [],
        "attachments": [f"{name}{end}" for end in found.attachments],
        "figures": said.figures if said else {},
    }


def _record(product: ProductRecord, found: Found) -> dict[str, Any]:
    """The structured record in the form of our own products."""
    return {
        "file": product.file,
        "log": product.log,
        "category": product.category,
        "recipe": product.recipe,
        "date": iso(max(frame.start_s for frame in found.frames)),
        "inputs": [
            {"file": frame.name, "sha256": frame.sha256, "kind": frame.key.kind} for frame in found.frames
        ],
        "calibrations": [calibration.name for calibration in found.calibrations],
        "qc": {},
        "statistics": found.statistics,
        "qa": msgspec.to_builtins(product.qa),
    }


def _json(data: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def _settle(path: Path, target: Path) -> None:
    """Make a file durable, then give it its name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(target)


def records(products: Path, stage: str = "") -> Iterator[dict[str, Any]]:
    """The records of a stage's products, by name; of all attached stages if none is named."""
    for path in sorted(products.glob(f"{stage}*.json")):
        if ATTACHED not in path.name and not path.name.endswith(".qa.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            name = record.get("stage", {}).get("name", "") if isinstance(record, dict) else ""
            if name and stage in ("", name):
                yield record


def calibrations(products: Path, stage: str, template_index: int) -> list[Calibration]:
    """What the stage made of other templates of the run and what did not turn out BAD, by template."""
    return [
        calibration_of(products, record)
        for record in sorted(records(products, stage), key=lambda one: int(one["stage"]["template_index"]))
        if record["stage"]["template_index"] != template_index and record["qa"]["flag"] != "BAD"
    ]


def calibration_of(products: Path, record: dict[str, Any], run: str = "") -> Calibration:
    """The product of a record as a calibration; `run` is the name of the run it is from, if it is another one."""
    return Calibration(
        products / record["file"],
        record["category"],
        record["qa"]["flag"],
        record["stage"]["made_of"],
        len(record["inputs"]),
        run,
    )


def take_back(products: Path, stage: str, categories: set[str], before: int) -> list[int]:
    """Templates before number `before` whose products lacked one of these categories; refused ones are removed."""
    waited = [
        record
        for record in records(products, stage)
        if record["stage"]["template_index"] < before and categories & set(record["stage"]["wanting"])
    ]
    for refused in (record["file"] for record in waited if record["file"].endswith(".json")):
        for end in (".json", ".log", ".qa.json"):
            (products / (refused.removesuffix(".json") + end)).unlink(missing_ok=True)
    return sorted({record["stage"]["template_index"] for record in waited})


def take_away(products: Path, stage: str, template_index: int, made: set[str]) -> None:
    """Remove what the stage made of a template before and has not made anew, the records last.

    `made` are names of records.
    """
    stems = [
        record["log"].removesuffix(".log")
        for record in records(products, stage)
        if record["stage"]["template_index"] == template_index
    ]
    stale = [one for one in stems if f"{one}.json" not in made]
    for one in stale:
        files = products.glob(f"{one}.*")
        for path in sorted(files, key=lambda path: path.name == f"{one}.json"):
            path.unlink()
    if stale:
        flush_folder(products)


def stage_files(products: Path) -> set[str]:
    """Names of the files in `products` that are of attached stages, not of the native recipes."""
    stems = [record["log"].removesuffix(".log") for record in records(products)]
    return {path.name for stem in stems for path in products.glob(f"{stem}.*")}
