"""The rules as astroplan constraints and as our own sums must come to the same."""

import numpy as np
import pytest

from sequencer.sky import PatchRules, blank_fields, radec_to_altaz
from sequencer.sky.constraints import always_observable, observing_constraints
from sequencer.sky.drift import SIDEREAL_DEG_S, Path, hour_angle_dec
from sequencer.sky.hazards import hazards_over
from sequencer.sky.judge import objections

from .places import ARMAZONES, NO_SOURCES, utc

POSITIONS = [(field.ra_deg, field.dec_deg) for field in blank_fields()]


@pytest.mark.parametrize("evening", ["2026-02-02T00:30:00", "2026-08-28T23:30:00", "2026-11-24T00:30:00"])
def test_astroplan_and_the_path_of_each_field_agree_for_every_listed_field(evening):
    start_s = utc(evening)
    rules = PatchRules(lmc_distance_deg=0.0, smc_distance_deg=0.0, planet_distance_deg=0.0)
    hazards = hazards_over(ARMAZONES, start_s, start_s + 1200.0, rules, NO_SOURCES)
    constraints = observing_constraints(rules, hazards.moon_clear_deg)
    theirs = always_observable(POSITIONS, ARMAZONES, np.linspace(start_s, start_s + 1200.0, 5), constraints)
    ra, dec = np.array(POSITIONS).T
    altitude, azimuth = radec_to_altaz(ra, dec, start_s, ARMAZONES)
    ha, dec_of_date = hour_angle_dec(altitude, azimuth, ARMAZONES.latitude_deg)
    ours = [
        not objections(hazards, Path(start_s, *place, SIDEREAL_DEG_S))
        for place in zip(ha.tolist(), dec_of_date.tolist(), strict=True)
    ]
    assert 20 < sum(ours) < 200
    assert theirs.tolist() == ours


def test_a_moon_that_is_down_is_no_constraint():
    assert len(observing_constraints(PatchRules(), 0.0)) == 3
    assert len(observing_constraints(PatchRules(), 12.0)) == 4


def test_no_positions_give_no_answers():
    assert always_observable([], ARMAZONES, [utc("2026-02-02T00:30:00")], []).tolist() == []
