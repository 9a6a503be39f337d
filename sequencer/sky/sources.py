"""Bright infrared sources: the packaged list, and the rule that keeps a patch of sky free of them."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

SOURCE_RULES = ((-3.0, 1.0), (-1.0, 5.0 / 60.0), (9.0, 30.0 / 3600.0))
"""(magnitude, radius in deg): no source brighter than N -3 within 1 deg (stray light), N -1 within 5
arcmin, L 9 within 30 arcsec (L 9 covers N 2; L and N of K-M giants agree within 0.2 mag). A peak pixel then
stays under 1 % of the background without adaptive optics."""

UNKNOWN_N_MAG = -2.0
"""Assumed for a source listed by position only (dusty giants, HII regions): kept out of 5 arcmin."""

DUST_MARGIN_MAG = 4.0
"""Assumed excess of very red stars over their photosphere, for which the list gives a limit only (alpha Her
3.9)."""


@cache
def bright_ir_sources() -> NDArray[np.float64]:
    """The packaged list as rows (ra_deg, dec_deg, mag): ICRS at epoch 2000 and an N magnitude; read-only,
    630 rows.

    The magnitude is the measured N, else the estimate from Hipparcos (4 mag brighter where V-I says it is
    only a limit), else L or L', else -2 (assumed). Each row's origin is in the `source` column of
    `data/bright_ir_sources.csv`.
    """
    rows = np.array([(float(row["ra_deg"]), float(row["dec_deg"]), _magnitude(row)) for row in _table()])
    rows.flags.writeable = False
    return rows


@cache
def bright_ir_names() -> tuple[str, ...]:
    """The names of the rows of `bright_ir_sources`, as catalogued."""
    return tuple(row["name"] for row in _table())


def _table() -> list[dict[str, str]]:
    text = resources.files("sequencer.sky").joinpath("data/bright_ir_sources.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _magnitude(row: dict[str, str]) -> float:
    if row["N_mag"]:
        return float(row["N_mag"])
    if row["N_est_mag"]:
        margin = DUST_MARGIN_MAG if "lower limit" in row["kind"] else 0.0
        return float(row["N_est_mag"]) - margin
    return float(row["L_mag"] or row["Lp_mag"] or UNKNOWN_N_MAG)


def source_clear_deg(magnitudes: ArrayLike) -> NDArray[np.float64]:
    """Distance in deg that `SOURCE_RULES` ask for, for each magnitude; 0 for what is too faint to matter."""
    radius = np.zeros(np.shape(magnitudes))
    for limit, within_deg in SOURCE_RULES:
        radius = np.maximum(radius, np.where(np.asarray(magnitudes) < limit, within_deg, 0.0))
    return radius
