"""An exposure integrates what the beam really held between its start and its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import DAWN_S, MakeWorld

from sequencer.clock import parse_utc
from simulators.world.world import World

OpenBeam = Callable[[World, str, float], None]
NIGHT_S = parse_utc("2027-03-21T03:00:00")


def electrons(world: World, camera: str, start_s: float, end_s: float, ndit: int = 1) -> dict[str, float]:
    mode = world.instrument.detectors[camera].default_mode
    return {name: c.electrons for name, c in world.light(camera, start_s, end_s, ndit, mode).filters.items()}


def test_constant_light_is_rate_times_dit(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    rate = world.truth.rate_e_s("LM", "Lp", DAWN_S)
    assert rate == pytest.approx(2.4308e5, rel=0.004)
    assert electrons(world, "LM", DAWN_S, DAWN_S + 1.0) == {"Lp": pytest.approx(rate, rel=1e-5)}


def test_light_is_per_dit(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    one, five = (electrons(world, "LM", DAWN_S, DAWN_S + 0.2 * n, n)["Lp"] for n in (1, 5))
    assert five == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize(
    ("keyword", "position"),
    [
        ("INS.OPTI1.NAME", "DARK"),
        ("INS.OPTI3.NAME", "ALIGN+DARK"),
        ("INS.OPTI9.NAME", "DARK-LM"),
        ("INS.OPTI10.NAME", "closed"),
        ("INS.OPTI11.NAME", "DARK"),
    ],
)
def test_every_closed_position_in_the_beam_keeps_the_light_out(
    make_world: MakeWorld, open_beam: OpenBeam, keyword: str, position: str
) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    world.place(keyword, DAWN_S - 10.0, position)
    assert electrons(world, "LM", DAWN_S, DAWN_S + 1.0) == {}


def test_a_neutral_density_dims(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    bright = electrons(world, "LM", DAWN_S - 5.0, DAWN_S - 4.0)["Lp"]
    world.place("INS.OPTI11.NAME", DAWN_S - 1.0, "ND_OD2")
    assert electrons(world, "LM", DAWN_S, DAWN_S + 1.0)["Lp"] == pytest.approx(bright / 100.0, rel=1e-5)


def test_the_other_camera_keeps_its_own_mask(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    world.place("INS.OPTI13.NAME", DAWN_S - 10.0, "N1")
    world.place("INS.OPTI12.NAME", DAWN_S - 10.0, "DARK-N")
    assert electrons(world, "N", DAWN_S, DAWN_S + 1.0) == {}
    world.place("INS.OPTI12.NAME", DAWN_S - 5.0, "SPM-N")
    assert electrons(world, "N", DAWN_S, DAWN_S + 1.0)["N1"] == pytest.approx(5.67e7, rel=0.02)


def test_a_detector_without_a_camera_sees_nothing(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    assert electrons(world, "IFU", DAWN_S, DAWN_S + 1.0) == {}


def test_a_wheel_that_moves_during_the_exposure_lets_each_filter_have_its_share(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    world = make_world()
    open_beam(world, "short-L", DAWN_S)
    rates = {name: world.truth.rate_e_s("LM", name, DAWN_S) for name in ("short-L", "open", "Lp")}
    assert world.move("INS.OPTI10.NAME", DAWN_S + 1.0, "Lp") == DAWN_S + 5.0
    found = electrons(world, "LM", DAWN_S, DAWN_S + 10.0)
    seconds = {"short-L": 2.0, "open": 2.0, "Lp": 6.0}
    assert found == {name: pytest.approx(rates[name] * seconds[name], rel=1e-4) for name in seconds}


def at_night(make_world: MakeWorld) -> World:
    """The optical camera under a sky that does not change, everything closed."""
    world = make_world("opticam-sim")
    world.begin(NIGHT_S - 100.0)
    return world


def test_an_opening_shutter_lets_half_the_light_in_on_the_way(make_world: MakeWorld) -> None:
    world = at_night(make_world)
    world.swing("cover", "", NIGHT_S - 50.0, 1.0, 5.0)
    world.swing("shutter", "", NIGHT_S + 1.0, 1.0, 4.0)
    rate = world.truth.rate_e_s("CCD", "V", NIGHT_S)
    assert electrons(world, "CCD", NIGHT_S, NIGHT_S + 5.0) == {"V": pytest.approx(2.0 * rate, rel=1e-3)}
    # half way: 1 s of a ramp that ends at a quarter
    assert electrons(world, "CCD", NIGHT_S, NIGHT_S + 2.0) == {"V": pytest.approx(0.125 * rate, rel=1e-3)}


def test_a_shutter_that_turns_back_half_way_lets_in_what_it_let_in(make_world: MakeWorld) -> None:
    world = at_night(make_world)
    world.swing("cover", "", NIGHT_S - 50.0, 1.0, 5.0)
    world.swing("shutter", "", NIGHT_S, 1.0, 4.0)
    assert world.swing("shutter", "", NIGHT_S + 2.0, 0.0, 4.0) == NIGHT_S + 4.0
    rate = world.truth.rate_e_s("CCD", "V", NIGHT_S)
    assert electrons(world, "CCD", NIGHT_S, NIGHT_S + 9.0) == {"V": pytest.approx(1.0 * rate, rel=1e-3)}


def test_a_cover_at_rest_half_open_counts_half(make_world: MakeWorld) -> None:
    world = at_night(make_world)
    world.swing("shutter", "", NIGHT_S - 50.0, 1.0, 0.1)
    world.swing("cover", "", NIGHT_S - 10.0, 1.0, 5.0)
    world.rest("cover", "", NIGHT_S - 7.5)
    rate = world.truth.rate_e_s("CCD", "V", NIGHT_S)
    assert electrons(world, "CCD", NIGHT_S, NIGHT_S + 2.0) == {"V": pytest.approx(rate, rel=1e-3)}


def test_fading_twilight_is_integrated_not_sampled(make_world: MakeWorld) -> None:
    """Against scipy's adaptive quadrature of the rate, over a dusk exposure in which the light halves."""
    from scipy.integrate import quad

    world = make_world("opticam-sim")
    dusk_s = parse_utc("2027-03-20T23:05:00")
    world.begin(dusk_s - 100.0)
    world.swing("shutter", "", dusk_s - 50.0, 1.0, 0.1)
    world.swing("cover", "", dusk_s - 50.0, 1.0, 5.0)
    world.point(dusk_s - 50.0, 80.0, 90.0)
    exact = quad(lambda t: world.truth.rate_e_s("CCD", "V", dusk_s + t), 0.0, 180.0, epsrel=1e-10)[0]
    assert electrons(world, "CCD", dusk_s, dusk_s + 180.0)["V"] == pytest.approx(exact, rel=1e-6)


