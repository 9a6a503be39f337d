"""The rules for tracked fields as astroplan constraints, and which fields of a list meet them, offline."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sequencer.sky.rules import PatchRules
from sequencer.sky.site import Site, earth_location, utc_time


def observing_constraints(rules: PatchRules, moon_clear_deg: float) -> list[Any]:
    """astroplan constraints on altitude, Sun, Moon (0 deg: not minded) and Galactic latitude."""
    import astroplan
    from astropy import units

    low, high = rules.altitude_limits_deg
    found = [
        astroplan.AltitudeConstraint(
            min=low * units.deg, max=min(high, 90.0 - rules.zenith_clearance_deg) * units.deg
        ),
        astroplan.SunSeparationConstraint(min=rules.sun_distance_deg * units.deg),
        astroplan.GalacticLatitudeConstraint(min=rules.galactic_latitude_deg * units.deg),
    ]
    if moon_clear_deg > 0.0:
        found.append(astroplan.MoonSeparationConstraint(min=moon_clear_deg * units.deg))
    return found


def always_observable(
    positions_deg: ArrayLike, site: Site, times_s: ArrayLike, constraints: Sequence[Any]
) -> NDArray[np.bool_]:
    """Which ICRS positions, rows (ra, dec) in deg, meet astroplan constraints at every one of some Unix times."""
    ra, dec = np.asarray(positions_deg, dtype=float).reshape(-1, 2).T
    if not len(ra):
        return np.zeros(0, dtype=bool)
    from astroplan import Observer, is_always_observable
    from astropy import units
    from astropy.coordinates import NonRotationTransformationWarning, SkyCoord

    times = utc_time(np.asarray(times_s, dtype=float))
    observer = Observer(location=earth_location(site), name=site.name)
    targets = SkyCoord(ra=ra * units.deg, dec=dec * units.deg)
    with warnings.catch_warnings():
        # astroplan takes distances from Sun and Moon in the frame of the body; for stars at infinity either will do.
        warnings.simplefilter("ignore", NonRotationTransformationWarning)
        return np.asarray(is_always_observable(list(constraints), observer, targets, times=times))
