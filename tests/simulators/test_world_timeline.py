"""A fact is a function of time: steps, ramps, and what cuts them short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.world.timeline import Ramp, Timeline, Track

TIMES = st.floats(0.0, 100.0)


def test_before_anything_was_recorded_the_initial_value_holds() -> None:
    assert Track("home").at(-1e9) == "home"


def test_a_step_holds_from_its_moment_on() -> None:
    track = Track("a")
    track.record(10.0, "b")
    assert (track.at(9.999), track.at(10.0), track.at(1e9)) == ("a", "b", "b")


def test_a_ramp_is_linear_and_then_stays() -> None:
    track = Track(2.0)
    track.record(10.0, Ramp(6.0, 20.0))
    assert [track.at(time) for time in (10.0, 12.5, 15.0, 20.0, 30.0)] == [2.0, 3.0, 4.0, 6.0, 6.0]


def test_a_stop_in_mid_ramp_keeps_the_place_reached() -> None:
    track = Track(0.0)
    track.record(0.0, Ramp(10.0, 10.0))
    track.record(4.0, track.at(4.0))
    assert (track.at(3.0), track.at(4.0), track.at(9.0)) == (3.0, 4.0, 4.0)


def test_a_second_ramp_starts_where_the_first_was_cut() -> None:
    track = Track(0.0)
    track.record(0.0, Ramp(10.0, 10.0))
    track.record(5.0, Ramp(0.0, 10.0))
    assert (track.at(5.0), track.at(7.5), track.at(10.0)) == (5.0, 2.5, 0.0)


def test_recording_twice_at_one_moment_keeps_the_last_word() -> None:
    track = Track("a")
    track.record(1.0, "b")
    track.record(1.0, "c")
    assert (track.at(0.5), track.at(1.0)) == ("a", "c")


def test_recording_forgets_what_was_planned_for_later() -> None:
    track = Track("a")
    track.record(10.0, "later")
    track.record(5.0, "b")
    assert track.at(20.0) == "b"


def test_breaks_are_the_moments_at_which_something_begins_or_ends() -> None:
    track = Track(0.0)
    track.record(1.0, 1.0)
    track.record(2.0, Ramp(3.0, 6.0))
    track.record(5.0, 0.0)
    track.record(7.0, Ramp(1.0, 9.0))
    assert track.breaks(0.0, 20.0) == [1.0, 2.0, 5.0, 7.0, 9.0]
    assert track.breaks(1.0, 7.0) == [2.0, 5.0]
    assert track.breaks(7.5, 8.5) == []
    assert track.breaks(2.5, 4.5) == []


def test_ramps_are_reported_with_the_span_they_really_took() -> None:
    track = Track(0.0)
    track.record(2.0, Ramp(3.0, 6.0))
    track.record(5.0, 0.0)
    assert track.ramps(0.0, 20.0) == [(2.0, 5.0)]
    assert track.ramps(4.0, 4.5) == [(2.0, 5.0)]
    assert track.ramps(5.0, 20.0) == []
    assert track.ramps(0.0, 2.0) == []


@given(st.lists(st.tuples(TIMES, st.floats(-5.0, 5.0), st.floats(0.0, 50.0)), max_size=8), TIMES)
def test_a_ramp_never_leaves_the_range_it_runs_through(
    records: list[tuple[float, float, float]], time_s: float
) -> None:
    track = Track(0.0)
    for start_s, to, lasts_s in records:
        track.record(start_s, Ramp(to, start_s + lasts_s))
    values = [0.0, *(to for _, to, _ in records)]
    assert min(values) - 1e-9 <= track.at(time_s) <= max(values) + 1e-9


def test_it_moves_only_while_a_ramp_is_under_way() -> None:
    track = Track(0.0)
    track.record(2.0, Ramp(3.0, 6.0))
    assert [track.moving(time) for time in (1.0, 2.0, 5.9, 6.0)] == [False, True, True, False]


def test_a_timeline_keeps_the_facts_of_devices_apart() -> None:
    timeline = Timeline()
    timeline.record("shutter", 5.0, {"opening": 1.0})
    assert timeline.track("shutter", "opening").at(5.0) == 1.0
    assert timeline.track("cover", "opening", 0.0).at(5.0) == 0.0


def test_a_ramp_into_the_past_is_a_step() -> None:
    track = Track(0.0)
    track.record(5.0, Ramp(1.0, 4.0))
    assert track.at(5.0) == pytest.approx(1.0)
