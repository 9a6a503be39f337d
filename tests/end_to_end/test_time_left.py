"""The time left is right nine times out of ten: runs of moves and read-outs that scatter by 15 % teach each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from scipy import stats

from sequencer.config.search import find_config
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.request import Nobody
from sequencer.engine.status import Status
from sequencer.monitor.forecasts import Judged, judged
from sequencer.monitor.report import report_html
from sequencer.monitor.run_log import run_log
from sequencer.monitor.status_text import time_left
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


def unsteady(folder: Path, sigma: float = 0.15) -> str:
    """METIS simulated, whose moves, slews and read-outs take longer or shorter each time."""
    plain = yaml.safe_load(find_config("deployments", "metis-sim").read_text())
    path = folder / "unsteady.yaml"
    path.write_text(yaml.safe_dump({**plain, "night": {"duration_sigma": sigma}}))
    return str(path)


def runs(folder: Path, calls: Calls, count: int) -> list[rig.Ran]:
    """The same block on different nights, each with what those before it taught."""
    ob, deployment, learned = rig.write_ob(folder, *calls), unsteady(folder), folder / "learned.yaml"
    return [rig.run(folder, ob, deployment, seed=seed, learned=learned) for seed in range(1, count + 1)]


def check(nights: list[rig.Ran], widest: float) -> None:
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


def test_nine_times_out_of_ten_for_darks(tmp_path: Path) -> None:
    check(runs(tmp_path, DARK_BLOCK, 11), widest=15.0)


def test_nine_times_out_of_ten_for_a_twilight(tmp_path: Path) -> None:
    check(runs(tmp_path, FLAT_BLOCK, 10), widest=120.0)


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
