"""The time left comes true: to the second where nothing scatters, nine times out of ten where moves and read-outs do.

How intervals come from scatter is judged on drawn journals (tests/durations/test_coverage.py), and on whole nights by
`make nightly`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from scipy import stats

from sequencer.config.search import find_config
from sequencer.durations import PRESET, Spread, closing
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.request import Nobody
from sequencer.engine.status import Status
from sequencer.monitor.forecasts import Judged, judged
from sequencer.monitor.report import report_html
from sequencer.monitor.run_log import run_log
from sequencer.monitor.status_text import time_left
from sequencer.observing.planning import write_learned
from tests.end_to_end import rig

TEACH = 3
"""So many runs only teach; those after them are judged, and teach the ones that follow."""

DARKS = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 5, "DET2.DIT": 0.02, "SEQ.NEXPO2": 3, "SEQ.NEXPO3": 0}
DARK_BLOCK = [("METIS_all_cal_Dark", DARKS), ("METIS_all_cal_Dark", {**DARKS, "DET1.DIT": 2.0})]
FLAT_BLOCK = [
    (
        "METIS_all_cal_TwilightFlat",
        {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.AIRMASS.LIST": [1.5, 2.0]},
    )
]
Calls = Sequence[tuple[str, dict[str, Any]]]


def unsteady(folder: Path, sigma: float) -> str:
    """METIS simulated, whose moves, slews and read-outs take longer or shorter each time."""
    plain = yaml.safe_load(find_config("deployments", "metis-sim").read_text())
    path = folder / "unsteady.yaml"
    path.write_text(yaml.safe_dump({**plain, "night": {"duration_sigma": sigma}}))
    return str(path)


def runs(folder: Path, calls: Calls, count: int, sigma: float = 0.15) -> list[rig.Ran]:
    """The same block on different nights, each with what those before it taught."""
    ob, deployment, learned = rig.write_ob(folder, *calls), unsteady(folder, sigma), folder / "learned.yaml"
    return [rig.run(folder, ob, deployment, seed=seed, learned=learned) for seed in range(1, count + 1)]


def missed_s(night: rig.Ran) -> list[float]:
    """By how much later than said what was foreseen came, forecast by forecast."""
    return [one.took_s - one.said["left_s"] for one in judged(night.records) if one.took_s is not None]


def test_one_night_teaches_to_foretell_darks_exactly(tmp_path: Path) -> None:
    """Where nothing scatters: a kind of step that is not taught, counted or ended shows at once."""
    first, second = runs(tmp_path, DARK_BLOCK, 2, sigma=0.0)
    assert max(map(abs, missed_s(first))) > 20.0, "the instrument's figures are other than the simulators'"
    assert len(missed_s(second)) == 6
    assert missed_s(second) == pytest.approx([0.0] * 6, abs=0.1)
    assert all(one.right for one in judged(second.records))


def test_one_night_teaches_to_foretell_a_twilight_to_a_second(tmp_path: Path) -> None:
    """But for the first forecast, that does not know tonight's sky yet."""
    first, second = runs(tmp_path, FLAT_BLOCK, 2, sigma=0.0)
    assert max(map(abs, missed_s(first))) > 100.0
    assert len(missed_s(second)) == 6
    assert missed_s(second)[0] == pytest.approx(0.0, abs=10.0)
    assert missed_s(second)[1:] == pytest.approx([0.0] * 5, abs=1.0)
    assert all(one.right for one in judged(second.records))


def check(nights: list[rig.Ran], widest: float) -> str:
    """As many hits as chance allows at nine out of ten; and the intervals of whole blocks are not wide.

    The forecasts of one night hang together: by chance, too few hits in all would be those of fewer than 1 in 1000
    of as many independent ones.
    """
    said = [one for night in nights[TEACH:] for one in judged(night.records)]
    hits = sum(one.right is True for one in said)
    assert len(said) >= 3 * (len(nights) - TEACH)
    assert stats.binom.cdf(hits, len(said), 0.9) > 0.001, f"{hits} of {len(said)} hold the truth"
    assert all((one.said["runs"] or TEACH) >= TEACH for one in said)
    for night in nights[TEACH:]:
        first = night.of("forecast")[0]
        assert first["high_s"] - first["low_s"] < widest
    return f"{hits} of {len(said)} forecasts hold the truth"


@pytest.mark.nightly
def test_nine_times_out_of_ten_for_darks(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("figures", check(runs(tmp_path, DARK_BLOCK, 11), widest=15.0))


@pytest.mark.nightly
def test_nine_times_out_of_ten_for_a_twilight(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("figures", check(runs(tmp_path, FLAT_BLOCK, 10), widest=120.0))


class Looker(Nobody):
    """Remembers the status as it was at every record."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, str, float | None]] = []
        self.words: list[str] = []

    def on_status(self, status: Status) -> None:
        self.seen.append((status.utc_s, status.ob_state, status.left_s))
        self.words.append(time_left(status))


def test_the_time_left_counts_down_and_stands_still_in_a_pause(tmp_path: Path) -> None:
    """Nobody has taught anything: the instrument's figures. The block is paused for ten minutes after two frames."""

    def moment(record: Record) -> bool:
        return record.kind == "frame" and record.data["camera"] == "LM" and record.data["good"] == 2

    async def pause(run: RunContext) -> None:
        await run.control.request("pause", "tester")
        await run.clock.sleep(600.0, "tester")
        await run.control.request("resume", "tester")

    watcher = Looker()
    ob = rig.write_ob(tmp_path, DARK_BLOCK[1])
    ran = rig.run(tmp_path, ob, operator=rig.when(moment, pause), watcher=watcher)
    running = [left for _, state, left in watcher.seen if state == "Running" and left is not None]
    assert all(after <= before + 3.0 for before, after in pairwise(running))
    paused = [left for _, state, left in watcher.seen if state == "Paused" and left is not None]
    assert len(paused) > 5
    assert max(paused) - min(paused) < 0.1
    assert 5.0 < paused[0] < 15.0
    assert watcher.seen[-1][2] is None
    assert any("block: " in text and " left (" in text for text in watcher.words)
    first = judged(ran.records)[0]
    assert first.said["runs"] == 0
    assert first.took_s is not None and first.took_s < 60.0 < ran.records[-1].time_s - first.time_s


def test_journal_log_and_report_say_what_was_forecast_and_what_came(tmp_path: Path) -> None:
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *DARK_BLOCK))
    said = ran.of("forecast")
    assert said[0]["when"] == "METIS_all_cal_Dark begins"
    assert all(
        one["low_s"] <= one["left_s"] <= one["high_s"] and math.isfinite(one["high_s"]) for one in said
    )
    assert any("METIS_all_cal_Dark begins: block" in line for line in run_log(ran.records).splitlines())
    html = report_html(ran.records, ran.result.run_dir)
    assert "learned from runs" in html and "LM darks of 0.2 s are over" in html


