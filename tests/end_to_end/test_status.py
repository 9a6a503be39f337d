"""What is always visible while a run goes on tells the truth at every moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from sequencer.engine.journal import Record
from sequencer.engine.status import Status
from tests.end_to_end import rig


@dataclass
class Onlooker:
    """Keeps the status as it was shown with each journal record."""

    seen: list[tuple[Record, Status]] = field(default_factory=list)
    record: Record | None = None

    def on_record(self, record: Record) -> None:
        self.record = record

    def on_status(self, status: Status) -> None:
        if self.record is not None:
            self.seen.append((self.record, msgspec.structs.replace(status)))
            self.record = None

    def at(self, *kinds: str) -> list[tuple[Record, Status]]:
        return [(record, status) for record, status in self.seen if record.kind in kinds]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Onlooker:
    """Flats of two cameras at two airmasses, and their darks."""
    folder, onlooker = tmp_path_factory.mktemp("watched"), Onlooker()
    both = {"SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"], "SEQ.AIRMASS.LIST": [1.5, 2.0]}
    ob = rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", {**rig.FLATS, **both, "SEQ.DARK.NEXPO": 3}))
    assert rig.run(folder, ob, watcher=onlooker).result.outcome == "completed"
    return onlooker


def test_an_exposure_is_shown_as_what_it_is(watched: Onlooker) -> None:
    shown = watched.at("exposure")
    assert {record.data["kind"] for record, _ in shown} == {"probe", "flat", "dark"}
    for record, status in shown:
        data = record.data
        assert f"{data['camera']} exposing {data['dit_s']:g} s" in status.step
        assert "preset" not in status.step
        assert (status.camera, status.filter) == (data["camera"], data["filter"])
        assert (status.exposure_i, status.exposure_n) == (data["i"], data["n"])
        assert status.next_dit_s == data["dit_s"]
        if data["kind"] == "dark":
            assert (status.airmass, status.predicted_fraction) == (None, None)
        else:
            assert status.airmass == pytest.approx(data["airmass"], abs=1e-3)
            assert status.predicted_fraction == data["predicted_fraction"]


def test_the_level_shown_is_that_of_the_frame_and_gone_when_something_else_begins(watched: Onlooker) -> None:
    for record, status in watched.at("frame"):
        assert status.level_fraction == record.data["level_fraction"]
        assert (status.good, status.wanted) == (record.data["good"], record.data["wanted"])
    first_dark = next(status for record, status in watched.at("exposure") if record.data["kind"] == "dark")
    assert first_dark.level_fraction is None
    assert first_dark.good == 0


def test_the_last_frame_of_a_series_makes_the_good_ones_complete(watched: Onlooker) -> None:
    last = {
        (record.data["camera"], record.data["kind"], record.data["dit_s"]): status
        for record, status in watched.at("frame")
    }
    assert len(last) == 4
    assert all(status.good == status.wanted for status in last.values())


def test_steps_are_shown_while_they_last(watched: Onlooker) -> None:
    for record, status in watched.at("step"):
        assert f"{record.data['device']} {record.data['cmd']}" in status.step
    together = [
        status.step for _, status in watched.at("step") if "preset" in status.step and "move" in status.step
    ]
    assert together, "wheels turn while the telescope moves"
    (reducing,) = [
        status for record, status in watched.at("template_state") if record.data["state"] == "Reducing"
    ]
    assert reducing.step == "reducing"
    assert [status.step for _, status in watched.at("run_done")] == [""]


def test_steps_of_all_templates_are_numbered_through(tmp_path: Path) -> None:
    dark = {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", dark), ("METIS_gen_cal_InsDark", dict(dark)))
    ran = rig.run(tmp_path, ob)
    numbers = [data["n"] for data in ran.of("step")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sorted(data["n"] for data in ran.of("step_done")) == numbers
