import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure import DetectorLimits, RatePrior, constant_rate, verdict
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.rate import Background


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (0.5, "good"),
        (0.45, "good"),
        (0.4499, "low"),
        (0.55, "good"),
        (0.5501, "high"),
        (0.85, "high"),
        (0.8501, "saturated"),
    ],
)
def test_within_ten_per_cent_of_the_expected_is_good(level, name):
    judged = verdict(level, 0.5, 0.1, 0.85)
    assert judged.name == name
    assert judged.good == (name == "good")


def test_reasons_are_sentences_with_numbers():
    assert verdict(0.501, 0.5, 0.1, 0.85).reason == "50.1 % of full well, 50.0 % expected"
    assert verdict(0.2, 0.5, 0.1, 0.85).reason == "20.0 % of full well, 50.0 % expected"
    assert verdict(0.9, 0.5, 0.1, 0.85).reason == "90.0 % of full well, the limit is 85.0 %"
    assert verdict(0.7, 0.5, 0.1, 0.85, saturated=True).reason == "saturated at 70.0 % of full well"
    assert verdict(-0.1, 0.5, 0.1, 0.85).reason == "the level is -10.0 % of full well"


def test_the_brightest_pixels_count_against_the_limit():
    judged = verdict(0.5, 0.5, 0.1, 0.85, p99_fraction=0.86)
    assert judged.name == "saturated"
    assert judged.reason == "86.0 % of full well, the limit is 85.0 %"
    assert verdict(0.5, 0.5, 0.1, 0.85, p99_fraction=0.85).good
    assert verdict(0.9, 0.9, 0.1, 0.85, p99_fraction=0.5).name == "saturated"


def test_the_worst_comes_first():
    assert verdict(0.9, 0.5, 0.1, 0.85, saturated=True, starry="3 stars", unstable="noise").name == "unstable"
    assert verdict(0.9, 0.5, 0.1, 0.85, saturated=True, starry="3 stars").name == "saturated"
    assert verdict(0.2, 0.5, 0.1, 0.85, starry="3 stars").reason == "3 stars"
    assert verdict(0.2, 0.5, 0.1, 0.85, starry="3 stars").name == "starry"
    assert verdict(0.5, 0.5, 0.1, 0.85, unstable="noise").reason == "noise"


@pytest.mark.parametrize("level", [0.0, -0.2, math.nan, math.inf, -math.inf])
def test_a_level_that_is_none_is_unstable(level):
    assert verdict(level, 0.5, 0.1, 0.85).name == "unstable"
    assert verdict(level, 0.5, 0.1, 0.85, saturated=True).name == "unstable"


@given(st.floats(0.01, 0.8), st.floats(0.01, 0.8), st.floats(0.01, 0.9))
def test_every_level_under_the_limit_has_one_verdict(level, expected, tolerance):
    name = verdict(level, expected, tolerance, 0.85).name
    assert name == (
        "low"
        if level < expected * (1 - tolerance)
        else "high"
        if level > expected * (1 + tolerance)
        else "good"
    )


@pytest.mark.parametrize(("sigmas", "cloudy"), [(-3.95, False), (-4.05, True), (3.95, False)])
def test_a_frame_more_than_four_sigma_off_is_a_cloud(sigmas, cloudy):
    """Sigma is the doubt of the prediction and 0.5 % of the frame's own."""
    sky = Background(
        DetectorLimits(1e5, 0.1, 30.0), RatePrior(constant_rate(1e4), 0.3, time_s=0.0), steady=True
    )
    sky.learn(sky.read(Conditions(0.0), 1.0, 1.0, 1e4))
    now = Conditions(10.0)
    sigma = math.hypot(sky.sigma(now), 0.005)
    predicted_e_s = sky.outlook(now).rate_e_s
    assert sky.read(now, 1.0, 1.0, predicted_e_s * math.exp(sigmas * sigma)).cloudy == cloudy