def test_a_slew_with_the_beam_open_changes_the_light(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    from scipy.integrate import quad

    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    world.slew(DAWN_S + 1.0, 24.0, 270.0)
    exact = quad(
        lambda t: world.truth.rate_e_s("LM", "Lp", DAWN_S + t), 0.0, 100.0, points=[1.0, 65.8854], epsrel=1e-9
    )[0]
    assert electrons(world, "LM", DAWN_S, DAWN_S + 100.0)["Lp"] == pytest.approx(exact, rel=1e-6)


def test_megaras_cover_and_shutter_both_keep_light_out(make_world: MakeWorld) -> None:
    world = make_world("megara-sim")
    world.begin(DAWN_S - 100.0)

    def leak() -> float:
        return world.light("MEGARA", DAWN_S, DAWN_S + 1000.0, 1, "SLOW").leak_e

    closed = leak()
    world.swing("shutter", "", DAWN_S - 50.0, 1.0, 1.0)
    one_open = leak()
    world.swing("cover", "LEFT", DAWN_S - 50.0, 1.0, 10.0)
    half_open = leak()
    world.swing("cover", "RIGHT", DAWN_S - 50.0, 1.0, 10.0)
    assert closed < 0.001
    assert one_open == pytest.approx(2.0, rel=1e-6)
    assert (half_open, leak()) == (pytest.approx(10000.0, rel=1e-6), pytest.approx(20000.0, rel=1e-6))
