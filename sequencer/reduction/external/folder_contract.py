"""The folder contract: what a program attached as a reduction stage is given, and what it returns.

The program is started with one more argument, a folder of its own. It finds `manifest.json` there, leaves its
products, writes `record.json` and ends with code 0. The schemas of both stand beside this module.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sequencer.reduction.contract import Qa

FOLDER_CONTRACT = 1
"""Raised when a field is removed or changes its meaning; a field that is added does not raise it."""
MANIFEST, RECORD, OUTPUT = "manifest.json", "record.json", "output.txt"
RECORD_BYTES = 4 << 20
"""Longest record that is read."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$")]
PathInside = Annotated[str, Meta(min_length=1, max_length=500)]


class ManifestFrame(msgspec.Struct, frozen=True):
    """A raw frame: its file in the folder, and what its header says. Frames of one `group` may be stacked.

    `dpr` is category, type and technique; `window` is first column, first row (from 1), columns, rows;
    optical fields are empty for closed frames.
    """

    file: str
    sha256: str
    dpr: tuple[str, str, str]
    kind: str
    camera: str
    filter: str
    nd: str
    mode: str
    window: tuple[int, int, int, int]
    dit_s: float
    ndit: int
    level_no: int
    group: int


class ManifestCalibration(msgspec.Struct, frozen=True):
    """A calibration: a product of this stage from an earlier template of the run, or a file of the deployment.

    `run` names the run of a product of another one, else it is empty. `camera` to `ndit` describe the frames a
    product was made of; they are empty for a file of the deployment.
    """

    file: str
    category: str
    flag: str = ""
    run: str = ""
    camera: str = ""
    mode: str = ""
    window: tuple[int, int, int, int] | None = None
    dit_s: float | None = None
    ndit: int | None = None


class Manifest(msgspec.Struct, frozen=True):
    """What there is to reduce: the good frames of one template that has ended. Paths are relative to the folder.

    `template_index` counts from 0; `rejected` names the frames the sequencer found not good, which are not
    handed over; `parameters` are those of the deployment; after `time_limit_s` the program is stopped.
    """

    contract: int
    stage: str
    run: str
    instrument: str
    template: str
    template_index: int
    time_limit_s: float
    frames: list[ManifestFrame]
    rejected: list[str]
    calibrations: list[ManifestCalibration]
    parameters: dict[str, Any]


class RecordProduct(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One product: `name` as it will be called in `products/`, `file` its path in the folder.

    Without a `file` the product was refused, and the flag is taken as BAD. `wanting` names categories of
    calibrations it lacked: the template is offered again when a later one brings one of them. `inputs` are
    paths as the manifest gives them; none means all frames. `figures` are free.
    """

    name: Name
    category: Annotated[str, Meta(min_length=1, max_length=60)]
    recipe: Annotated[str, Meta(max_length=60)]
    qa: Qa
    file: PathInside | None = None
    log: PathInside | None = None
    attachments: list[PathInside] = []
    inputs: list[str] = []
    wanting: list[str] = []
    figures: dict[str, Any] = {}


class Record(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What came of it. A non-empty `error` says why there is less than there should be."""

    contract: int
    products: list[RecordProduct]
    error: str = ""
    software: str = ""


class BadRecordError(Exception):
    """The record is missing or none of this contract; the text says what is wrong."""


def read_record(folder: Path) -> Record:
    """The record a program left in its folder. Raises BadRecordError."""
    path = folder / RECORD
    if path.is_symlink() or not path.is_file():
        raise BadRecordError(f"left no {RECORD}")
    size = path.stat().st_size
    if size > RECORD_BYTES:
        raise BadRecordError(f"{RECORD} has {size} bytes, at most {RECORD_BYTES} are read")
    data = path.read_bytes()
    try:
        version = msgspec.json.decode(data, type=dict[str, Any]).get("contract")
        if version != FOLDER_CONTRACT:
            raise BadRecordError(f"{RECORD} is of contract {version!r}, this is {FOLDER_CONTRACT}")
        record = msgspec.json.decode(data, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecordError(f"{RECORD} is no record of contract {FOLDER_CONTRACT}: {error}") from error
    names = [product.name for product in record.products]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRecordError(f"{RECORD} names {', '.join(twice)} twice")
    return record


def schema_text(kind: type[Manifest] | type[Record]) -> str:
    """JSON Schema (2020-12) of a manifest or a record, as it is committed beside this module."""
    (found,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    parts[kind.__name__]["properties"]["contract"] = {"const": FOLDER_CONTRACT}
    for part in parts.values():
        part["description"] = inspect.cleandoc(part["description"])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**head, **found, "$defs": parts}, indent=1) + "\n"
