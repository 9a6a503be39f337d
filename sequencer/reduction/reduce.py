"""Reduce a run, template by template, from the headers of its raw frames alone.

The same code serves the attached stage (frames come as they are stored) and `sequencer reduce` (all at once),
so both give the same products.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sequencer.acquisition.errors import CorruptFile
from sequencer.config.models import Instrument
from sequencer.reduction.contract import ProductRecord
from sequencer.reduction.frames import (
    BIAS,
    DARK,
    FLAT,
    INS_DARK,
    LADDER,
    GroupKey,
    RawFrame,
    raw_files,
    read_frame,
)
from sequencer.reduction.noise import Figures
from sequencer.reduction.plan import Task, has_airmass_levels, plan
from sequencer.reduction.products import Product, refused, write_product
from sequencer.reduction.recipe_ccd import bias_product, ccd_dark_product
from sequencer.reduction.recipe_dark import dark_product
from sequencer.reduction.recipe_flat import MasterOnDisk, flat_product, refused_flat
from sequencer.reduction.recipe_linearity import linearity_product, refused_linearity, relative_check_product
from sequencer.reduction.relative import RelativeCheck
from sequencer.reduction.set_up import Readout
from sequencer.reduction.stale import drop_stale

Progress = Callable[[str], None]
Detecting = tuple[str, str, float]
"""Camera, read-out mode and gain: what a non-linearity is of."""

LEFT_OUT = "LEFT_OUT"
"""Category of the record that tells of frames no product can use."""
CATEGORIES = {
    BIAS: ("MASTER_BIAS", "master_bias"),
    DARK: ("MASTER_DARK", "master_dark"),
    INS_DARK: ("INS_DARK", "master_dark"),
    LADDER: ("LINEARITY", "linearity"),
    FLAT: ("MASTER_FLAT", "master_flat"),
}
"""Category and recipe of a product that could not be made, by kind of frame."""


def reduce_run(
    run_dir: Path,
    instrument: Instrument,
    on_progress: Progress | None = None,
    darks_of: Sequence[Path] = (),
) -> list[ProductRecord]:
    """Reduce all raw frames of a run and return its products; of a product made anew only the last counts.

    The same frames give the same files however often they are reduced; what an earlier reduction made and this
    one does not is removed. What attached stages made is left alone.

    `on_progress` hears one line a product. Frames that are not sound are left out and named there. `darks_of` are
    other runs whose darks and biases are taken in as if they were the run's own.
    """
    reduction = Reduction(run_dir, instrument, on_progress)
    reduction.refresh()
    for other in darks_of:
        reduction.add_darks_of(other)
    made: dict[str, ProductRecord] = {}
    for index in reduction.templates():
        for record in reduction.template(index):
            made[record.record] = record
    for record in reduction.left_out():
        made[record.record] = record
    for name in drop_stale(run_dir / "products", made):
        reduction.say(f"removed {name.removesuffix('.json')} of an earlier reduction")
    return list(made.values())


class Reduction:
    """The reduction of one run as its frames come in.

    `add` checks a frame, `template` reduces what a template left. Products that lack a calibration are made
    again when a later template brings it.
    """

    def __init__(self, run_dir: Path, instrument: Instrument, on_progress: Progress | None = None) -> None:
        self._run_dir = run_dir
        self._products = run_dir / "products"
        self._instrument = instrument
        self.say = on_progress or (lambda text: None)
        self._frames: dict[str, RawFrame] = {}
        self._unsound: dict[str, str] = {}
        self._darks: dict[Readout, list[MasterOnDisk]] = {}
        self._biases: dict[Readout, list[MasterOnDisk]] = {}
        self._k: dict[Detecting, tuple[float, float, str]] = {}
        self._done: set[int] = set()
        self._wanting: dict[str, set[Readout]] = {}
        self._without_bias: set[str] = set()
        self._told_left_out = 0

    def add(self, path: Path, sha256: str = "") -> str:
        """Take a frame after checking it; returns an empty text, or what is wrong with it."""
        if path.name in self._frames or path.name in self._unsound:
            return self._unsound.get(path.name, "")
        try:
            frame = read_frame(path, self._instrument)
            frame.check()
            if sha256 and frame.sha256 != sha256:
                raise CorruptFile(f"{path.name}: sha256 is not the one it was announced with")
        except (CorruptFile, OSError) as error:
            self._unsound[path.name] = str(error)
            self.say(f"left out: {error}")
            return str(error)
        self._frames[path.name] = frame
        return ""

    def refresh(self) -> None:
        """Take all frames in `raw/` that were not announced."""
        for path in raw_files(self._run_dir):
            self.add(path)

    def add_darks_of(self, run_dir: Path) -> None:
        """Take in the darks and biases of another run; what has the name of a frame of this run's is left out."""
        for path in raw_files(run_dir):
            if path.name in self._frames:
                continue
            self.add(path)
            if path.name in self._frames and self._frames[path.name].key.kind not in (DARK, BIAS):
                del self._frames[path.name]

    def templates(self) -> list[int]:
        """Numbers of the templates that left frames."""
        return sorted({frame.template_index for frame in self._frames.values()})

    def template(self, index: int) -> Iterator[ProductRecord]:
        """Make the products of a template, and those of earlier ones that lacked a calibration; one at a time."""
        checks: list[tuple[Task, RelativeCheck, Figures]] = []
        tasks = plan(frame for frame in self._frames.values() if frame.template_index <= index)
        for task in tasks:
            if task.template_index < index and task.template_index not in self._done:
                self._adopt(task)
        for task in (task for task in tasks if task.template_index == index):
            yield from self._make(task, checks)
        for task in (task for task in tasks if task.template_index < index and self._may_be_made_now(task)):
            yield from self._make(task, checks)
        self._done.add(index)
        for task, check, detector in _best_checks(checks):
            key = task.frames[0].key
            if _detecting(key) not in self._k and len(check.levels) > 1:
                stem = f"linearity_check_{task.stem.removeprefix('master_flat_')}"
                yield self._write(relative_check_product(stem, task.frames, check, detector))
        yield from self.left_out()

    def left_out(self) -> Iterator[ProductRecord]:
        """The record of all frames that no product can use, each with the reason; none unless there are new ones."""
        if len(self._unsound) > self._told_left_out:
            self._told_left_out = len(self._unsound)
            why = dict(sorted(self._unsound.items()))
            yield self._write(refused("left_out", LEFT_OUT, "check", [], list(why.values()), left_out=why))

    def _adopt(self, task: Task) -> None:
        """Take up what another stage process made of an earlier template, before this one was started."""
        path = self._products / f"{task.stem}.json"
        made: dict[str, Any] = (
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"file": ""}
        )
        if task.kind == FLAT:
            self._wanting[task.stem] = self._missing(task.frames)
        elif made["file"].endswith(".fits"):
            self._register(task, made["file"], made["qa"]["flag"], made["statistics"])
            if task.kind == DARK and task.frames[0].detector.layout == "megara" and not made["calibrations"]:
                self._without_bias.add(task.stem)

    def _register(self, task: Task, file: str, flag: str, statistics: dict[str, Any]) -> None:
        """Remember a product that calibrates others."""
        key = task.frames[0].key
        made = MasterOnDisk(self._products / file, flag, task.template_index, task.frames[0].start_s)
        if task.kind == DARK:
            self._darks.setdefault(key.readout, []).append(made)
        elif task.kind == BIAS:
            self._biases.setdefault(key.readout.without_exposure, []).append(made)
        elif task.kind == LADDER and flag != "BAD":
            found = (statistics["k_error"], statistics["k"], file)
            self._k[_detecting(key)] = min(found, self._k.get(_detecting(key), found))

    def _may_be_made_now(self, task: Task) -> bool:
        """Whether something that was missing when the task was tried last is there by now."""
        if task.kind == FLAT:
            return bool(self._wanting.get(task.stem, set()) - self._missing(task.frames))
        return task.stem in self._without_bias and self._bias_for(task) is not None

    def _write(self, product: Product) -> ProductRecord:
        return write_product(self._products, product)

    def _make(self, task: Task, checks: list[tuple[Task, RelativeCheck, Figures]]) -> Iterator[ProductRecord]:
        """The product of a task; whatever goes wrong in it is its own, told in its record, and ends no other."""
        self.say(f"reducing {task.stem}")
        try:
            product = self._flat(task, checks) if task.kind == FLAT else self._calibration(task)
        except OSError:
            raise
        except Exception as error:
            traceback.print_exc()
            category, recipe = CATEGORIES[task.kind]
            why = f"not made: {error or type(error).__name__}"
            product = refused(task.stem, category, recipe, task.frames or task.left_out, [why])
        judged = {frame.name: f"judged {frame.verdict}" for frame in task.left_out}
        record = self._write(replace(product, left_out=judged | product.left_out))
        if task.kind != FLAT and product.units:
            self._register(task, record.file, record.qa.flag, product.statistics)
        yield record

    def _calibration(self, task: Task) -> Product:
        """Product of a task that is no flat; of frames that are no ladder one that says so."""
        if task.kind == LADDER:
            try:
                return linearity_product(task.stem, task.frames, task.rejected)
            except ValueError as error:
                return refused_linearity(task.stem, task.frames, str(error))
        if task.kind == BIAS:
            return bias_product(task.stem, task.frames, task.rejected)
        if task.frames[0].detector.layout == "extensions":
            return dark_product(task.stem, task.frames, task.rejected)
        bias = self._bias_for(task)
        (self._without_bias.discard if bias else self._without_bias.add)(task.stem)
        return ccd_dark_product(task.stem, task.frames, task.rejected, bias.path if bias else None)

    def _bias_for(self, task: Task) -> MasterOnDisk | None:
        """The master bias of a task's set-up that is nearest in time."""
        first = task.frames[0]
        biases = self._biases.get(first.key.readout.without_exposure, [])
        return min(biases, key=lambda bias: abs(bias.time_s - first.start_s), default=None)

    def _flat(self, task: Task, checks: list[tuple[Task, RelativeCheck, Figures]]) -> Product:
        if not task.frames:
            why = [f"no good flat: {task.rejected} not good, {task.thermal_only} thermal-only"]
            return refused_flat(task.stem, task.left_out, why, [])
        missing = self._missing(task.frames)
        self._wanting[task.stem] = missing
        found = [(frame, dark) for frame in task.frames if (dark := self._dark_for(frame))]
        if not found:
            return refused_flat(task.stem, task.frames, self._say_missing(missing), sorted(missing))
        key, detector = task.frames[0].key, task.frames[0].figures
        if _detecting(key) in self._k:
            _, k, source = self._k[_detecting(key)]
            detector = detector.with_k(k, source)
        try:
            product, flat = flat_product(
                task.stem,
                [frame for frame, _ in found],
                {dark.path.name: dark for _, dark in found},
                [dark.path.name for _, dark in found],
                detector,
                task.rejected,
                task.thermal_only,
                self._say_missing(missing),
            )
        except ValueError as error:
            return refused_flat(task.stem, task.frames, [str(error)], sorted(missing))
        if has_airmass_levels(product.frames):
            checks.append((replace(task, frames=list(product.frames)), flat.relative, detector))
        without = {
            frame.name: f"no dark {frame.key.readout}" for frame in task.frames if not self._dark_for(frame)
        }
        return replace(product, left_out=without | product.left_out)

    def _dark_for(self, frame: RawFrame) -> MasterOnDisk | None:
        """The master dark of a frame's own read-out: of the same template if there is one, else nearest in time."""
        darks = self._darks.get(frame.key.readout, [])
        return min(
            darks,
            key=lambda dark: (dark.template_index != frame.template_index, abs(dark.time_s - frame.start_s)),
            default=None,
        )

    def _missing(self, frames: Iterable[RawFrame]) -> set[Readout]:
        """Which darks of the frames are not there."""
        return {frame.key.readout for frame in frames if not self._dark_for(frame)}

    def _say_missing(self, missing: Iterable[Readout]) -> list[str]:
        """One line for each missing dark, with those of its detector that are there, of its DIT and NDIT if any."""
        lines = []
        for wanted in sorted(missing):
            others = sorted(one for one in self._darks if one.camera == wanted.camera)
            alike = [one for one in others if (one.dit_s, one.ndit) == (wanted.dit_s, wanted.ndit)]
            there = ", ".join(one.unlike(wanted) for one in alike or others) or "none"
            lines.append(f"no dark {wanted} (there are: {there})")
        return lines


def _best_checks(
    checks: list[tuple[Task, RelativeCheck, Figures]],
) -> list[tuple[Task, RelativeCheck, Figures]]:
    """Of each camera and read-out mode the flat that tells most about linearity."""
    best: dict[Detecting, tuple[Task, RelativeCheck, Figures]] = {}
    for found in checks:
        key = _detecting(found[0].frames[0].key)
        if key not in best or found[1].k_error < best[key][1].k_error:
            best[key] = found
    return list(best.values())


def _detecting(key: GroupKey) -> Detecting:
    return key.camera, key.mode, key.gain_e_adu
