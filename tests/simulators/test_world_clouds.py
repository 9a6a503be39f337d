"""Clouds pass, dim and glow as they were configured, at times the seed decides; the truth knows each of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from conftest import DAWN_S, MakeWorld

from sequencer.clock import iso, parse_utc
from simulators.world.clouds import Clouds, PassageConfig, SkyConfig, Veil
from simulators.world.world import World

DUSK_S = parse_utc("2027-03-20T23:05:00")
OVERCAST_S = DUSK_S + 600.0


def overcast(depth: float = 3.0, glow: float = 0.2, begin_s: float = OVERCAST_S) -> SkyConfig:
    """Five minutes of cloud."""
    return SkyConfig(passages=[PassageConfig(iso(begin_s), 5.0, depth, glow)])


def pointed(world: World, altitude_deg: float = 30.0) -> World:
    """The telescope stands towards the east, by default at airmass 2."""
    world.point(DAWN_S - 10.0, altitude_deg, 90.0)
    return world


def test_the_sky_is_clear_unless_told_otherwise(make_world: MakeWorld) -> None:
    world = make_world("opticam-sim")
    assert world.truth.clouds(0.0, 4e9) == []
    assert world.truth.cloud_depth(OVERCAST_S) == 0.0


def test_five_minutes_of_full_cloud_and_before_and_after_it_the_clear_sky(make_world: MakeWorld) -> None:
    clear, cloudy = (pointed(make_world("opticam-sim", sky=sky)) for sky in (SkyConfig(), overcast()))
    through = math.exp(-3.0 * 2.0)
    for after_s, factor in (
        (-1.0, 1.0),
        (0.0, 1.0),
        (5.0, None),
        (10.0, through + (1 - through) * 0.2),
        (290.0, through + (1 - through) * 0.2),
        (300.0, 1.0),
        (900.0, 1.0),
    ):
        time_s = OVERCAST_S + after_s
        ratio = cloudy.sky.scattered_e_s("CCD", "V", time_s) / clear.sky.scattered_e_s("CCD", "V", time_s)
        if factor is None:
            assert 0.21 < ratio < 0.99, "it comes gradually"
            assert cloudy.truth.cloud_depth(time_s) == pytest.approx(1.5)
        else:
            assert ratio == pytest.approx(factor, rel=1e-9)
    (cloud,) = cloudy.truth.clouds(DUSK_S, DUSK_S + 3600.0)
    assert (cloud.begin_s, cloud.end_s, cloud.depth) == (OVERCAST_S, OVERCAST_S + 300.0, 3.0)


def test_a_lit_cloud_brightens_the_twilight(make_world: MakeWorld) -> None:
    world = pointed(make_world("opticam-sim", sky=overcast(depth=8.0, glow=1.6)))
    clear = pointed(make_world("opticam-sim"))
    rates = [each.sky.scattered_e_s("CCD", "V", OVERCAST_S + 100.0) for each in (world, clear)]
    assert rates[0] / rates[1] == pytest.approx(1.6, rel=1e-5)


def test_stars_and_airglow_dim_with_depth_and_airmass(make_world: MakeWorld) -> None:
    clear, cloudy = (pointed(make_world("opticam-sim", sky=sky)) for sky in (SkyConfig(), overcast(0.5)))
    for rate in (
        lambda world: world.sky.star_mag0_e_s("CCD", "V", OVERCAST_S + 100.0),
        lambda world: world.sky.thermal_e_s("CCD", "V", OVERCAST_S + 100.0),
    ):
        assert rate(cloudy) / rate(clear) == pytest.approx(math.exp(-0.5 * 2.0), rel=1e-9)


def test_fewer_stars_are_seen_through_a_cloud(make_world: MakeWorld) -> None:
    counts = []
    for sky in (SkyConfig(), overcast(3.0)):
        world = pointed(make_world("opticam-sim", sky=sky, star_density=10.0))
        world.begin(DUSK_S)
        for role in ("cover", "shutter"):
            world.swing(role, "", DUSK_S, 1.0, 0.0)
        counts.append(len(world.light("CCD", OVERCAST_S + 60.0, OVERCAST_S + 61.0, 1, "normal").stars))
    assert 0 < counts[1] < counts[0]


@pytest.mark.parametrize(("camera", "name", "wavelength_um"), [("LM", "Lp", 3.816), ("N", "N2", 11.16)])
def test_in_the_thermal_infrared_a_cloud_is_a_cold_black_body(
    make_world: MakeWorld, camera: str, name: str, wavelength_um: float
) -> None:
    """Against astropy's black body: what the pixel sees of a full emitter 35 K colder than the air, for the sky."""
    from astropy import units as u
    from astropy.modeling.physical_models import BlackBody

    sky = overcast(depth=30.0, begin_s=DAWN_S)
    world = pointed(make_world(sky=sky, ambient_k=280.15))
    config = world.instrument.cameras[camera].filters[name]
    wavelength = config.wavelength_um * u.um
    assert config.wavelength_um == pytest.approx(wavelength_um, rel=0.01)
    cold, warm = (float(BlackBody(kelvin * u.K)(wavelength).value) for kelvin in (245.15, 280.15))
    body = config.telescope_e_s / 0.25 * cold / warm
    found = world.sky.thermal_e_s(camera, name, DAWN_S + 100.0)
    assert found == pytest.approx(config.telescope_e_s + body, rel=1e-4)
    assert found > pointed(make_world()).sky.thermal_e_s(camera, name, DAWN_S + 100.0)


