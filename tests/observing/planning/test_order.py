"""The order of filters: in a changing sky it takes all that any order can take."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any, Literal

import msgspec
import pytest

from sequencer.observing.planning import Course, Programme, in_order, pace_of, programme_of, reachable_levels
from sequencer.observing.planning.wishes import FilterWish
from sequencer.sky import Window

from ..blocks import DUSK_S, FLAT, MORNING_S, check_one, surroundings
from ..test_level_mode import even_sun, optical

Direction = Literal["EVENING", "MORNING"]
WIDTH_S = 1200.0


def course_of(kind: Direction, parameters: dict[str, Any], sun_deg: tuple[float, float]) -> Course:
    _, instrument = surroundings("opticam-sim")
    instrument = msgspec.structs.replace(
        instrument, telescope=msgspec.structs.replace(instrument.telescope, tracks=False)
    )
    limits = {"SEQ.SUNALT.MIN": min(sun_deg), "SEQ.SUNALT.MAX": max(sun_deg)}
    call = optical({**limits, **parameters}).ob.templates[0]
    window = Window(DUSK_S, DUSK_S + WIDTH_S, kind)
    sun = even_sun(window, *sun_deg)
    levels, _ = reachable_levels([1.1], instrument)
    return Course(programme_of(call, instrument, window, levels, sun), pace_of(instrument), sun, window.end_s)


def frames(course: Course) -> int:
    course.walk(DUSK_S)
    return sum(row.n for row in course.rows if row.kind == "flat")


def in_any_order(course: Course) -> dict[tuple[str, ...], int]:
    programme = course.programme
    orders = (replace(programme, wishes=wishes) for wishes in permutations(programme.wishes))
    return {names(order): frames(replace(course, programme=order, rows=[], arrivals=[])) for order in orders}


def names(programme: Programme) -> tuple[str, ...]:
    return tuple(wish.filter for wish in programme.wishes)


@pytest.mark.parametrize(
    ("kind", "sun_deg", "n"),
    [
        ("EVENING", (-3.0, -9.5), 30),
        ("EVENING", (-5.0, -9.0), 30),
        ("MORNING", (-11.0, -4.0), 30),
        ("MORNING", (-8.0, -2.5), 40),
    ],
)
def test_what_any_order_can_take_this_one_takes(
    kind: Direction, sun_deg: tuple[float, float], n: int
) -> None:
    wanted = {"SEQ.DIT.FILT.LIST": ["I", "V", "B"], "SEQ.NEXPO": n, "SEQ.DARK": False}
    course = course_of(kind, wanted, sun_deg)
    every = in_any_order(course)
    assert len(every) == 6
    assert min(every.values()) < max(every.values()) == 3 * n
    assert every[names(course.programme)] == 3 * n


def test_at_dusk_the_filter_that_needs_most_light_comes_first_and_at_dawn_last() -> None:
    """By the zero points of the instrument and the brightness of the zenith (Patat et al. 2006), mag/arcsec2."""
    zenith_mag = {  # the Sun at -7 deg
        "B": 11.84 + 2 * 1.411 - 4 * 0.041,
        "V": 11.84 + 2 * 1.518 - 4 * 0.057,
        "R": 11.40 + 2 * 1.567 - 4 * 0.064,
        "I": 10.93 + 2 * 1.470 - 4 * 0.062,
    }
    rate_mag0_e_s = {"B": 3.0e9, "V": 2.49e9, "R": 3.02e9, "I": 1.81e9}
    rates_e_s = {name: rate_mag0_e_s[name] * 10 ** (-0.4 * mag) for name, mag in zenith_mag.items()}
    faintest_first = tuple(sorted(rates_e_s, key=lambda name: rates_e_s[name]))
    wanted = {"SEQ.DIT.FILT.LIST": ["V", "I", "B", "R"]}
    assert names(course_of("EVENING", wanted, (-7.0, -9.0)).programme) == faintest_first
    assert names(course_of("MORNING", wanted, (-7.0, -5.0)).programme) == faintest_first[::-1]


@pytest.mark.parametrize("mode", ["FIXED", "AIRMASS"])
def test_the_order_is_the_blocks_where_the_dit_does_not_follow_the_sky(mode: str) -> None:
    wanted = {"SEQ.DIT.FILT.LIST": ["V", "I", "B"], "SEQ.MODE": mode}
    assert names(course_of("EVENING", wanted, (-5.0, -9.0)).programme) == ("V", "I", "B")


def thermal_order(asked: list[str]) -> list[FilterWish]:
    _, instrument = surroundings("metis-sim")
    wanted = {"SEQ.CAMERA": ["LM"], "SEQ.DIT.FILT.LIST": asked, "SEQ.MODE": "LEVEL"}
    call = check_one(FLAT, wanted).ob.templates[0]
    window = Window(MORNING_S, MORNING_S + WIDTH_S, "MORNING")
    levels, _ = reachable_levels([1.0], instrument)
    return list(programme_of(call, instrument, window, levels, lambda time_s: -12.0).wishes)


def test_thermal_filters_have_no_deadline_and_keep_the_blocks_order() -> None:
    thermal = thermal_order(["short-L", "PAH_3.3", "Lp"])
    assert [wish.filter for wish in thermal] == ["short-L", "PAH_3.3", "Lp"]
    changing = course_of("MORNING", {"SEQ.DIT.FILT.LIST": ["B", "I"]}, (-9.0, -5.0)).programme.wishes
    mixed = in_order([*thermal, *changing], "MORNING")
    assert [wish.filter for wish in mixed][2:] == ["short-L", "PAH_3.3", "Lp"]


def test_one_that_might_overfill_the_detector_waits_for_those_that_teach() -> None:
    """Mp reaches 72 % at the shortest DIT as believed; 1.6 times as bright it would be beyond 85 %."""
    assert [wish.filter for wish in thermal_order(["Mp", "PAH_3.3", "Lp"])] == ["PAH_3.3", "Lp", "Mp"]
