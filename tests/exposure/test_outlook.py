"""What an exposure will meet: without NDIT one DIT, with it the mean of DITs that follow each other."""

import math

import pytest

from sequencer.exposure import DetectorLimits
from sequencer.exposure.outlook import Outlook

from .nights import OPTICAL

FADING = Outlook(OPTICAL, rate_e_s=2000.0, slope_per_s=-0.01, floor_e_s=50.0)
STEADY_E_S = OPTICAL.dark_rate_e_s + 50.0


def test_a_single_dit_collects_the_integral_of_the_light():
    expected_e = 2000.0 * 100.0 * (1.0 - math.exp(-0.3)) + 30.0 * STEADY_E_S
    assert FADING.signal_e(30.0) == pytest.approx(expected_e, rel=1e-12)
    assert FADING.level_fraction(30.0) == pytest.approx(OPTICAL.level_fraction(expected_e), rel=1e-12)


def test_several_dits_share_what_they_collect_together():
    expected_e = (2000.0 * 100.0 * (1.0 - math.exp(-0.9)) + 90.0 * STEADY_E_S) / 3.0
    assert FADING.signal_e(30.0, 3) == pytest.approx(expected_e, rel=1e-12)


@pytest.mark.parametrize("ndit", [(), (3,)])
def test_the_dit_for_a_level_reaches_it(ndit):
    assert FADING.level_fraction(FADING.dit_for(0.4, *ndit), *ndit) == pytest.approx(0.4, rel=1e-9)


def test_where_the_sky_runs_out_no_dit_is_long_enough():
    assert Outlook(DetectorLimits(1e5, 0.1, 30.0), 100.0, -0.01, 0.0).dit_for(0.5) == math.inf


def test_the_share_of_twilight_shrinks_as_it_fades():
    assert FADING.twilight_share() == pytest.approx(2000.0 / 2050.0)
    later = 2000.0 * math.exp(-1.0)
    assert FADING.twilight_share(100.0) == pytest.approx(later / (later + 50.0))
