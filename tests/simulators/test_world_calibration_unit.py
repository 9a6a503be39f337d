"""The warm calibration unit: the periscope takes the telescope out of the beam, its sources light the detectors."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from conftest import DAWN_S, MakeWorld

from simulators.world.timeline import Ramp
from simulators.world.world import World

OpenBeam = Callable[[World, str, float], None]
INTO_THE_IFU = {"INS.OPTI4.NAME": "IN", "INS.OPTI5.NAME": "PPS-LMS"}
BEFORE_S = DAWN_S - 500.0


def black_body(wavelength_um: float, kelvin: float) -> float:
    """Photons of a wavelength, in any unit: the Bose-Einstein occupation."""
    return 1.0 / math.expm1(14387.768775 / (wavelength_um * kelvin))


def lamp_rate(world: World, share: float, kelvin: float, telescope_e_s: float, wavelength_um: float) -> float:
    """e-/s of a source and of the unit itself, from the telescope's own glow: a grey body of 0.25 at 280.15 K."""
    ambient_k = world.night.ambient_k(DAWN_S)
    radiance = share * black_body(wavelength_um, kelvin) + 0.53 * black_body(wavelength_um, ambient_k)
    return telescope_e_s / 0.25 * radiance / black_body(wavelength_um, 280.15)


def rate(world: World, camera: str, time_s: float = DAWN_S) -> float:
    """Electrons per pixel in a second."""
    mode = world.instrument.detectors[camera].default_mode
    return sum(c.electrons for c in world.light(camera, time_s, time_s + 1.0, 1, mode).filters.values())


@pytest.fixture
def unit(make_world: MakeWorld, open_beam: OpenBeam) -> World:
    """The beam open in Lp, the periscope in, nothing on."""
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    unit = {"INS.OPTI17.NAME": "IN", "INS.OPTI19.NAME": "OPEN", "INS.OPTI20.NAME": "flatfield"}
    into_n = {"INS.OPTI12.NAME": "SPM-N", "INS.OPTI13.NAME": "PAH_8.6"}
    for keyword, position in {**unit, **into_n, **INTO_THE_IFU}.items():
        world.place(keyword, BEFORE_S, position)
    return world


def test_the_periscope_takes_telescope_and_sky_out_of_the_beam(unit: World) -> None:
    own = lamp_rate(unit, 0.022, unit.night.ambient_k(DAWN_S), 200600.0, 3.816)
    assert rate(unit, "LM") == pytest.approx(own, rel=1e-6)
    assert unit.light("LM", DAWN_S, DAWN_S + 1.0, 1, "fast").stars == []
    unit.place("INS.OPTI17.NAME", DAWN_S + 10.0, "OUT")
    sky = unit.sky.rate_e_s("LM", "Lp", DAWN_S + 20.0)
    assert rate(unit, "LM", DAWN_S + 20.0) == pytest.approx(sky, rel=1e-5)


@pytest.mark.parametrize(
    ("camera", "telescope_e_s", "wavelength_um"), [("LM", 200600.0, 3.816), ("N", 17.24e6, 8.612), ("IFU", 4.9, 3.555)]
)
def test_a_black_body_lights_every_detector_as_its_temperature_says(
    unit: World, camera: str, telescope_e_s: float, wavelength_um: float
) -> None:
    unit.record("sources", BEFORE_S, bb=1000.0)
    expected = lamp_rate(unit, 0.022, 1000.0, telescope_e_s, wavelength_um)
    assert rate(unit, camera) == pytest.approx(expected, rel=1e-6)
    assert unit.truth.rate_e_s(camera, unit.beam.state(camera, DAWN_S).filter_name, DAWN_S) == pytest.approx(expected)


def test_a_source_that_warms_up_brightens_meanwhile(unit: World) -> None:
    """Against the mean of the closed form over the time."""
    unit.record("sources", BEFORE_S, bb=300.0)
    unit.record("sources", DAWN_S, bb=Ramp(1000.0, DAWN_S + 100.0))
    steps = [300.0 + 7.0 * (n + 0.5) / 10.0 for n in range(1000)]
    mean = sum(lamp_rate(unit, 0.022, kelvin, 200600.0, 3.816) for kelvin in steps) / len(steps)
    found = unit.light("LM", DAWN_S, DAWN_S + 100.0, 1, "fast").filters["Lp"].electrons
    assert found == pytest.approx(100.0 * mean, rel=2e-4)


def test_a_lamp_is_as_bright_as_it_has_come_up(unit: World) -> None:
    dark = rate(unit, "LM")
    unit.record("sources", BEFORE_S, lamp=0.5)
    half = lamp_rate(unit, 0.5e-4, 2500.0, 200600.0, 3.816) - lamp_rate(unit, 0.0, 2500.0, 200600.0, 3.816)
    assert rate(unit, "LM") - dark == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize(("keyword", "position"), [("INS.OPTI19.NAME", "CLOSED"), ("INS.OPTI20.NAME", "ALIGNMENT")])
def test_what_closes_the_unit_keeps_its_sources_out_not_its_glow(unit: World, keyword: str, position: str) -> None:
    unit.record("sources", BEFORE_S, bb=1000.0)
    unit.place(keyword, BEFORE_S, position)
    assert rate(unit, "LM") == pytest.approx(lamp_rate(unit, 0.0, 1000.0, 200600.0, 3.816), rel=1e-6)


@pytest.mark.parametrize(("keyword", "position"), [("INS.OPTI4.NAME", "OUT"), ("INS.OPTI5.NAME", "DARK")])
def test_the_spectrograph_sees_light_through_its_pick_off_and_pupil_wheel_alone(
    unit: World, keyword: str, position: str
) -> None:
    unit.record("sources", BEFORE_S, bb=1000.0)
    assert rate(unit, "IFU") > 1000.0
    unit.place(keyword, BEFORE_S, position)
    assert rate(unit, "IFU") == 0.0
