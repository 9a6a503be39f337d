"""The packaged list of fields known to be empty, for telescopes that track."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class BlankField:
    """A field: ICRS position in deg, and the distance in arcmin to the nearest star brighter than Gaia G 10.

    `kind` is "published" or "derived" (not yet looked at in the infrared); `source` says where it comes from.
    """

    name: str
    ra_deg: float
    dec_deg: float
    clear_arcmin: float
    kind: str
    source: str


@cache
def blank_fields() -> tuple[BlankField, ...]:
    """The fields of `data/blank_fields.csv` without those its own source contradicts: 252, all the sky."""
    text = resources.files("sequencer.sky").joinpath("data/blank_fields.csv").read_text(encoding="utf-8")
    return tuple(
        BlankField(
            row["name"],
            float(row["ra_deg"]),
            float(row["dec_deg"]),
            float(row["nearest_g10_arcmin"]),
            row["kind"],
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
        if "CONFLICT" not in row["source"]
    )