def test_the_air_below_a_cloud_goes_on_shining(make_world: MakeWorld) -> None:
    """A cloud colder than the sky is bright does not dim it: what METIS sees never falls."""
    sky = SkyConfig(passages=[PassageConfig(iso(DAWN_S), 5.0, 30.0)], cloud_cooler_k=200.0)
    cloudy, clear = pointed(make_world(sky=sky)), pointed(make_world())
    rates = [world.sky.thermal_e_s("LM", "Lp", DAWN_S + 100.0) for world in (cloudy, clear)]
    assert rates[0] == rates[1]


def test_an_exposure_through_a_passage_is_integrated_not_sampled(make_world: MakeWorld) -> None:
    """Against scipy's adaptive quadrature, edges of the cloud inside the exposure."""
    from scipy.integrate import quad

    world = pointed(make_world("opticam-sim", sky=overcast(glow=1.5)))
    world.begin(DUSK_S)
    for role in ("cover", "shutter"):
        world.swing(role, "", DUSK_S, 1.0, 0.0)
    start_s = OVERCAST_S - 7.0
    edges = [7.0, 17.0]
    exact = quad(
        lambda t: world.truth.rate_e_s("CCD", "V", start_s + t), 0.0, 40.0, points=edges, epsrel=1e-10
    )
    (collected,) = world.light("CCD", start_s, start_s + 40.0, 1, "normal").filters.values()
    assert collected.electrons == pytest.approx(exact[0], rel=1e-6)


def test_veils_add_up_and_glow_by_their_depth() -> None:
    begin = iso(OVERCAST_S)
    passages = [PassageConfig(begin, 5.0, 1.0, glow=0.5), PassageConfig(begin, 5.0, 3.0, glow=1.5)]
    veil = Clouds(SkyConfig(passages=passages), 1).veil(OVERCAST_S + 60.0)
    assert veil == Veil(4.0, (1.0 * 0.5 + 3.0 * 1.5) / 4.0)


