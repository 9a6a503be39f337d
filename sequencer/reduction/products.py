"""Write a product: FITS file, QA, text log and structured record, each whole under its name or not there.

Everything in the files follows from the inputs: no wall time, no folder names, so the same frames give the
same bytes. DATE is that of the newest input.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.cards import Card, CardValue, plain_ascii
from sequencer.acquisition.durable import flush_folder
from sequencer.acquisition.fits import Hdu, fits_chunks
from sequencer.acquisition.made_by import ORIGIN
from sequencer.clock import iso
from sequencer.reduction.contract import ProductRecord, Qa
from sequencer.reduction.frames import RawFrame

Pixels = npt.NDArray[np.float32] | npt.NDArray[np.uint16]

COPIED = (
    "INSTRUME", "TELESCOP", "DATE-OBS", "MJD-OBS", "ESO DPR TECH", "ESO OBS NAME", "ESO OBS PROG ID", "ESO OBS ID",
    "ESO OBS START", "ESO TPL ID", "ESO TPL START", "ESO DET ID", "ESO DET NCORRS NAME", "ESO DRS FILTER",
    "ESO DRS NDFILTER", "ESO DRS MASK", "ESO DRS PUPIL", "ESO DET WIN STRX", "ESO DET WIN STRY", "ESO DET WIN NX",
    "ESO DET WIN NY", "ESO DET CHIP TEMP",
    "ESO DET BINX", "ESO DET BINY", "INSCONF", "VPH", "INSMODE", "BLCKUUID",
)  # fmt: skip
"""Cards a product takes over from its first frame: what all its frames share."""


@dataclass(frozen=True)
class Unit:
    """One image extension of a product: its name, pixels and unit."""

    name: str
    pixels: Pixels
    unit: str


@dataclass(frozen=True)
class Product:
    """A product before it is written. `qc` are cards ESO QC with value and comment; a product without units
    was refused and gets no FITS file. `calibrations` are the names of the products that went in, `left_out` the frames
    that did not, each with the reason."""

    stem: str
    category: str
    pro_catg: str
    recipe: str
    frames: Sequence[RawFrame]
    units: Sequence[Unit]
    qa: Qa
    calibrations: Sequence[str] = ()
    exptime_s: float = 0.0
    qc: dict[str, tuple[CardValue, str]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    ladder: dict[str, list[float]] | None = None


def refused(
    stem: str, category: str, recipe: str, frames: Sequence[RawFrame], reasons: Sequence[str], **more: Any
) -> Product:
    """What stands in for a product that cannot be made: no file, the flag BAD, and the reasons; `more` are fields."""
    return Product(stem, category, category, recipe, frames, [], Qa("BAD", list(reasons)), **more)


def unit_name(chip: str, what: str) -> str:
    """Extension name of a chip's image: `DET1.SCI`; plain `SCI` for a frame without named chips."""
    return f"{chip}.{what}" if chip else what


