"""Overfilled pixels are remembered with their cause, exposing or idle, and give their charge back."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from conftest import DAWN_S, MakeWorld

from simulators.detector.develop import Exposed
from simulators.world.world import World

OpenBeam = Callable[[World, str, float], None]


def test_a_wheel_that_passes_the_open_slot_with_the_stop_open_leaves_persistence(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    world = make_world()
    open_beam(world, "short-L", DAWN_S)
    world.move("INS.OPTI10.NAME", DAWN_S, "Lp")
    (event,) = world.truth.persistence("LM", DAWN_S + 60.0)
    assert event.filter_name == "open"
    assert "idle" in event.cause
    assert "filter open" in event.cause
    # 3.95e6 e-/s at airmass 1 (4.1e6 at 1.2) for the shortest DIT of 0.04 s
    assert event.fill_e == pytest.approx(0.04 * 4.1e6, rel=0.05)
    # in the beam from 1 s to 3 s after the start
    assert event.end_s == pytest.approx(DAWN_S + 3.0, abs=0.05)


def test_the_same_move_behind_a_closed_stop_leaves_none(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "short-L", DAWN_S)
    world.place("INS.OPTI1.NAME", DAWN_S - 1.0, "DARK")
    world.move("INS.OPTI10.NAME", DAWN_S, "Lp")
    assert world.truth.persistence("LM", DAWN_S + 60.0) == []


def test_idle_light_below_the_threshold_is_harmless(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Mp", DAWN_S)  # 66 % of full well in the shortest DIT
    assert world.truth.persistence("LM", DAWN_S + 600.0) == []


@pytest.mark.parametrize(("dit_s", "events"), [(0.35, 0), (0.45, 1)])
def test_an_exposure_that_overfills_is_named(
    make_world: MakeWorld, open_beam: OpenBeam, dit_s: float, events: int
) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    world.integrate("LM", DAWN_S, "exposure-7", dit_s, "fast")
    world.idle("LM", DAWN_S + 5 * dit_s, "fast")
    found = world.truth.persistence("LM", DAWN_S + 100.0)
    assert len(found) == events
    assert all(event.cause.startswith("exposure exposure-7: ") for event in found)


def test_only_the_most_sensitive_pixels_need_to_pass_the_threshold(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    peak = world.maps["LM"].peak("Lp")
    assert 1.02 < peak < 1.1
    dit_s = 0.95 * 1e5 / world.truth.rate_e_s("LM", "Lp", DAWN_S) / peak
    for share, expected in ((0.999, 0), (1.001, 1)):
        fresh = make_world()
        open_beam(fresh, "Lp", DAWN_S)
        fresh.integrate("LM", DAWN_S, "e", share * dit_s, "fast")
        fresh.idle("LM", DAWN_S + share * dit_s, "fast")
        assert len(fresh.truth.persistence("LM", DAWN_S + 100.0)) == expected


def test_an_aborted_exposure_counts_for_as_long_as_it_lasted(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    world.integrate("LM", DAWN_S, "long", 10.0, "fast")
    world.idle("LM", DAWN_S + 0.2, "fast")
    assert world.truth.persistence("LM", DAWN_S + 100.0) == []


def test_asking_often_finds_the_same_events_as_asking_once(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    once, often = make_world(), make_world()
    for world in (once, often):
        open_beam(world, "short-L", DAWN_S)
        world.place("INS.OPTI10.NAME", DAWN_S, "open")
        world.place("INS.OPTI10.NAME", DAWN_S + 30.0, "Lp")
    for later_s in range(-50, 60, 7):
        often.truth.persistence("LM", DAWN_S + later_s)
    (one,), (other,) = (
        once.truth.persistence("LM", DAWN_S + 60.0),
        often.truth.persistence("LM", DAWN_S + 60.0),
    )
    assert one.end_s == pytest.approx(DAWN_S + 30.0, abs=0.05)
    assert (other.end_s, other.cause) == (pytest.approx(one.end_s, abs=0.1), one.cause)
    assert other.fill_e == pytest.approx(one.fill_e, rel=1e-4)


def test_the_charge_comes_back_exponentially_in_later_frames(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    """In a dark taken later: fraction x full well x (exp(-t1/tau) - exp(-t2/tau)), per DIT."""
    world = make_world(persistence_fraction=0.01, persistence_tau_s=500.0)
    open_beam(world, "Lp", DAWN_S)
    world.integrate("LM", DAWN_S, "bright", 1.0, "fast")  # 2.4 times full well everywhere
    world.idle("LM", DAWN_S + 1.0, "fast")
    world.place("INS.OPTI1.NAME", DAWN_S + 1.0, "DARK")
    for since_s, dit_s, ndit in ((10.0, 10.0, 1), (300.0, 20.0, 3)):
        start_s = DAWN_S + 1.0 + since_s
        world.integrate("LM", start_s, "dark", dit_s, "fast")
        light = world.light("LM", start_s, start_s + ndit * dit_s, ndit, "fast")
        world.idle("LM", start_s + ndit * dit_s, "fast")
        assert light.filters == {}
        expected = world.truth.expected_e("LM", Exposed("dark", dit_s, ndit, "fast"), light)
        good = world.truth.good("LM")
        given = 0.01 * 1e5 * (math.exp(-since_s / 500.0) - math.exp(-(since_s + ndit * dit_s) / 500.0)) / ndit
        assert np.median(expected[good]) == pytest.approx(given + 0.05 * dit_s, rel=1e-3)


def test_before_the_world_began_nothing_is_watched(make_world: MakeWorld) -> None:
    assert make_world().truth.persistence("LM") == []
