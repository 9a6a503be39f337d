"""The Earth's rotation as astropy itself reads it, and held after its last prediction."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.time import Time
from astropy.utils.iers import IERS_A, IERS_A_FILE, TIME_BEFORE_IERS_RANGE

from sequencer.sky.rotation import LATEST_MJD, rotation_table


def test_it_is_the_table_that_astropy_reads() -> None:
    theirs, ours = IERS_A.open(IERS_A_FILE), rotation_table()
    assert len(theirs) == len(ours) - 1
    days = Time(np.linspace(theirs["MJD"][1].value, theirs["MJD"][-2].value, 3001), format="mjd")
    assert np.array_equal(ours.ut1_utc(days), theirs.ut1_utc(days))
    for one, other in zip(ours.pm_xy(days), theirs.pm_xy(days), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("mjd", [66000.0, LATEST_MJD - 0.5])
def test_the_last_prediction_is_held(mjd: float) -> None:
    ours = rotation_table()
    held_s, status = ours.ut1_utc(Time(mjd, format="mjd"), return_status=True)
    assert status >= 0
    assert held_s.value == pytest.approx(ours["UT1_UTC"][-1].value, abs=1e-12)
    assert ours.ut1_utc(Time(30000.0, format="mjd"), return_status=True)[1] == TIME_BEFORE_IERS_RANGE
