import math

import pytest

from sequencer.exposure import (
    DetectorLimits,
    DitList,
    FixedDit,
    Refused,
    fixed_dit,
    linearise,
    middle_airmass,
)

LM = DetectorLimits(1e5, 0.04, 100.0, linearity_k=0.03, dit_grid_s=0.0001)
LP = {1.0: 2.3678e5, 2.0: 2.6634e5, 2.5: 2.7946e5}
MP = {1.0: 1.5641e6, 2.0: 1.84e6, 2.5: 1.93e6}
M_SPEC = {1.0: 3.1348e6, 2.0: 3.66e6, 2.5: 3.83e6}


def test_the_middle_airmass_reaches_the_target():
    chosen = fixed_dit(LP, LM)
    assert isinstance(chosen, FixedDit)
    assert chosen.dit_s == pytest.approx(linearise(5e4, 1e5, 0.03) / 2.6634e5, abs=0.00005)
    assert chosen.warnings == ()


def test_dark_counts_into_the_level():
    dark = DetectorLimits(1e5, 0.04, 100.0, dark_rate_e_s=1e4)
    chosen = fixed_dit({1.0: 4e4, 2.0: 9e4}, dark)
    assert chosen.dit_s == pytest.approx(0.5)


def test_mp_is_above_target_at_the_minimum_dit_but_taken_with_a_warning():
    chosen = fixed_dit(MP, LM)
    assert chosen.dit_s == 0.04
    assert chosen.warnings == ("72 % instead of 50 % of full well at DIT 0.04 s, the minimum DIT",)


def test_m_spec_saturates_at_the_minimum_dit_and_is_refused():
    assert fixed_dit(M_SPEC, LM) == Refused("saturates at the minimum DIT, 0.04 s")


def test_a_faint_filter_is_below_target_at_the_maximum_dit():
    chosen = fixed_dit({1.0: 100.0}, LM)
    assert chosen.dit_s == 100.0
    assert chosen.warnings == ("10 % instead of 50 % of full well at DIT 100 s, the maximum DIT",)


def test_any_airmass_over_the_limit_refuses_the_filter():
    assert fixed_dit({1.0: 1e4, 2.0: 1.6e4, 2.5: 3e4}, DetectorLimits(1e5, 0.04, 100.0)) == Refused(
        "over the limit of 85 %: 94 % of full well at DIT 3.125 s"
    )
    at_limit = fixed_dit({1.0: 1e4, 2.0: 1.7e4}, DetectorLimits(1e5, 5.0, 100.0), max_fraction=0.85)
    assert isinstance(at_limit, FixedDit)


def test_within_the_tolerance_there_is_no_warning():
    coarse = DitList((4.5, 100.0))
    limits = DetectorLimits(1e5, 0.04, 100.0)
    assert fixed_dit({1.0: 1e4}, limits, dit_list=coarse, tolerance=0.101).warnings == ()
    assert fixed_dit({1.0: 1e4}, limits, dit_list=coarse, tolerance=0.099).warnings == (
        "45 % instead of 50 % of full well at DIT 4.5 s",
    )
    assert fixed_dit({1.0: 1e4}, limits, target_fraction=0.6).dit_s == pytest.approx(6.0)


def test_without_light_the_filter_is_refused_and_without_airmass_the_question():
    assert fixed_dit({1.0: 0.0}, LM) == Refused("there is no light")
    with pytest.raises(ValueError, match="no airmass"):
        fixed_dit({}, LM)
    with pytest.raises(ValueError, match="negative"):
        fixed_dit({1.0: math.nan}, LM)


def test_of_an_even_number_the_middle_is_the_brighter_one():
    assert middle_airmass((2.5, 1.0, 2.0)) == 2.0
    assert middle_airmass((2.0, 1.0)) == 2.0
    assert middle_airmass((1.0,)) == 1.0
