"""Observing blocks for the tests: text in, validation out."""

from __future__ import annotations

from functools import cache
from typing import Any

from sequencer.clock import parse_utc
from sequencer.config import load_deployment, load_instrument
from sequencer.config.models import Deployment, Instrument
from sequencer.config.yaml_reader import parse_yaml
from sequencer.observing import OB, Validation, compose_ob, read_ob, validate

MORNING_S = parse_utc("2027-03-20T09:15:00")
"""Armazones, some minutes before the Sun rises through -18 deg."""
DUSK_S = parse_utc("2027-03-20T23:00:00")
FLAT = "METIS_all_cal_TwilightFlat"
DARK = "METIS_all_cal_Dark"
ONE_DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
LP = {"SEQ.CAMERA": ["LM"], "SEQ.DIT.FILT.LIST": ["Lp"], "SEQ.LEVEL.LIST": []}


@cache
def surroundings(deployment: str) -> tuple[Deployment, Instrument]:
    found = load_deployment(deployment)
    return found, load_instrument(found.instrument)


def block(text: str) -> OB:
    return read_ob(parse_yaml(text.encode(), "ob.yaml", lenient=True))


def check(
    ob: OB, deployment: str = "metis-sim", start_s: float = MORNING_S, until_s: float | None = None
) -> Validation:
    where, instrument = surroundings(deployment)
    return validate(ob, where, instrument, until_s=until_s, now_s=start_s)


def check_one(
    template: str, parameters: dict[str, Any], instrument: str = "METIS", **more: Any
) -> Validation:
    return check(compose_ob("test", instrument, [(template, parameters)]), **more)


def texts(problems: list[Any]) -> list[str]:
    return [problem.text for problem in problems]


def flat_warnings(filters: list[str], **more: Any) -> tuple[list[str], list[str]]:
    """Problems and warnings of METIS flats without a ladder."""
    camera = "N" if filters[0].startswith("N") else "LM"
    parameters = {"SEQ.CAMERA": [camera], "SEQ.DIT.FILT.LIST": filters, "SEQ.LEVEL.LIST": [], **more}
    found = check_one(FLAT, parameters)
    return texts(found.problems), texts(found.warnings)
