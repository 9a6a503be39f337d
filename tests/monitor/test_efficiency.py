"""How well the sky was used, against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.monitor.efficiency import flat_series, total
from sequencer.monitor.story import Story, tell
from sequencer.monitor.tables import efficiency_table
from tests.monitor.night import START_S, Night


def observed(folder: Path, *, cloud: bool = False) -> Story:
    """Three frames of 2 s, 3 s and 5 s apart, a probe of 1 s before them that ended 9 s before the first opened."""
    night = Night(folder)
    night.start()
    night.time_s = START_S + 1.0
    night.log(
        "probe", camera="LM", detector="LM", filter="Lp", dit_s=1.0, level_e=1e4, verdict="good", reason=""
    )
    for begins_s, verdict in ((10.0, "good"), (15.0, "cloudy" if cloud else "good"), (22.0, "good")):
        night.time_s = START_S + begins_s
        night.frame(verdict=verdict, reason="", wanted=3)
    return tell(night.records())


def test_the_least_time_is_that_of_the_good_frames_with_the_shortest_gap(tmp_path: Path) -> None:
    (series,) = flat_series(observed(tmp_path))
    assert (series.good, series.wanted, series.wasted) == (3, 3, 1)
    assert series.taken_s == pytest.approx(24.0)
    assert series.least_s == pytest.approx(3 * 2.0 + 2 * 3.0)
    assert series.efficiency == pytest.approx(0.5)


def test_a_cloud_is_a_waste(tmp_path: Path) -> None:
    story = observed(tmp_path, cloud=True)
    (series,) = flat_series(story)
    assert (series.good, series.wasted) == (2, 2)
    assert total([series]) == pytest.approx((2 * 2.0 + 3.0) / 24.0)
    assert "<p>29 % of the time" in efficiency_table(story)


def test_without_flats_there_is_nothing_to_say() -> None:
    assert flat_series(Story()) == []
    assert total([]) == 0.0
