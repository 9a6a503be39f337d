"""What the sky sends: the published background, its drift with temperature, and twilight that fades as measured."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from conftest import DAWN_S, MakeWorld

from sequencer.clock import parse_utc
from sequencer.sky.airmass import altitude_for_airmass
from sequencer.sky.site import Site
from sequencer.sky.sun import sun_altaz
from simulators.world.pointing import slew_seconds
from simulators.world.sky import grasp
from simulators.world.world import World

TABLE = Path(__file__).with_name("metis_background.csv")
CAMERAS = {"img_lm": "LM", "img_n": "N"}
FIT_RMS = 0.004
"""Fits of the published rates are good to 0.36 % rms; the worst single point lies at 0.8 %."""


def published() -> list[tuple[str, str, float, float]]:
    rows = csv.reader(line for line in TABLE.read_text().splitlines() if not line.startswith("#"))
    head = next(rows)
    airmasses = [float(name.removeprefix("rate_X").removesuffix("_e_s_pix")) for name in head[2:]]
    return [
        (CAMERAS[row[0]], row[1], airmass, float(rate))
        for row in rows
        for airmass, rate in zip(airmasses, row[2:], strict=True)
    ]


def test_thermal_rates_are_the_published_ones(make_world: MakeWorld) -> None:
    world = make_world()
    rows = published()
    assert {airmass for *_, airmass, _ in rows} == {1.0, 1.2, 1.5, 2.0, 2.5}
    wrong: dict[tuple[str, str], list[float]] = {}
    for camera, name, airmass, rate in rows:
        world.point(DAWN_S, altitude_for_airmass(airmass), 180.0)
        wrong.setdefault((camera, name), []).append(world.sky.thermal_e_s(camera, name, DAWN_S) / rate - 1.0)
    assert len(wrong) > 25
    for errors in wrong.values():
        assert math.sqrt(sum(e * e for e in errors) / len(errors)) < FIT_RMS


def test_the_nights_zero_point_scales_the_thermal_rate(make_world: MakeWorld) -> None:
    quiet, unknown = make_world(), make_world(zero_point_sigma=0.3)
    ratio = unknown.truth.rate_e_s("LM", "Lp", DAWN_S) / quiet.truth.rate_e_s("LM", "Lp", DAWN_S)
    assert ratio == pytest.approx(unknown.truth.zero_point("LM", "Lp"), rel=1e-3)
    assert abs(math.log(ratio)) > 0.01


def test_cooling_air_dims_lp_by_about_four_per_cent_per_kelvin(make_world: MakeWorld) -> None:
    warm, cold = make_world(ambient_k=280.15), make_world(ambient_k=279.15)
    ratio = cold.sky.thermal_e_s("LM", "Lp", DAWN_S) / warm.sky.thermal_e_s("LM", "Lp", DAWN_S)
    # Planck at 3.816 um: dlnB/dT = hc/(lambda k T^2) = 4.80 %/K, telescope and sky at one temperature
    assert math.log(ratio) == pytest.approx(-0.0480, abs=0.0005)


def test_airglow_does_not_follow_the_air(make_world: MakeWorld) -> None:
    warm, cold = make_world("opticam-sim", ambient_k=290.0), make_world("opticam-sim", ambient_k=270.0)
    assert warm.sky.thermal_e_s("CCD", "V", DAWN_S) == cold.sky.thermal_e_s("CCD", "V", DAWN_S)


def test_sky_noise_moves_the_skys_share_only(make_world: MakeWorld) -> None:
    quiet, noisy = make_world(), make_world(sky_noise_sigma=0.05)
    quiet.point(DAWN_S, 90.0, 0.0)
    noisy.point(DAWN_S, 90.0, 0.0)
    g = noisy.night.sky_noise(DAWN_S)
    assert abs(g) > 0.001
    gain = noisy.sky.thermal_e_s("LM", "Lp", DAWN_S) - quiet.sky.thermal_e_s("LM", "Lp", DAWN_S)
    assert gain == pytest.approx(36460 * g, rel=1e-6)


@cache
def sun_down(site: Site, depression_deg: float, after_s: float) -> float:
    """First moment after `after_s` at which the Sun is that far below the horizon, by bisection on astropy."""
    low, high = after_s, after_s + 2 * 3600.0
    for _ in range(30):  # to 7 us
        middle = (low + high) / 2
        if -sun_altaz(middle, site)[0] < depression_deg:
            low = middle
        else:
            high = middle
    return low


@pytest.mark.parametrize(
    ("depression_deg", "mag_per_deg"), [(5.5, 1.461), (6.0, 1.404), (7.0, 1.29), (9.0, 1.062)]
)
def test_optical_twilight_fades_at_the_slope_patat_measured(
    make_world: MakeWorld, depression_deg: float, mag_per_deg: float
) -> None:
    world = make_world("opticam-sim")
    dusk_s = parse_utc("2027-03-20T22:40:00")
    world.point(dusk_s, 90.0, 0.0)
    ends = [sun_down(world.pointing.site, depression_deg + d, dusk_s) for d in (-0.05, 0.05)]
    first, last = (world.sky.scattered_e_s("CCD", "V", time_s) for time_s in ends)
    assert 2.5 * math.log10(first / last) / 0.1 == pytest.approx(mag_per_deg, rel=1e-3)


def test_optical_twilight_has_the_brightness_of_the_band(make_world: MakeWorld) -> None:
    world = make_world("opticam-sim")
    dusk_s = parse_utc("2027-03-20T22:40:00")
    world.point(dusk_s, 90.0, 0.0)
    rate = world.sky.scattered_e_s("CCD", "V", sun_down(world.pointing.site, 5.0, dusk_s))
    assert rate == pytest.approx(2.49e9 * 10 ** (-0.4 * 11.84), rel=1e-3)


def test_twilight_is_twice_as_bright_away_from_the_sun_at_airmass_two(make_world: MakeWorld) -> None:
    world = make_world("opticam-sim")
    sun_azimuth_deg = world.sky.sun_altaz(DAWN_S)[1]
    world.point(DAWN_S, 90.0, 0.0)
    zenith = world.sky.scattered_e_s("CCD", "V", DAWN_S)
    rates = []
    for away_deg in (180.0, 0.0):
        world.point(DAWN_S, 30.0, sun_azimuth_deg + away_deg)
        rates.append(world.sky.scattered_e_s("CCD", "V", DAWN_S) / zenith)
    assert rates == pytest.approx([10**0.30, 10**0.62], rel=1e-4)


@pytest.mark.parametrize(
    ("filter_name", "share"),
    [("H2O-ice", 3.9e-4), ("short-L", 1.6e-4), ("Lp", 2.9e-5), ("Br_alpha", 1.2e-5), ("Mp", 1.1e-6)],
)
def test_metis_hardly_sees_twilight(make_world: MakeWorld, filter_name: str, share: float) -> None:
    """Independent truth: ScopeSim throughput with the colour law (alpha 2), Sun at -6 deg, airmass 1.2."""
    world = make_world()
    dusk_s = parse_utc("2027-03-20T22:40:00")
    world.point(dusk_s, altitude_for_airmass(1.2), 90.0)
    time_s = sun_down(world.pointing.site, 6.0, dusk_s)
    found = world.sky.scattered_e_s("LM", filter_name, time_s) / world.sky.thermal_e_s(
        "LM", filter_name, time_s
    )
    assert found == pytest.approx(share * 10 ** (0.3 * 0.2), rel=0.3)


def test_the_grasp_of_a_pixel_turns_its_own_glow_back_into_the_telescopes_rate(make_world: MakeWorld) -> None:
    """Rate = grasp x emissivity 0.25 x black body of 280.15 K, the black body by astropy."""
    from astropy import units as u
    from astropy.modeling.physical_models import BlackBody

    config = make_world().instrument.cameras["LM"].filters["Lp"]
    wavelength = config.wavelength_um * u.um
    scale = 1.0 * u.erg / u.s / u.cm**2 / u.um / u.sr
    energy = BlackBody(280.15 * u.K, scale=scale)(wavelength)
    photons = energy.to(u.photon / u.s / u.m**2 / u.um / u.sr, u.spectral_density(wavelength))
    radiance = photons.to_value(u.photon / u.s / u.m**2 / u.um / u.arcsec**2)
    assert grasp(config) * 0.25 * radiance == pytest.approx(config.telescope_e_s, rel=1e-6)


def test_near_the_horizon_the_airmass_stays_finite(make_world: MakeWorld) -> None:
    world = make_world()
    world.point(DAWN_S, 0.0, 0.0)
    assert world.pointing.airmass(DAWN_S) == 10.0


def test_the_colour_law_is_the_nights(make_world: MakeWorld) -> None:
    grey, red = make_world(twilight_alpha=0.0), make_world(twilight_alpha=4.0)
    ratio = grey.sky.scattered_e_s("LM", "Lp", DAWN_S) / red.sky.scattered_e_s("LM", "Lp", DAWN_S)
    assert ratio == pytest.approx((3.816 / 0.8) ** 4, rel=1e-6)


def test_the_sun_is_where_astropy_says(make_world: MakeWorld) -> None:
    world = make_world()
    for time_s in (DAWN_S, DAWN_S - 43200.0, DAWN_S + 86400.0):
        assert world.sky.sun_altaz(time_s) == pytest.approx(sun_altaz(time_s, world.pointing.site), abs=1e-4)


def test_a_slew_takes_the_slower_axis_and_the_short_way() -> None:
    assert slew_seconds((40.0, 350.0), (50.0, 10.0), (0.5, 1.0)) == 20.0
    assert slew_seconds((40.0, 10.0), (60.0, 350.0), (0.5, 1.0)) == 40.0
    assert slew_seconds((40.0, 0.0), (41.0, 90.0), (0.5, 3.0)) == 30.0


@pytest.fixture
def pointed(make_world: MakeWorld) -> Callable[[], World]:
    def point() -> World:
        world = make_world()
        world.point(DAWN_S - 10.0, 40.0, 350.0)
        return world

    return point


def test_the_telescope_is_seen_on_its_way(pointed: Callable[[], World]) -> None:
    world = pointed()
    assert world.slew(DAWN_S, 50.0, 30.0) == DAWN_S + 40.0
    assert world.pointing.altaz(DAWN_S + 10.0) == pytest.approx((45.0, 0.0))
    assert world.pointing.altaz(DAWN_S + 30.0) == pytest.approx((50.0, 20.0))
    assert world.pointing.airmass(DAWN_S + 50.0) == pytest.approx(1.0 / math.sin(math.radians(50.0)))


def test_a_stopped_slew_stays_where_it_was(pointed: Callable[[], World]) -> None:
    world = pointed()
    world.slew(DAWN_S, 50.0, 30.0)
    world.hold(DAWN_S + 10.0)
    assert world.pointing.altaz(DAWN_S + 100.0) == pytest.approx((45.0, 0.0))


def test_tracking_follows_the_star(pointed: Callable[[], World]) -> None:
    from sequencer.sky.coordinates import radec_to_altaz

    world = pointed()
    ra_deg, dec_deg = world.pointing.radec(DAWN_S)
    world.track(DAWN_S, ra_deg, dec_deg)
    assert not world.pointing.drifting(DAWN_S)
    for later_s in (0.0, 60.0, 1800.0):
        wanted = radec_to_altaz(ra_deg, dec_deg, DAWN_S + later_s, world.pointing.site)
        assert world.pointing.altaz(DAWN_S + later_s) == pytest.approx(wanted, abs=1e-5)
    assert world.pointing.radec(DAWN_S + 1800.0) == (ra_deg, dec_deg)


def test_without_tracking_the_sky_drifts_by_fifteen_arcsec_a_second(pointed: Callable[[], World]) -> None:
    world = pointed()
    assert world.pointing.drifting(DAWN_S)
    before, after = (world.pointing.radec(DAWN_S + t) for t in (1.0, 11.0))
    assert (after[0] - before[0]) * 3600.0 == pytest.approx(150.41, abs=0.01)
    assert after[1] == pytest.approx(before[1], abs=1e-4)
