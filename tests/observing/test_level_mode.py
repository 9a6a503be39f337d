"""LEVEL mode foretold: DITs that follow a fading or brightening sky, each with its darks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from sequencer.clock import parse_utc
from sequencer.observing import Validation
from sequencer.observing.planning import Course, PlanRow, pace_of, programme_of, reachable_levels
from sequencer.sky import Window

from .blocks import DUSK_S, check_one, surroundings

FLAT = "OPTICAM_TwilightFlat"
SUNSET = Window(DUSK_S, DUSK_S + 1000.0, "EVENING")
SUNRISE = Window(DUSK_S, DUSK_S + 1000.0, "MORNING")
SINKS = (-5.0, -9.0)
"""Altitude of the Sun in deg at begin and end of a window; it moves evenly."""
OVERHEAD_S = 8.0


def optical(parameters: dict[str, Any], start_s: float = DUSK_S) -> Validation:
    return check_one(FLAT, parameters, "OPTICAM", deployment="opticam-sim", start_s=start_s)


def even_sun(window: Window, from_deg: float, to_deg: float) -> Callable[[float], float]:
    return lambda time_s: (
        from_deg + (to_deg - from_deg) * (time_s - window.start_s) / (window.end_s - window.start_s)
    )


def foretold(
    parameters: dict[str, Any],
    window: Window = SUNSET,
    sun_deg: tuple[float, float] = SINKS,
    begin_s: float = DUSK_S,
) -> list[PlanRow]:
    """Rows of equal DITs in order of time; preset 60 s and filter 10 s as the instrument has them."""
    _, instrument = surroundings("opticam-sim")
    asked = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.SUNALT.MIN": min(sun_deg), "SEQ.SUNALT.MAX": max(sun_deg)}
    call = optical({**asked, **parameters}).ob.templates[0]
    levels, _ = reachable_levels(call.parameters["SEQ.AIRMASS.LIST"], instrument)
    sun = even_sun(window, *sun_deg)
    course = Course(
        programme_of(call, instrument, window, levels, sun), pace_of(instrument), sun, window.end_s
    )
    course.walk(begin_s)
    return [row for row in course.rows if row.kind == "flat"]


def openings(rows: list[PlanRow]) -> list[tuple[float, float]]:
    """(seconds after DUSK_S, DIT) of every frame; inside a row one follows the other."""
    return [
        (row.start_s + k * (row.dit_s * row.ndit + OVERHEAD_S) - DUSK_S, row.dit_s)
        for row in rows
        if row.start_s is not None
        for k in range(row.n)
    ]


def level_of(dit_s: float, depression_deg: float) -> float:
    """Share of the full well of 1e5 e-, with 1 % non-linearity, in V at airmass 1.1 (Patat et al. 2006).

    Away from the Sun twilight grows by 0.30 dex an airmass.
    """
    x = depression_deg - 5.0
    rate = 2.49e9 * 10 ** (0.03 - 0.4 * (11.84 + 1.518 * x - 0.057 * x * x)) + 5.2 * 1.1 + 0.02
    signal = rate * dit_s / 1e5
    return min(signal * (1 - 0.01 * signal), 1.0)


def test_every_dit_holds_the_level_at_its_own_time():
    """Preset 60 s, filter 10 s, a probe of at most a second, then 8 s between exposures."""
    frames = openings(foretold({"SEQ.NEXPO": 40}))
    assert len(frames) == 40
    assert 70.0 + OVERHEAD_S < frames[0][0] < 70.0 + OVERHEAD_S + 1.0
    for opening_s, dit_s in frames:
        middle_deg = 5.0 + 4.0 * (opening_s + 0.5 * dit_s) / 1000.0
        assert level_of(dit_s, middle_deg) == pytest.approx(0.5, rel=0.08)
    for (opening_s, dit_s), (next_s, next_dit_s) in pairwise(frames):
        assert next_s - opening_s == pytest.approx(dit_s + OVERHEAD_S)
        assert next_dit_s >= dit_s


def test_dits_come_from_a_short_list_and_each_has_its_darks():
    parameters = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 25, "SEQ.DARK.NEXPO": 7}
    flats, all_frames = optical({**parameters, "SEQ.DARK": False}), optical(parameters)
    assert flats.frames == 25
    dits, rest = divmod(all_frames.frames - 25, 7)
    # 25 exposures of 8 s + 2 s on average, 6.1 mmag/s: the sky fades by a factor 4, ten steps of 15 %
    assert (dits, rest) in ((10, 0), (11, 0))
    assert all_frames.disk_bytes == all_frames.frames * (-(-1024 * 1024 * 4 // 2880) * 2880 + 12 * 2880)
    assert all_frames.duration_s > flats.duration_s + 7 * dits * 4


def test_several_filters_cycles_and_airmasses_follow_the_sky_in_turn():
    parameters = {
        "SEQ.DIT.FILT.LIST": ["V", "B"],
        "SEQ.NCYCLES": 2,
        "SEQ.AIRMASS.LIST": [1.1, 1.3],
        "SEQ.NEXPO": 3,
    }
    rows = foretold(parameters)
    turns = [(row.filter, row.requested_airmass) for row in rows]
    in_turn = [turn for number, turn in enumerate(turns) if turn != turns[number - 1] or number == 0]
    assert [airmass for _, airmass in in_turn] == 4 * [1.1] + 4 * [1.3]
    assert {name for name, _ in in_turn[0:2]} == {name for name, _ in in_turn[2:4]} == {"V", "B"}
    for name in ("V", "B"):
        frames = openings([row for row in rows if row.filter == name])
        assert len(frames) == 12
        assert [dit_s for _, dit_s in frames] == sorted(dit_s for _, dit_s in frames)
        # the second preset takes a minute
        assert frames[6][0] - frames[5][0] > 60.0


def test_a_brightening_sky_makes_the_dits_shorter():
    dits = [dit_s for _, dit_s in openings(foretold({"SEQ.NEXPO": 30}, SUNRISE, (-9.0, -5.0)))]
    assert dits == sorted(dits, reverse=True)
    assert dits[0] > 1.5 * dits[-1]


def test_a_twilight_begun_late_starts_with_the_sky_as_it_is_then():
    [(opening_s, dit_s)] = openings(foretold({"SEQ.NEXPO": 1}, begin_s=DUSK_S + 500.0))
    assert opening_s > 570.0
    assert level_of(dit_s, 5.0 + 4.0 * (opening_s + 0.5 * dit_s) / 1000.0) == pytest.approx(0.5, rel=0.08)


def test_a_sky_too_bright_is_waited_for():
    """At -2 deg V saturates the shortest DIT of 0.2 s; it reads half a well at 0.2 s only at -4 deg."""
    [(opening_s, dit_s)] = openings(foretold({"SEQ.NEXPO": 1}, sun_deg=(-2.0, -9.0)))
    assert level_of(0.2, 2.0) == 1.0
    assert dit_s == pytest.approx(0.2, abs=0.04)
    assert 0.45 < level_of(dit_s, 2.0 + 7.0 * opening_s / 1000.0) < 0.55
    # nor does it wait beyond the twilight
    [never] = foretold({"SEQ.NEXPO": 1}, sun_deg=(0.0, -3.0))
    assert (never.n, never.start_s) == (0, None)
    assert "0 of 1 fit" in never.note


def test_a_sky_too_faint_is_waited_for_in_the_morning():
    """The longest DIT, 120 s, reads half a well only at some -9 deg."""
    [(opening_s, dit_s)] = openings(foretold({"SEQ.NEXPO": 1}, SUNRISE, (-13.0, -8.0)))
    middle_deg = 13.0 - 5.0 * (opening_s + 0.5 * dit_s) / 1000.0
    assert dit_s > 60.0
    assert level_of(120.0, 13.0 - 5.0 * 74.0 / 1000.0) < 0.1
    assert level_of(dit_s, middle_deg) == pytest.approx(0.5, rel=0.1)


def test_an_integration_time_sets_ndit_by_the_dit():
    rows = foretold({"SEQ.NEXPO": 40, "SEQ.TIME": 10.0})
    assert len({row.ndit for row in rows}) > 3
    for row in rows:
        # to half a DIT, and half a step of 15 % between what is wanted and what is listed
        assert row.ndit == 1 or abs(row.ndit * row.dit_s - 10.0) < 0.5 * row.dit_s + 0.075 * 10.0
    assert {row.ndit for row in foretold({"SEQ.NEXPO": 2, "DET1.NDIT": 3})} == {3}


def test_ndit_makes_the_sky_fade_further_between_exposures():
    once, thrice = (foretold({"SEQ.NEXPO": 25, "DET1.NDIT": ndit})[-1].dit_s for ndit in (1, 3))
    assert thrice > 1.5 * once


def test_the_plan_is_measured_against_its_twilight():
    """The sky fades until its exposures take longer than the 18 minutes of twilight."""
    found = optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 150, "SEQ.DARK": False})
    assert found.problems == []
    [warning] = found.warnings
    assert "not everything will fit" in warning.text
    assert f"{150 - found.frames} flats will be missing, 18 min of sky are left" in warning.text
    assert optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 50}).warnings == []


def test_a_late_start_is_foretold_from_there():
    """Paranal, 20 March 2027: at 23:20 UTC the V sky is some ten times fainter than at the twilight's begin."""
    early = optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 5, "SEQ.DARK": False})
    late = optical(
        {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 5, "SEQ.DARK": False}, parse_utc("2027-03-20T23:20:00")
    )
    assert late.duration_s > early.duration_s + 5.0
