"""The same patch of sky has the same stars; not tracking they trail, tracking they stand still."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import MakeWorld

from sequencer.clock import parse_utc
from simulators.detector.develop import Exposed
from simulators.world.incident import Light
from simulators.world.stars import StarField, StarImage, render

DUSK_S = parse_utc("2027-03-20T23:30:00")


def test_the_same_patch_has_the_same_stars_however_it_is_looked_at() -> None:
    wide = StarField(1, 1.0).within(40.0, -30.0, 0.3, 0.3, 15.0)
    field = StarField(1, 1.0)
    field.within(39.0, -31.0, 0.5, 0.5, 15.0)
    narrow = field.within(40.1, -30.05, 0.1, 0.1, 15.0)
    assert len(narrow) > 10
    ra = (40.1 - narrow[:, 0] / np.cos(np.radians(-30.05 + narrow[:, 1]))).round(6)
    ra_wide = (40.0 - wide[:, 0] / np.cos(np.radians(-30.0 + wide[:, 1]))).round(6)
    assert set(zip(ra, narrow[:, 2], strict=True)) <= set(zip(ra_wide, wide[:, 2], strict=True))


def test_another_seed_has_other_stars() -> None:
    one, other = (StarField(seed, 1.0).within(40.0, -30.0, 0.3, 0.3, 15.0) for seed in (1, 2))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("dec_deg", [0.0, -60.0, -80.0])
@pytest.mark.parametrize("ra_deg", [10.0, 0.0, 359.99])
def test_there_are_as_many_stars_as_counted_everywhere(ra_deg: float, dec_deg: float) -> None:
    """N(<m) = 50 x 10^(0.37 (m - 12)) per square degree, also across right ascension 0 and near the pole."""
    stars = StarField(3, 1.0).within(ra_deg, dec_deg, 0.5, 0.5, 15.0)
    for mag in (13.5, 15.0):
        expected = 50 * 10 ** (0.37 * (mag - 12))
        found = int((stars[:, 2] < mag).sum())
        assert found == pytest.approx(expected, abs=4 * math.sqrt(expected))
    assert np.abs(stars[:, :2]).max() <= 0.5
    assert stars[:, 0].mean() == pytest.approx(0.0, abs=0.05)


def test_no_corner_of_the_sky_is_left_out() -> None:
    """Patches smaller than a cell, anywhere: 644 stars per square degree to magnitude 15."""
    field = StarField(3, 1.0)
    found = sum(len(field.within(40.0 + 0.037 * n, -30.0 + 0.0131 * n, 0.02, 0.02, 15.0)) for n in range(400))
    expected = 400 * 50 * 10 ** (0.37 * 3) * 0.04**2
    assert found == pytest.approx(expected, abs=4 * math.sqrt(expected))


def test_stars_fall_on_the_whole_detector() -> None:
    stars = StarField(1, 20.0).images((40.0, -30.0), (400, 200), 2.5, 0.0, 1e9, 1.0)
    x, y = np.array([(star.x_px, star.y_px) for star in stars]).T
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((-200, 200, -100, 100), abs=5)
    trailed = StarField(1, 20.0).images((40.0, -30.0), (400, 200), 2.5, 20.0, 1e9, 1.0)
    reach = 200 + 20 * 15.041 * math.cos(math.radians(30.0)) / 2.5 / 2
    assert max(star.x_px for star in trailed) == pytest.approx(reach, abs=5)


@pytest.mark.parametrize("trail_s", [0.0, 0.2])
def test_the_faintest_star_taken_along_has_the_peak_asked_for(trail_s: float) -> None:
    """Peak of a star: electrons / (2 pi sigma^2); of a trail: electrons / (sqrt(2 pi) sigma length)."""
    sigma_px = 0.7 / 2.3548 / 0.00547
    stars = StarField(1, 3e5).images((40.0, -30.0), (2048, 2048), 0.00547, trail_s, 1e10, 3.0)
    trail_px = 15.041 * trail_s * math.cos(math.radians(30.0)) / 0.00547
    spread_px = max(sigma_px * math.sqrt(2 * math.pi), trail_px)
    least = 3.0 * sigma_px * math.sqrt(2 * math.pi) * spread_px
    assert len(stars) > 100
    assert min(star.electrons for star in stars) == pytest.approx(least, rel=0.05)


def test_a_denser_sky_has_more_stars_and_an_empty_one_none() -> None:
    counts = [len(StarField(1, density).within(40.0, -30.0, 0.7, 0.7, 15.0)) for density in (0.0, 1.0, 3.0)]
    assert counts[0] == 0
    assert counts[2] / counts[1] == pytest.approx(3.0, rel=0.1)


def test_a_point_source_keeps_its_light_and_its_place() -> None:
    picture = render([StarImage(3.25, -5.5, 0.0, 1000.0)], (64, 80), 1.5)
    y, x = np.indices(picture.shape)
    assert picture.sum() == pytest.approx(1000.0, rel=1e-3)
    assert (picture * x).sum() / 1000.0 - 39.5 == pytest.approx(3.25, abs=0.01)
    assert (picture * y).sum() / 1000.0 - 31.5 == pytest.approx(-5.5, abs=0.01)
    assert picture.max() == pytest.approx(1000.0 / (2 * math.pi * 1.5**2), rel=0.1)


def test_a_trail_spreads_the_light_evenly_over_its_length() -> None:
    picture = render([StarImage(0.0, 0.0, 40.0, 1000.0)], (64, 128), 1.5)
    along = picture.sum(axis=0)
    assert picture.sum() == pytest.approx(1000.0, rel=1e-3)
    assert along[50:78] == pytest.approx(25.0, rel=1e-3)
    assert along[:38].max() < 0.01
    assert along[90:].max() < 0.01


def test_a_star_half_outside_leaves_its_other_half() -> None:
    picture = render([StarImage(-32.0, 0.0, 0.0, 1000.0)], (64, 64), 2.0)
    assert picture.sum() == pytest.approx(500.0, rel=0.01)


def test_stars_too_faint_to_matter_are_left_out() -> None:
    field = StarField(1, 1.0)
    bright, all_of_them = (
        field.images((40.0, -30.0), (1024, 1024), 2.5, 0.0, 1e9, faintest) for faintest in (1e5, 1e4)
    )
    assert 0 < len(bright) < len(all_of_them)
    assert min(star.electrons for star in bright) >= 1e5
    assert all(abs(star.x_px) < 520 and abs(star.y_px) < 520 for star in all_of_them)


def test_no_filter_throughput_no_stars() -> None:
    assert StarField(1, 1.0).images((40.0, -30.0), (1024, 1024), 2.5, 0.0, 0.0, 1.0) == []


def test_a_camera_that_does_not_track_sees_trails_and_one_that_tracks_points(make_world: MakeWorld) -> None:
    world = make_world("opticam-sim", star_density=10.0)
    world.begin(DUSK_S - 100.0)
    for role in ("cover", "shutter"):
        world.swing(role, "", DUSK_S - 100.0, 1.0, 1.0)
    world.point(DUSK_S - 50.0, 70.0, 90.0)
    drifting = world.light("CCD", DUSK_S, DUSK_S + 10.0, 1, "normal").stars
    ra_deg, dec_deg = world.pointing.radec(DUSK_S + 5.0)
    world.track(DUSK_S + 20.0, ra_deg, dec_deg)
    tracked = world.light("CCD", DUSK_S + 30.0, DUSK_S + 40.0, 1, "normal").stars
    assert min(len(tracked), len(drifting)) > 5
    trail = 150.41 * math.cos(math.radians(dec_deg)) / 2.5
    assert [star.trail_px for star in drifting] == pytest.approx([trail] * len(drifting), rel=1e-4)
    assert {star.trail_px for star in tracked} == {0.0}
    places = {(round(star.x_px, 1), round(star.y_px, 1)) for star in tracked}
    inside = [star for star in drifting if abs(star.x_px) < 120 and abs(star.y_px) < 120]
    assert inside
    assert all((round(star.x_px, 1), round(star.y_px, 1)) in places for star in inside)


def test_a_frame_shows_a_star_as_wide_as_the_seeing(make_world: MakeWorld) -> None:
    world = make_world(response_sigma=0.0, bad_pixel_fraction=0.0)
    light = Light({}, [StarImage(10.0, 0.0, 0.0, 1e6)], [], 0.0)
    expected = world.truth.expected_e("LM", Exposed("s", 1.0, 1, "fast"), light)
    sigma_px = 0.7 / 2.3548 / 0.00547
    assert expected.max() == pytest.approx(1e6 / (2 * math.pi * sigma_px**2) + 0.05, rel=1e-3)
    assert np.unravel_index(expected.argmax(), expected.shape)[1] in (137, 138)


def test_when_the_filter_changes_the_stars_are_those_of_the_brighter_light(make_world: MakeWorld) -> None:
    worlds = [make_world("opticam-sim", star_density=10.0) for _ in range(2)]
    for world in worlds:
        world.begin(DUSK_S - 100.0)
        for role in ("cover", "shutter"):
            world.swing(role, "", DUSK_S - 100.0, 1.0, 1.0)
        world.place("INS.FILT1.NAME", DUSK_S - 50.0, "V")
    worlds[1].place("INS.FILT1.NAME", DUSK_S + 8.0, "B")
    steady, changed = (
        max(star.electrons for star in world.light("CCD", DUSK_S, DUSK_S + 10.0, 1, "normal").stars)
        for world in worlds
    )
    assert changed == pytest.approx(0.8 * steady, rel=1e-3)


def test_metis_hardly_ever_sees_a_star(make_world: MakeWorld) -> None:
    """Without adaptive optics only stars brighter than L about 9 show: fewer than 1 in 100 fields of 11 arcsec."""
    world = make_world(size_px=2048)
    world.begin(DUSK_S - 2000.0)
    moves = {"INS.OPTI10.NAME": "Lp", "INS.OPTI9.NAME": "SPM-LM", "INS.OPTI3.NAME": "FIELD-11"}
    for keyword, position in (moves | {"INS.OPTI1.NAME": "PPS-CFO1"}).items():
        world.place(keyword, DUSK_S - 1000.0, position)
    starry = 0
    for n in range(60):
        world.point(DUSK_S + 10.0 * n, 42.0, 6.0 * n)
        starry += bool(world.light("LM", DUSK_S + 10.0 * n, DUSK_S + 10.0 * n + 1.0, 5, "fast").stars)
    assert starry <= 2
