"""The stages attached to a run, template by template: hand over, run, collect. One program runs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sequencer.acquisition.errors import CorruptFile
from sequencer.config.models import Instrument
from sequencer.config.stages import StageConfig
from sequencer.reduction.contract import ProductRecord
from sequencer.reduction.external import shelf
from sequencer.reduction.external.collect import NO_PRODUCT, Found, collected, failure
from sequencer.reduction.external.folder_contract import BadRecordError, read_record
from sequencer.reduction.external.handover import Handover, hand_over
from sequencer.reduction.external.launch import run_program
from sequencer.reduction.external.manifest import Calibration
from sequencer.reduction.external.other_runs import of_other_runs
from sequencer.reduction.external.settings import command_of
from sequencer.reduction.frames import RawFrame, raw_files, read_frame

Progress = Callable[[str], None]
Stages = Mapping[str, StageConfig]


def reduce_attached(
    run_dir: Path, instrument: Instrument, stages: Stages, on_progress: Progress | None = None
) -> list[ProductRecord]:
    """Have a finished run reduced by all its attached stages; of a product made anew only the last counts."""
    if not stages:
        return []
    reduction = AttachedReduction(run_dir, instrument, stages, on_progress)
    made = {record.record: record for index in reduction.templates() for record in reduction.template(index)}
    return list(made.values())


class AttachedReduction:
    """The reduction of one run by its attached stages. What is known of earlier templates stands in `products/`."""

    def __init__(
        self, run_dir: Path, instrument: Instrument, stages: Stages, on_progress: Progress | None = None
    ) -> None:
        self._run_dir = run_dir
        self._products = run_dir / "products"
        self._instrument = instrument
        self._stages = stages
        self._on_progress = on_progress or (lambda text: None)
        self._frames: dict[str, RawFrame | None] = {}

    def templates(self) -> list[int]:
        """Numbers of the templates that left sound frames."""
        return sorted({frame.template_index for frame in self._sound()})

    def template(self, index: int) -> Iterator[ProductRecord]:
        """Products of a template from every stage that wants it; then those of earlier ones that waited for them.

        A program's failure is a BAD record. Raises OSError, after all stages had their turn, when a disk did not
        take what was to be handed over or collected; it names the stages.
        """
        lost = []
        for name in self._stages:
            try:
                yield from self._offered(name, index)
            except OSError as error:
                lost.append(f"stage {name}: {error}")
        if lost:
            raise OSError("; ".join(lost))

    def _offered(self, name: str, index: int) -> Iterator[ProductRecord]:
        """Products of one stage for a template and for earlier ones that waited for what it made."""
        stage, made = self._stages[name], set()
        for record in self._run(name, stage, index):
            made |= {record.category} if record.qa.flag != "BAD" else set()
            yield record
        for earlier in shelf.take_back(self._products, name, made, index):
            yield from self._run(name, stage, earlier)

    def _run(self, name: str, stage: StageConfig, index: int) -> Iterator[ProductRecord]:
        """Products of one stage for one template; none when the stage is not for it, or no frame is good.

        What it made of the template before goes, but for a program that fails now: its earlier products stay.
        """
        frames = [frame for frame in self._sound() if frame.template_index == index]
        wanted = not stage.templates or any(frame.template in stage.templates for frame in frames)
        if not wanted or not any(frame.good for frame in frames):
            return
        self._on_progress(f"stage {name} starts on template {index}")
        work = self._new_folder(name, index)
        known = self._known(name, stage, index, frames)
        handed = hand_over(work, name, stage, self._run_dir, self._instrument.name, frames, known)
        made = []
        for found in self._outcome(name, stage, handed):
            made.append(shelf.put(self._products, name, stage.parameters, found))
            yield made[-1]
        if not any(product.category == NO_PRODUCT for product in made):
            shelf.take_away(self._products, name, index, {product.record for product in made})

    def _known(
        self, name: str, stage: StageConfig, index: int, frames: Sequence[RawFrame]
    ) -> list[Calibration]:
        """Calibrations for a template, the best last: files of the deployment, of other runs, of this run."""
        given = [
            Calibration(Path(path), kind) for kind, paths in stage.calibrations.items() for path in paths
        ]
        own = shelf.calibrations(self._products, name, index)
        one_a_camera = {frame.key.readout.without_exposure: frame for frame in reversed(frames)}.values()
        others = [
            one
            for frame in one_a_camera
            for one in of_other_runs(self._run_dir, name, stage.from_other_runs, frame, own)
        ]
        return given + others + own

    def _outcome(self, name: str, stage: StageConfig, handed: Handover) -> Iterator[Found]:
        """Run the program; what it made, or the one failure that stands for it."""
        wrong = self._ran(name, stage, handed)
        if wrong:
            yield failure(handed, name, wrong)
            return
        try:
            record = read_record(handed.folder)
        except BadRecordError as error:
            yield failure(handed, name, str(error))
            return
        if record.error:
            yield failure(handed, name, record.error)
        for product in record.products:
            yield collected(handed, name, product, record.software)

    def _ran(self, name: str, stage: StageConfig, handed: Handover) -> str:
        """Run the program to its end; empty, or why there is no record to look for."""
        lost = [str(one.path) for one in handed.calibrations.values() if not one.path.is_file()]
        if lost:
            return f"calibrations of the deployment are not there: {', '.join(lost)}"

        def tell(text: str) -> None:
            self._on_progress(f"stage {name} {text}")

        return run_program(command_of(stage), handed.folder, stage.time_limit_s, stage.file_limit_mb, tell)

    def _sound(self) -> list[RawFrame]:
        """All raw frames there are by now that are whole; of the others the native stage tells."""
        for path in raw_files(self._run_dir):
            if path.name not in self._frames:
                self._frames[path.name] = self._read(path)
        return [frame for frame in self._frames.values() if frame is not None]

    def _read(self, path: Path) -> RawFrame | None:
        try:
            frame = read_frame(path, self._instrument)
            frame.check()
        except (CorruptFile, OSError):
            return None
        return frame

    def _new_folder(self, name: str, index: int) -> Path:
        """A folder nobody has worked in: `stages/NAME_NN`, numbered when the template was offered before."""
        home = self._run_dir / "stages"
        home.mkdir(exist_ok=True)
        number = 1
        while True:
            folder = home / (shelf.stem(name, index) + (f"-{number}" if number > 1 else ""))
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
            else:
                return folder
