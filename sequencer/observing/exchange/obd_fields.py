"""Where the fields of a block stand in an `.obd` file, for reading and for writing.

`OBS.STATUS`, `OBS.INSTRUM`, `OBS.CON.*` and `OBS.TIMEn.*` are ours: the form has no place for status, instrument
and constraints. `TEL.TARG.*` stand with the OBS records where no acquisition template carries the target.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sequencer.config.yaml_reader import NodePath
from sequencer.observing.exchange.coordinates import packed, unpacked
from sequencer.observing.exchange.typed import scalar, value_text


class Field(msgspec.Struct, frozen=True):
    """A field of our form: its path, how its text is read (value, what is wrong) and written; `idle` is no value."""

    path: NodePath
    read: Callable[[str], tuple[Any, str]]
    write: Callable[[Any], str] = value_text
    idle: tuple[str, ...] = ("",)


def _text(text: str) -> tuple[Any, str]:
    return text, ""


def _number(text: str) -> tuple[Any, str]:
    value = scalar(text)
    return value, "" if isinstance(value, int | float) else f"must be a number, not {text[:60]!r}"


def _ra(text: str) -> tuple[Any, str]:
    return unpacked(text, signed=False)


def _dec(text: str) -> tuple[Any, str]:
    return unpacked(text, signed=True)


FIELDS = {
    "OBS.ID": Field(("id",), _number, idle=("", "0")),
    "OBS.NAME": Field(("name",), _text),
    "OBS.STATUS": Field(("status",), _text),
    "OBS.INSTRUM": Field(("instrument",), _text),
    "OBS.PROG.ID": Field(("programme",), _text),
    "OBS.PI-COI.NAME": Field(("pi",), _text),
    "OBS.OBSERVER": Field(("observer",), _text),
    "OBS.TARG.NAME": Field(("target", "name"), _text),
    "TEL.TARG.NAME": Field(("target", "name"), _text),
    "TEL.TARG.ALPHA": Field(("target", "ra"), _ra, packed),
    "TEL.TARG.DELTA": Field(("target", "dec"), _dec, packed),
    "TEL.TARG.EPOCH": Field(("target", "epoch"), _number, idle=("", "2000", "2000.0")),
    "TEL.TARG.PMA": Field(("target", "pm_ra_arcsec_yr"), _number, idle=("", "0", "0.0")),
    "TEL.TARG.PMD": Field(("target", "pm_dec_arcsec_yr"), _number, idle=("", "0", "0.0")),
    "OBS.CON.TRANSP": Field(("constraints", "sky_transparency"), _text),
    "OBS.CON.AIRMASS": Field(("constraints", "airmass"), _number),
    "OBS.CON.MOONDIST": Field(("constraints", "moon_distance_deg"), _number),
    "OBS.CON.FLI": Field(("constraints", "moon_illumination"), _number),
    "OBS.CON.TWILIGHT": Field(("constraints", "twilight_minutes"), _number),
}
EQUINOX = "TEL.TARG.EQUINOX"
STILL = ("TEL.TARG.ADDVELALPHA", "TEL.TARG.ADDVELDELTA")
"""Velocities of moving targets, which must be 0."""
SILENT = ("OBS.DID", "OBS.GRP", "OBS.TPLNO", "OBS.EXECTIME", "OBS.PI-COI.ID")
"""OBS records that say nothing our form keeps."""
TPL_HEAD = ("TPL.NAME", "TPL.MODE", "TPL.TYPE", "TPL.PRESEQ", "TPL.REFSUP", "TPL.VERSION", "TPL.DID", "TPL.INSTRUM",
            "TPL.EXECTIME", "TPL.EXPNO", "TPL.NEXP", "TPL.GUI", "TPL.RESOURCES")  # fmt: skip
"""Records of a template that say what its signature says."""