def test_clouds_come_as_often_as_long_and_as_deep_as_configured() -> None:
    hours = 2000
    config = SkyConfig(clouds_per_hour=3.0, cloud_minutes=6.0, cloud_depth=1.0, cloud_glow=0.7)
    found = [cloud for cloud in Clouds(config, 5).between(0.0, hours * 3600.0) if cloud.begin_s >= 0.0]
    assert len(found) == pytest.approx(3 * hours, abs=4 * math.sqrt(3 * hours))
    gaps = np.diff(sorted(cloud.begin_s for cloud in found))
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.1), "at any time, as Poisson's are"
    error = 4 * 1.2533 / math.sqrt(len(found))  # of a median, in sigmas of the logarithm
    for values, median, sigma in (
        ([(cloud.end_s - cloud.begin_s) / 60.0 for cloud in found], 6.0, 0.7),
        ([cloud.depth for cloud in found], 1.0, 1.0),
        ([cloud.glow for cloud in found], 0.7, 0.5),
    ):
        assert math.log(float(np.median(values)) / median) == pytest.approx(0.0, abs=error * sigma)
    assert min(cloud.glow for cloud in found) < 0.5 < 1.0 < max(cloud.glow for cloud in found)
    lengths = [cloud.end_s - cloud.begin_s for cloud in found]
    assert (min(lengths), max(lengths)) >= (60.0, 60.0) and max(lengths) <= 2400.0


def test_the_same_seed_has_the_same_clouds_whatever_was_asked_before() -> None:
    config = SkyConfig(clouds_per_hour=4.0)
    times = [DUSK_S + 17.0 * i for i in range(600)]
    one, other = Clouds(config, 3), Clouds(config, 3)
    forward = [one.veil(time_s) for time_s in times]
    assert forward == [other.veil(time_s) for time_s in reversed(times)][::-1]
    assert forward != [Clouds(config, 4).veil(time_s) for time_s in times]
    depths = [veil.depth for veil in forward]
    assert max(depths) > 0.1
    assert min(depths) == 0.0


def test_a_cloud_that_came_in_the_hour_before_is_still_there() -> None:
    clouds = Clouds(SkyConfig(clouds_per_hour=2.0, cloud_minutes=30.0), 2)
    begun_before = [
        cloud
        for hour in range(100)
        for cloud in clouds.between(3600.0 * hour, 3600.0 * hour)
        if cloud.begin_s < 3600.0 * hour
    ]
    assert len(begun_before) > 50


def test_a_sky_twice_as_bright_as_the_prior_is_so_in_twilight_and_in_thermal_light(
    make_world: MakeWorld,
) -> None:
    prior, bright = (pointed(make_world(sky=sky)) for sky in (SkyConfig(), SkyConfig(brightness=2.0)))
    rates: list[Callable[[World], float]] = [
        lambda world: world.sky.thermal_e_s("LM", "Lp", DAWN_S),
        lambda world: world.sky.scattered_e_s("LM", "Lp", DAWN_S),
        lambda world: world.truth.zero_point("LM", "Lp"),
    ]
    for rate in rates:
        assert rate(bright) == pytest.approx(2.0 * rate(prior))


def test_dawn_rises_as_dusk_falls(make_world: MakeWorld) -> None:
    """The optical camera has both twilights: the same light at the same depth of the Sun, the other way round."""
    world = pointed(make_world("opticam-sim"), 90.0)
    before_dawn_s = parse_utc("2027-03-21T09:30:00")
    dusk = [DUSK_S + 60.0 * i for i in range(40)]
    dawn = [before_dawn_s + 60.0 * i for i in range(60)]
    depressions, rates = (
        [measure(time_s) for time_s in dusk]
        for measure in (
            lambda time_s: -world.sky.sun_altaz(time_s)[0],
            lambda time_s: world.sky.scattered_e_s("CCD", "V", time_s),
        )
    )
    assert np.all(np.diff(rates) < 0.0)
    risen = [world.sky.scattered_e_s("CCD", "V", time_s) for time_s in dawn]
    assert np.all(np.diff(risen) > 0.0)
    compared = 0
    for time_s, rate in zip(dawn, risen, strict=True):
        depression = -world.sky.sun_altaz(time_s)[0]
        if depressions[0] < depression < depressions[-1]:
            same = math.exp(float(np.interp(depression, depressions, np.log(rates))))
            assert rate == pytest.approx(same, rel=2e-3)
            compared += 1
    assert compared > 20
