"""A wheel turns by the short way and passes the slots between; a slide runs along; a mode is switched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.models import MechanismConfig
from simulators.world.mechanism import Mechanism
from simulators.world.timeline import Track

NAMES = ["a", "b", "c", "d", "e", "f", "g"]


def mechanism(kind: str = "wheel", count: int = 7) -> Mechanism:
    config = MechanismConfig(
        name="w",
        kind=kind,
        positions=NAMES[:count],
        home="a",
        seconds_per_step=2.0,  # type: ignore[arg-type]
    )
    return Mechanism(config, Track(0.0))


def test_a_wheel_passes_the_slots_between() -> None:
    wheel = mechanism()
    assert wheel.move(0.0, "d") == 6.0
    assert wheel.passed(0.0, 6.0) == ["a", "b", "c", "d"]
    assert [wheel.position(t) for t in (0.9, 1.1, 2.9, 3.1, 4.9, 5.1)] == ["a", "b", "b", "c", "c", "d"]


def test_a_wheel_takes_the_short_way_round() -> None:
    wheel = mechanism()
    assert wheel.move(0.0, "f") == 4.0
    assert wheel.passed(0.0, 4.0) == ["a", "g", "f"]


def test_a_wheel_that_turned_beyond_its_last_slot_goes_on_as_it_should() -> None:
    wheel = mechanism()
    wheel.move(0.0, "f")
    assert wheel.move(10.0, "c") == 16.0
    assert wheel.passed(10.0, 16.0) == ["f", "e", "d", "c"]


def test_equal_ways_go_upwards() -> None:
    wheel = mechanism(count=4)
    wheel.move(0.0, "c")
    assert wheel.passed(0.0, 4.0) == ["a", "b", "c"]


def test_a_slide_never_goes_round() -> None:
    slide = mechanism("slide")
    assert slide.move(0.0, "g") == 12.0
    assert slide.passed(0.0, 12.0) == NAMES


def test_a_mode_is_switched_in_one_step_and_passes_nothing() -> None:
    rotator = mechanism("rotator")
    assert rotator.move(0.0, "e") == 2.0
    assert rotator.passed(0.0, 3.0) == ["a", "e"]
    assert (rotator.position(1.9), rotator.position(2.0)) == ("a", "e")


def test_a_move_to_where_it_stands_takes_no_time() -> None:
    for kind in ("wheel", "slide", "rotator"):
        assert mechanism(kind).move(5.0, "a") == 5.0


def test_a_stopped_wheel_stands_between_two_slots_until_it_moves_on() -> None:
    wheel = mechanism()
    wheel.move(0.0, "d")
    wheel.stop(3.0)
    assert not wheel.rests(3.0)
    assert wheel.move(10.0, "a") == 13.0
    assert wheel.rests(13.0)
    assert wheel.position(13.0) == "a"


def test_it_rests_only_before_and_after_a_move() -> None:
    wheel = mechanism()
    wheel.move(10.0, "b")
    assert [wheel.rests(t) for t in (9.0, 11.0, 12.0)] == [True, False, True]


def test_a_read_back_places_it_wherever_it_was() -> None:
    wheel = mechanism()
    wheel.move(0.0, "d")
    wheel.place(1.0, "f")
    assert wheel.position(1.0) == "f"
    assert wheel.rests(1.0)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_the_short_way_is_never_longer_than_half_a_turn_and_always_arrives(first: str, second: str) -> None:
    wheel = mechanism()
    arrival_s = wheel.move(0.0, first)
    end_s = wheel.move(arrival_s, second)
    distance = (NAMES.index(second) - NAMES.index(first)) % 7
    assert end_s - arrival_s == 2.0 * min(distance, 7 - distance)
    assert wheel.position(end_s) == second
    assert len(wheel.passed(arrival_s, end_s)) == min(distance, 7 - distance) + 1
