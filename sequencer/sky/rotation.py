"""How the Earth turns: the columns of the packaged IERS Bulletin A that astropy needs, read in 0.05 s, not 0.5."""

from __future__ import annotations

from typing import Any

LATEST_MJD = 88070.0
"""2100-01-01: up to there the last prediction is held, so that no date to come is outside the table."""

COLUMNS = {
    "MJD": ((8, 15),),
    "PM_x": ((135, 144), (19, 27)),
    "PM_y": ((145, 154), (38, 46)),
    "UT1_UTC": ((155, 165), (59, 68)),
}
"""First and last character of each figure (readme.finals2000A of the IERS), from 1; the final values of Bulletin B come
before those of Bulletin A, which are measured or predicted."""


def rotation_table() -> Any:
    """Modified Julian date in d, polar motion in arcsec and UT1 - UTC in s, as an astropy IERS table."""
    import numpy as np
    from astropy import units
    from astropy.utils.iers import IERS, IERS_A_FILE

    with open(IERS_A_FILE, "rb") as file:
        text = file.read()
    lines = np.frombuffer(text, "S1").reshape(-1, text.index(b"\n") + 1)
    columns = {name: _first_given(lines, places) for name, places in COLUMNS.items()}
    known = np.isfinite(list(columns.values())).all(axis=0)
    held = {name: np.append(column[known], column[known][-1]) for name, column in columns.items()}
    held["MJD"][-1] = LATEST_MJD
    of = {"MJD": units.d, "PM_x": units.arcsec, "PM_y": units.arcsec, "UT1_UTC": units.s}
    return IERS({name: column * of[name] for name, column in held.items()})


def _first_given(lines: Any, places: tuple[tuple[int, int], ...]) -> Any:
    """The figure at the first of these places that is not blank; NaN where all are."""
    import numpy as np

    figures = np.full(len(lines), np.nan)
    for first, last in places:
        words = np.char.strip(np.ascontiguousarray(lines[:, first - 1 : last]).view(f"S{last - first + 1}")[:, 0])
        wanted = np.isnan(figures) & (words != b"")
        figures[wanted] = words[wanted].astype(float)
    return figures
