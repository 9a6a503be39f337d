"""A whole block ahead, by the instrument's own figures: sums that can be checked by hand."""

from __future__ import annotations

import pytest

from sequencer.durations import (
    FILTER_CHANGE,
    PRESET,
    Ahead,
    Durations,
    Forecast,
    Spread,
    Work,
    closing,
    opening,
    read_out,
)
from sequencer.observing.block_ahead import BlockAhead
from sequencer.observing.findings import Findings
from sequencer.observing.planning import (
    Begun,
    DarkSeries,
    Outset,
    Series,
    Throughput,
    figures_of,
    longest,
    pace_of,
    walk_through,
)
from sequencer.observing.planning.twilight import window_of
from sequencer.sky import Site
from tests.observing import blocks

PARANAL = Site("Paranal", -24.6, -70.4, 2600.0)
METIS = blocks.surroundings("metis-sim")[1]
FILTERS = {"SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.AIRMASS.LIST": [1.5, 2.0], "SEQ.NEXPO": 2}


def block_ahead(calls: list[tuple[str, dict[str, object]]], runs: dict[str, dict[str, Spread]]) -> BlockAhead:
    checked = blocks.check(blocks.compose_ob("test", "METIS", calls))
    assert checked.problems == []
    durations = Durations(runs, figures_of(METIS, [name for name, _ in calls]))
    found = Findings(checked.ob, METIS, blocks.surroundings("metis-sim")[0])
    return BlockAhead(found, durations, pace_of(METIS, durations=durations), lambda call, start_s: None)


def test_a_dark_takes_its_opening_its_settling_reads_and_its_exposures() -> None:
    """10 darks of 0.2 s and one settling read at a read-out of 1 s, after an opening of 7 s."""
    name = "METIS_all_cal_Dark"
    runs = {
        "one": {opening(name, first=True): Spread(1, 7.0, 0.0), read_out("LM", "fast"): Spread(9, 1.0, 0.0)}
    }
    block = block_ahead([(name, {**blocks.ONE_DARK, "SEQ.NEXPO1": 10})], runs)
    ahead = block.whole(Ahead(0.0, block.durations), 0)
    assert ahead is not None
    assert ahead.forecast().expected_s == pytest.approx(7.0 + 11 * 1.2)
    assert ahead.forecast().runs == 1


def test_a_block_whose_twilight_is_not_to_be_had_has_no_forecast() -> None:
    block = block_ahead([(blocks.FLAT, {**blocks.LP})], {})
    assert block.whole(Ahead(0.0, block.durations), 0) is None


def test_cameras_expose_side_by_side_and_the_one_longest_at_it_counts() -> None:
    """LM: 3 reads of 2 s + 1 s, of which 4 s are over; N: 20 of 0.1 s + 1 s, just begun."""
    durations = Durations({}, figures_of(METIS))
    series = [DarkSeries("LM", "fast", 2.0, 1, 3), DarkSeries("N", "high_capacity", 0.1, 1, 20)]
    assert durations.forecast(longest(series, durations)).expected_s == pytest.approx(22.0)
    assert durations.forecast(longest(series[:1], durations, {"LM": 4.0})).expected_s == pytest.approx(5.0)


def test_another_sky_may_want_more_darks() -> None:
    ahead = Ahead(0.0, Durations({}, {}))
    ahead.sky(Forecast(60.0, 50.0, 70.0), 1000.0)
    ahead.then(Work(40.0), fainter_s=30.0, brighter_s=0.0)
    forecast = ahead.forecast()
    assert forecast.expected_s == 100.0
    assert forecast.high_s == pytest.approx(100.0 + (10.0**2 + (1.645 * 30.0) ** 2) ** 0.5, rel=1e-3)
    assert forecast.low_s == pytest.approx(90.0)