def write_product(folder: Path, product: Product) -> ProductRecord:
    """Write the files of a product into `folder` (made if need be), replacing those of the same name at once.

    Raises OSError when the disk does not take them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fits_name = f"{product.stem}.fits"
    if product.units:
        _publish(folder / fits_name, fits_chunks(list(_hdus(product)), iso(_newest_s(product))))
    else:
        (folder / fits_name).unlink(missing_ok=True)
    record = ProductRecord(
        file=fits_name if product.units else f"{product.stem}.json",
        category=product.category,
        recipe=product.recipe,
        inputs=[frame.name for frame in product.frames] + list(product.calibrations),
        qa=product.qa,
        log=f"{product.stem}.log",
        record=f"{product.stem}.json",
        left_out=product.left_out,
    )
    qa = {"flag": product.qa.flag, "reasons": product.qa.reasons}
    for name, text in (
        (f"{product.stem}.qa.json", _json(qa)),
        (record.log, "\n".join(_log(product, record)) + "\n"),
        (record.record, _json(_record(product, record, qa))),
    ):
        _publish(folder / name, [text.encode()])
    flush_folder(folder)
    return record


def _publish(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write to `NAME.part`, flush, rename over what was there."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _newest_s(product: Product) -> float:
    return max((frame.start_s for frame in product.frames), default=0.0)


def _hdus(product: Product) -> Iterator[Hdu]:
    """Empty primary with what the product is and was made of, then the images."""
    card = _carder(product)
    first = product.frames[0]
    cards = [card(keyword, first.primary[keyword], "") for keyword in COPIED if keyword in first.primary]
    cards += [
        card("ORIGIN", ORIGIN, "who wrote the file"),
        card("DATE", iso(_newest_s(product)), "start of the newest input, UTC"),
        card("EXPTIME", float(product.exptime_s), "[s] integration time of one DIT"),
        card("ESO DET DIT", float(product.exptime_s), "[s] detector integration time"),
        card("ESO DET NDIT", first.key.ndit, "integrations averaged"),
        card("ESO PRO CATG", product.pro_catg, "product category"),
        card("ESO PRO TYPE", "REDUCED", "product type"),
        card("ESO PRO DATANCOM", len(product.frames), "frames combined"),
        card("ESO PRO REC1 ID", product.recipe, "recipe"),
        card("ESO GEN SIM", any(frame.simulated for frame in product.frames), "some input is simulated"),
        card("ESO QC QA FLAG", product.qa.flag, "GOOD, PARTIAL or BAD"),
    ]
    cards += [card(f"ESO PRO RAW{i}", frame.name, "") for i, frame in enumerate(product.frames, 1)]
    cards += [card(f"ESO PRO CAL{i}", name, "") for i, name in enumerate(product.calibrations, 1)]
    cards += [
        card(f"ESO QC {keyword}", value, comment)
        for keyword, (value, comment) in product.qc.items()
        if not (isinstance(value, float) and not math.isfinite(value))
    ]
    yield Hdu(cards)
    for unit in product.units:
        yield Hdu(
            [card("EXTNAME", unit.name, "extension"), card("BUNIT", unit.unit, "unit of the pixels")],
            unit.pixels,
        )


def _carder(product: Product) -> Callable[[str, CardValue, str], Card]:
    time_s = _newest_s(product)

    def card(keyword: str, value: CardValue, comment: str) -> Card:
        kept = plain_ascii(value) if isinstance(value, str) else value
        return Card(keyword, kept, comment, "reduction", time_s, measured=True, simulated=False)

    return card


def _log(product: Product, record: ProductRecord) -> Iterator[str]:
    """The text log: what went in, what was done with it, what came out."""
    yield f"{record.file}: {product.category} by {product.recipe}"
    for frame in product.frames:
        yield (
            f"  in  {frame.name}  {frame.key.camera} {frame.key.filter or 'closed'} {frame.key.dit_s:g}s"
            f" x{frame.key.ndit} level {frame.key.level_no} {frame.verdict or 'no verdict'}"
        )
    for name in product.calibrations:
        yield f"  cal {name}"
    for name, why in product.left_out.items():
        yield f"  out {name}  {why}"
    for keyword, value in product.parameters.items():
        yield f"  {keyword} = {value}"
    for keyword, (value, comment) in product.qc.items():
        yield f"  {keyword} = {value}  {comment}"
    yield f"  QA {product.qa.flag}"
    for reason in product.qa.reasons:
        yield f"     {reason}"


def _record(product: Product, record: ProductRecord, qa: dict[str, Any]) -> dict[str, Any]:
    found = {
        "file": record.file,
        "category": product.category,
        "recipe": product.recipe,
        "date": iso(_newest_s(product)) if product.frames else "",
        "inputs": [
            {"file": frame.name, "sha256": frame.sha256, "kind": frame.key.kind} for frame in product.frames
        ],
        "calibrations": list(product.calibrations),
        "left_out": product.left_out,
        "parameters": product.parameters,
        "qc": {keyword: value for keyword, (value, _) in product.qc.items()},
        "statistics": product.statistics,
        "qa": qa,
    }
    return {**found, "ladder": product.ladder} if product.ladder else found


def _json(data: dict[str, Any]) -> str:
    return json.dumps(_finite(data), indent=1) + "\n"


def _finite(value: Any) -> Any:
    """The value with numbers that JSON cannot hold as null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
