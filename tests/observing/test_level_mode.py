"""LEVEL mode foretold: DITs that follow a fading or brightening sky, each with its darks."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from sequencer.clock import parse_utc
from sequencer.observing.findings import Findings
from sequencer.observing.forecast import Series, Twilight, forecast
from sequencer.sky.twilight import Window

from .blocks import DUSK_S, check_one, surroundings

FLAT = "OPTICAM_TwilightFlat"
SUNSET = Window(DUSK_S, DUSK_S + 1000.0, "EVENING")
SUNRISE = Window(DUSK_S, DUSK_S + 1000.0, "MORNING")


def optical(parameters: dict, start_s: float = DUSK_S):
    return check_one(FLAT, parameters, "OPTICAM", deployment="opticam-sim", start_s=start_s)


def foretold(parameters: dict, window: Window, begin_s: float = DUSK_S, sun_deg=(-9.0, -5.0)) -> list[Series]:
    where, instrument = surroundings("opticam-sim")
    ob = optical({"SEQ.DIT.FILT.LIST": ["V"], **parameters}).ob
    found, camera = Findings(ob, instrument, where), instrument.cameras["CCD"]
    return forecast(ob.templates[0], found, camera, Twilight(window, begin_s, *sun_deg))


def level_of(dit_s: float, depression_deg: float) -> float:
    """Share of the full well of 1e5 e-, with 1 % non-linearity, in V at airmass 1.1 (Patat et al. 2006)."""
    x = depression_deg - 5.0
    rate = 2.49e9 * 10 ** (-0.4 * (11.84 + 1.518 * x - 0.057 * x * x)) + 5.2 * 1.1 + 0.02
    signal = rate * dit_s / 1e5
    return min(signal * (1 - 0.01 * signal), 1.0)


def test_every_dit_holds_the_level_at_its_own_time():
    """Preset 120 s, filter 10 s, then 4 s between exposures; the Sun sinks 4 deg in 1000 s."""
    series = foretold({"SEQ.NEXPO": 40}, SUNSET)
    assert len(series) == 40
    time_s = 120.0
    for one in series:
        time_s += one.idle_s
        assert level_of(one.dit_s, 5.0 + 4.0 * (time_s + 0.5 * one.dit_s) / 1000.0) == pytest.approx(
            0.5, rel=0.08
        )
        assert (one.n, one.ndit) == (1, 1)
        time_s += one.dit_s + 4.0
    assert [one.idle_s for one in series] == [10.0] + 39 * [0.0]
    assert all(before.dit_s <= after.dit_s for before, after in pairwise(series))


def test_dits_come_from_a_short_list_and_each_has_its_darks():
    parameters = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 25, "SEQ.DARK.NEXPO": 7}
    flats, all_frames = optical({**parameters, "SEQ.DARK": False}), optical(parameters)
    assert flats.frames == 25
    dits, rest = divmod(all_frames.frames - 25, 7)
    # over the 25 exposures the sky fades by a factor 2.2: six steps of 15 %
    assert (dits, rest) in ((6, 0), (7, 0))
    assert all_frames.disk_bytes == all_frames.frames * (-(-1024 * 1024 * 4 // 2880) * 2880 + 12 * 2880)
    assert all_frames.duration_s > flats.duration_s + 7 * dits * 4


def test_several_filters_cycles_and_airmasses_follow_the_sky_in_turn():
    parameters = {
        "SEQ.DIT.FILT.LIST": ["V", "B"],
        "SEQ.NCYCLES": 2,
        "SEQ.AIRMASS.LIST": [1.1, 1.3],
        "SEQ.NEXPO": 3,
    }
    series = foretold(parameters, SUNSET)
    assert [one.idle_s for one in series] == 8 * [10.0, 0.0, 0.0]
    firsts = [one.dit_s for one in series[::3]]
    assert firsts[0] < firsts[2] < firsts[4] < firsts[6]
    assert firsts[1] < firsts[3] < firsts[5] < firsts[7]
    # the second preset takes two minutes of fading sky
    assert firsts[4] / firsts[2] > 1.2 * firsts[2] / firsts[0]


def test_a_brightening_sky_makes_the_dits_shorter():
    dits = [one.dit_s for one in foretold({"SEQ.NEXPO": 30}, SUNRISE)]
    assert dits == sorted(dits, reverse=True)
    assert dits[0] > 1.5 * dits[-1]


def test_a_twilight_begun_late_starts_with_the_sky_as_it_is_then():
    [late] = foretold({"SEQ.NEXPO": 1}, SUNSET, begin_s=DUSK_S + 500.0)
    middle_s = 500.0 + 120.0 + 10.0 + 0.5 * late.dit_s
    assert level_of(late.dit_s, 5.0 + 4.0 * middle_s / 1000.0) == pytest.approx(0.5, rel=0.08)


def test_a_sky_too_bright_is_waited_for():
    """At -2 deg V saturates the shortest DIT of 0.2 s; it reads 0.55 at 0.2 s only at -3.79 deg."""
    [one] = foretold({"SEQ.NEXPO": 1}, SUNSET, sun_deg=(-9.0, -2.0))
    opens_deg = 2.0 + 7.0 * (120.0 + one.idle_s) / 1000.0
    assert one.dit_s == pytest.approx(0.2, abs=0.04)
    assert level_of(0.2, opens_deg) <= 0.55 < level_of(0.2, opens_deg - 7.0 * 10.0 / 1000.0)
    # nor does it wait beyond the twilight
    [never] = foretold({"SEQ.NEXPO": 1}, SUNSET, sun_deg=(-3.0, 0.0))
    assert 1000.0 <= 120.0 + never.idle_s < 1010.0
    # a level above the target that the tolerance allows is taken
    [at_once] = foretold(
        {"SEQ.NEXPO": 1, "SEQ.LEVEL.TOL": 1.0, "SEQ.LEVEL.TARGET": 0.5}, SUNSET, sun_deg=(-4.0, -3.9)
    )
    assert at_once.idle_s == 10.0


def test_a_sky_too_faint_is_waited_for_in_the_morning():
    [one] = foretold({"SEQ.NEXPO": 1}, SUNRISE, sun_deg=(-14.0, -9.0))
    opens_deg = 14.0 - 5.0 * (120.0 + one.idle_s) / 1000.0
    assert one.dit_s == pytest.approx(120.0, rel=0.1)
    assert level_of(120.0, opens_deg) >= 0.45 > level_of(120.0, opens_deg + 5.0 * 10.0 / 1000.0)


def test_an_integration_time_sets_ndit_by_the_dit():
    for one in foretold({"SEQ.NEXPO": 40, "SEQ.TIME": 10.0}, SUNSET):
        assert one.ndit == max(1, round(10.0 / one.dit_s))
    assert {one.ndit for one in foretold({"SEQ.NEXPO": 2, "DET1.NDIT": 3}, SUNSET)} == {3}


def test_ndit_makes_the_sky_fade_further_between_exposures():
    once, thrice = (foretold({"SEQ.NEXPO": 25, "DET1.NDIT": ndit}, SUNSET)[-1].dit_s for ndit in (1, 3))
    assert thrice > 1.5 * once


def test_the_sun_moves_evenly_and_stops_at_its_limits():
    dusk, dawn = (Twilight(window, DUSK_S, -9.0, -5.0) for window in (SUNSET, SUNRISE))
    for share, falling_deg in ((-1.0, -5.0), (0.0, -5.0), (0.25, -6.0), (1.0, -9.0), (2.0, -9.0)):
        assert dusk.sun_altitude_deg(DUSK_S + 1000.0 * share) == falling_deg
        assert dawn.sun_altitude_deg(DUSK_S + 1000.0 * share) == -14.0 - falling_deg


def test_the_plan_is_measured_against_its_twilight():
    """The sky fades until its exposures take longer than the 20 minutes of twilight."""
    found = optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 150, "SEQ.DARK": False})
    assert found.problems == []
    [warning] = found.warnings
    assert "not everything will fit" in warning.text
    assert optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 50}).warnings == []


def test_a_late_start_is_foretold_from_there():
    """Paranal, 20 March 2027: at 23:20 UTC the V sky is some ten times fainter than at the twilight's begin."""
    early = optical({"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 5, "SEQ.DARK": False})
    late = optical(
        {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 5, "SEQ.DARK": False}, parse_utc("2027-03-20T23:20:00")
    )
    assert late.duration_s > early.duration_s + 5.0
    assert math.isfinite(late.duration_s)