@pytest.mark.parametrize("verb", ["stop", "abort", "halt"])
def test_a_run_that_breaks_off_is_not_judged_and_foresees_nothing_more(tmp_path: Path, verb: str) -> None:
    async def end(run: RunContext) -> None:
        await run.control.request(verb, "tester")

    operator = rig.when(lambda record: record.kind == "frame", end)
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *FLAT_BLOCK, DARK_BLOCK[0]), operator=operator)
    found: list[Judged] = judged(ran.records)
    assert found and all(one.took_s is None and one.right is None for one in found)
    (asked,) = (record.seq for record in ran.records if record.kind == "operator")
    assert max(record.seq for record in ran.records if record.kind == "forecast") < asked


def test_who_waits_for_a_twilight_is_as_sure_as_the_sky_is(tmp_path: Path) -> None:
    """Long before the twilight: whatever the darks before it take, it does not begin earlier or later."""
    calls = [DARK_BLOCK[0], *FLAT_BLOCK]
    start_s = rig.at("2027-03-20T08:40:00")
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *calls), start_s=start_s)
    first, *_ = judged(ran.records)
    window_s = ran.of("plan")[1]["window"]["start_s"]
    assert first.said["low_s"] >= window_s - start_s - 0.1
    assert first.took_s == pytest.approx(first.said["left_s"], abs=600.0)
    later = [one for one in judged(ran.records) if one.said["when"] == "METIS_all_cal_TwilightFlat begins"]
    assert later[0].said["high_s"] - later[0].said["low_s"] == pytest.approx(
        first.said["high_s"] - first.said["low_s"], abs=1.0
    )


def taught(folder: Path, durations: dict[str, float]) -> Path:
    """A file of one earlier run in which these kinds of step took so many seconds."""
    path = folder / "taught.yaml"
    write_learned(
        path, "metis-sim", {}, {"earlier": {key: Spread(3, mean_s, 0.0) for key, mean_s in durations.items()}}
    )
    return path


def test_a_forecast_that_fails_is_one_alarm_and_hurts_no_night(tmp_path: Path) -> None:
    """Closings of 1e200 s, from a file with a slip of the pen: their square is beyond any number."""
    calls = [*FLAT_BLOCK, DARK_BLOCK[0]]
    learned = taught(tmp_path, {closing(name): 1e200 for name, _ in calls})
    watcher = Looker()
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *calls), learned=learned, watcher=watcher)
    assert ran.result.outcome == "completed"
    (alarm,) = ran.of("alarm")
    assert alarm["what"].startswith("how long the block will take is not known: OverflowError")
    assert ran.of("forecast") == []
    assert {left for _, _, left in watcher.seen} == {None}


def test_a_run_sets_out_a_learned_preset_before_the_twilight_as_it_was_planned(tmp_path: Path) -> None:
    """Short ways from level to level teach nothing of the first: 180 s is the instrument's own figure."""
    set_out = []
    for preset_s in (40.0, 180.0, 240.0):
        folder = tmp_path / f"{preset_s:g}"
        folder.mkdir()
        learned = taught(folder, {PRESET: preset_s})
        ran = rig.run(folder, rig.write_ob(folder, *FLAT_BLOCK), learned=learned)
        plan = ran.of("plan")[0]
        preset = next(one for one in ran.records if one.kind == "step" and one.data["cmd"] == "preset")
        assert plan["begins_s"] == plan["window"]["start_s"] - max(preset_s, 180.0)
        set_out.append(preset.time_s)
    assert set_out[0] == set_out[1]
    assert set_out[1] - set_out[2] == pytest.approx(60.0, abs=1.0)


def test_the_journal_tells_how_long_the_light_stop_took(tmp_path: Path) -> None:
    """It closes at once after a filter's last frame; the exposure says how long it took to open."""
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *FLAT_BLOCK))
    pairs = [pair for pair in pairwise(ran.records) if pair[1].kind == "light_stop"]
    after_frames = [(before, stop) for before, stop in pairs if before.kind == "frame"]
    assert len(after_frames) >= 4
    for frame, stop in after_frames:
        assert stop.data["position"] == "CLOSED"
        assert stop.data["seconds"] == pytest.approx(stop.time_s - frame.time_s, abs=1e-6)
        assert stop.data["seconds"] > 0.5
    opened = [stop.data["seconds"] for _, stop in pairs if stop.data["position"] == "OPEN"]
    ready = [
        told["ready_s"] for told in ran.of("exposure") if told["kind"] != "dark" and told["ready_s"] > 0.5
    ]
    assert opened and min(opened) > 0.5
    assert max(opened) <= max(ready)
