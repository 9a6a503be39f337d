"""The reduction of a finished run again, from its raw frames alone; what it made before is replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from sequencer.config import load_deployment, load_instrument
from sequencer.engine.journal import Journal, Record, read_journal
from sequencer.engine.operator import ADDRESS_FILE, send
from sequencer.engine.request import BadInput
from sequencer.reduction import ProductRecord, reduce_run
from sequencer.reduction.external.attached import reduce_attached
from sequencer.reduction.external.shelf import stage_files
from sequencer.wire.errors import NoAnswer


def reduce_again(
    run_dir: Path,
    instrument: str,
    tell: Callable[[str], None],
    darks_of: Sequence[Path] = (),
    deployment: str = "",
) -> list[ProductRecord]:
    """Reduce a run's raw frames (by the instrument its journal names, if none is given) and note the products.

    `darks_of` are other runs whose darks are used too. The stages attached in `deployment`, if one is named, reduce
    the frames as well; without it, what they made stays.

    Files of earlier products that are not made any more are removed, and runs named whose darks the last reduction
    used and this one does not. The journal's records are dated with the end of the run: its clock has stood still
    since. Raises FileNotFoundError, ConfigErrors, BadInput while the run goes on, and OSError for a disk that fails.
    """
    records = read_journal(run_dir / "journal.sqlite")
    _see_ended(run_dir)
    name = instrument or str(records[0].data["instrument"]).lower()
    _say_unused(records, darks_of, tell)
    loaded, stages = load_instrument(name), load_deployment(deployment).stages if deployment else {}
    products = reduce_run(run_dir, loaded, tell, darks_of) + reduce_attached(run_dir, loaded, stages, tell)
    made = {name for product in products for name in _files(product.file)}
    gone = _former(records) - made - stage_files(run_dir / "products")
    for path in sorted(gone):
        (run_dir / "products" / path).unlink(missing_ok=True)
    removed = sorted({product for product in _noted(records) if _files(product) <= gone})
    journal = Journal(run_dir / "journal.sqlite")
    said = {"products": len(products), "removed": removed, "darks_of": _names(darks_of)}
    journal.write(records[-1].time_s, "reduction", said)
    for product in products:
        journal.write(records[-1].time_s, "product", msgspec.to_builtins(product))
    journal.close()
    if journal.lost:
        raise OSError(f"{run_dir}: the products are made, but its journal cannot take them: {journal.lost}")
    return products


def _say_unused(records: Iterable[Record], darks_of: Sequence[Path], tell: Callable[[str], None]) -> None:
    """Name the runs whose darks the last reduction used and this one does not: products may turn BAD without them."""
    used = [record.data.get("darks_of", []) for record in records if record.kind == "reduction"]
    for run in used[-1] if used else []:
        if run not in _names(darks_of):
            tell(f"the darks of {run} are not used any more: give its folder with --darks to use them again")


def _names(runs: Sequence[Path]) -> list[str]:
    return [run.resolve().name for run in runs]


def _see_ended(run_dir: Path) -> None:
    if not (run_dir / ADDRESS_FILE).is_file():
        return
    try:
        send(run_dir, "status")
    except NoAnswer:  # it died without taking its address away
        return
    raise BadInput([f"{run_dir}: this run goes on; reduce it again when it is over"])


def _former(records: Iterable[Record]) -> set[str]:
    """Names of all files of the products noted so far."""
    return {name for file in _noted(records) for name in _files(file)}


def _noted(records: Iterable[Record]) -> list[str]:
    return [str(record.data["file"]) for record in records if record.kind == "product"]


def _files(product: str) -> set[str]:
    """Names of the files of a product."""
    stem = product.rpartition(".")[0]
    return {f"{stem}{suffix}" for suffix in (".fits", ".json", ".log", ".qa.json")}