def test_a_filter_that_has_frames_tonight_is_not_probed_again_at_the_next_airmass() -> None:
    """Left are 2 frames in each of two filters at airmass 2: each with one settling read, and no probe."""
    block = block_ahead([(blocks.FLAT, {**blocks.LP, **FILTERS})], {})
    (call,) = block.found.ob.templates
    window = window_of(call.parameters, PARANAL, blocks.MORNING_S)
    taken = {Series("LM", name, 1.5, "flat"): 2 for name in ("Lp", "short-L")}
    learned = {"LM": {name: Throughput(1.0, 0.004, 2, "tonight") for name in ("Lp", "short-L")}}
    begun = Begun(window, taken, frozenset(taken), 1.5)
    at_s = window.start_s + 300.0
    told = walk_through(call, METIS, PARANAL, block.pace, Outset(at_s, learned=learned, begun=begun))
    assert told.course.reads == {("LM", "fast"): 6}
    assert told.course.moves == {PRESET: 1, FILTER_CHANGE: 2}
    fresh = walk_through(call, METIS, PARANAL, block.pace, Outset(at_s, learned=learned))
    assert fresh.course.reads == {("LM", "fast"): 2 * (2 + 3) + 2 * 3}
    assert fresh.course.moves == {PRESET: 2, FILTER_CHANGE: 4}


def test_a_dit_that_comes_close_to_one_in_use_wants_no_darks_of_its_own() -> None:
    block = block_ahead([(blocks.FLAT, {**blocks.LP})], {})
    (call,) = block.found.ob.templates
    told = walk_through(call, METIS, PARANAL, block.pace, Outset(blocks.MORNING_S))
    planned = block.matching(call, told, frozenset())
    assert planned
    used = {(one.camera, 1.05 * one.dit_s, one.ndit) for one in planned}
    assert [one.dit_s for one in block.matching(call, told, used)] == sorted(dit_s for _, dit_s, _ in used)
    another = {("LM", 40.0 * max(one.dit_s for one in planned), planned[0].ndit)}
    assert len(block.matching(call, told, another)) == len(planned) + 1


def test_who_waits_at_the_first_level_begins_with_the_twilight() -> None:
    """Ways of 40 s from level to level: the telescope sets out 180 s early all the same, and exposes in the window.

    A twilight already walked through is not walked through again: `walk` here knows of none.
    """
    runs = {"one": {PRESET: Spread(3, 40.0, 0.0)}}
    block = block_ahead([(blocks.FLAT, {**blocks.LP, **FILTERS})], runs)
    (call,) = block.found.ob.templates
    window = window_of(call.parameters, PARANAL, blocks.MORNING_S)
    told = walk_through(call, METIS, PARANAL, block.pace, Outset(blocks.MORNING_S))
    assert told.twilight.begin_s == window.start_s - 180.0
    assert told.course.arrivals[0][1] == window.start_s
    ahead = block.whole(Ahead(blocks.MORNING_S, block.durations), 0, told)
    assert ahead is not None
    assert ahead.forecast().low_s > window.start_s - blocks.MORNING_S


def test_without_darks_nobody_waits_for_them() -> None:
    block = block_ahead([(blocks.FLAT, {**blocks.LP, "SEQ.DARK.WAIT": 600.0})], {})
    ahead = block.after_sky(Ahead(0.0, block.durations), 0, [])
    assert ahead is not None
    assert ahead.forecast().expected_s < 600.0


def test_a_filter_change_that_is_part_of_the_opening_is_learned_with_it() -> None:
    """One filter at one level: no run ever shows a filter change by itself."""
    asked = {**blocks.LP, "SEQ.AIRMASS.LIST": [1.5], "SEQ.LEVEL.LIST": [], "SEQ.DARK": False}
    taught = {
        opening(blocks.FLAT, first=True): Spread(1, 100.0, 0.0),
        read_out("LM", "fast"): Spread(9, 1.0, 0.0),
    }
    block = block_ahead(
        [(blocks.FLAT, asked)], {"one": {**taught, closing(blocks.FLAT): Spread(1, 5.0, 0.0)}}
    )
    (call,) = block.found.ob.templates
    walked = walk_through(call, METIS, PARANAL, block.pace, Outset(blocks.MORNING_S))
    ahead = block.whole(Ahead(blocks.MORNING_S, block.durations), 0, walked)
    assert ahead is not None
    assert walked.course.moves[FILTER_CHANGE] == 1
    assert ahead.forecast().runs == 1
