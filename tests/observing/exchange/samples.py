"""Blocks for the tests: one with everything, and any sound one that hypothesis can think of."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from sequencer.config.yaml_reader import Located
from sequencer.observing import ParameterSpec, Signature, load_signatures

WRITTEN = "2027-01-01T12:00:00"
FULL: dict[str, Any] = {
    "name": "L-band flats",
    "instrument": "METIS",
    "programme": "60.A-9999(A)",
    "id": 1234567,
    "status": "+",
    "observer": "E. Halley",
    "pi": "C. O'Herschel; #2",
    "target": {
        "name": "NGC 253",
        "ra": "00:47:33.120",
        "dec": "-25:17:17.60",
        "epoch": 2015.5,
        "pm_ra_arcsec_yr": 0.125,
        "pm_dec_arcsec_yr": -0.5,
    },
    "constraints": {
        "sky_transparency": "Variable, thin cirrus",
        "airmass": 1.6,
        "moon_distance_deg": 30,
        "moon_illumination": 0.5,
        "twilight_minutes": -20,
        "times": [
            {"after": "2027-03-20T09:00:00", "before": "2027-03-20T10:00:00"},
            {"after": "2027-03-21T09:00:00", "before": "2027-03-21T10:00:00"},
        ],
        "other": {"waterVapour": 5.0, "atm": "50%  (Seeing < 1.0  arcsec)"},
    },
    "templates": [
        {
            "template": "METIS_all_cal_TwilightFlat",
            "parameters": {
                "SEQ.CAMERA": ["LM"],
                "SEQ.DIT.FILT.LIST": ["Lp", "short-L"],
                "SEQ.LEVEL.LIST": [],
                "SEQ.AIRMASS.LIST": [1.0, 2.5],
                "SEQ.DARK": False,
                "SEQ.NEXPO": 5,
                "SEQ.TIME": 0.1,
                "DPR.TYPE": "FLAT,TWILIGHT",
            },
        },
        {"template": "METIS_img_n_cal_TwilightFlat"},
    ],
}


def located(block: dict[str, Any]) -> Located:
    return Located("ob.yaml", block, {})


def full() -> dict[str, Any]:
    return copy.deepcopy(FULL)


def line_of(text: str, part: str) -> int:
    """Number of the only line with `part` in it."""
    found = [number for number, line in enumerate(text.splitlines(), start=1) if part in line]
    assert len(found) == 1, (part, found)
    return found[0]


PLAIN = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"')
TEXTS = st.text(PLAIN, min_size=1, max_size=16).filter(str.strip)
WORDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,10}", fullmatch=True)


@st.composite
def angles(draw: st.DrawFn, signed: bool) -> str:
    sign = draw(st.sampled_from("+-")) if signed else ""
    fraction = draw(st.from_regex(r"(\.[0-9]{1,6})?", fullmatch=True))
    parts = [draw(st.integers(0, highest)) for highest in (89 if signed else 23, 59, 59)]
    return sign + ":".join(f"{part:02d}" for part in parts) + fraction


TARGETS = st.fixed_dictionaries(
    {"name": TEXTS, "ra": angles(False), "dec": angles(True)},
    optional={
        "epoch": st.floats(1900, 1999),
        "pm_ra_arcsec_yr": st.floats(0.001, 20),
        "pm_dec_arcsec_yr": st.floats(-20, -0.001),
    },
)
CONSTRAINTS = st.fixed_dictionaries(
    {"airmass": st.floats(1, 5)},
    optional={
        "sky_transparency": st.sampled_from(["Photometric", "Clear", "Variable, thick cirrus"]),
        "moon_distance_deg": st.floats(0, 180),
        "moon_illumination": st.floats(0, 1),
        "twilight_minutes": st.integers(-45, 600),
        "times": st.just(FULL["constraints"]["times"]),
        "other": st.dictionaries(
            WORDS.filter(lambda name: name not in ("airmass", "fli", "twilight")),
            st.one_of(st.integers(-9, 9), st.floats(-1e9, 1e9), TEXTS),
            min_size=1,
            max_size=3,
        ),
    },
)


def _number(spec: ParameterSpec) -> st.SearchStrategy[Any]:
    low, high = spec.range or (None, None)
    if spec.type == "int":
        return st.integers(int(low if low is not None else -999), int(high if high is not None else 999))
    return st.floats(low if low is not None else -1e9, high if high is not None else 1e9)


def _value(spec: ParameterSpec) -> st.SearchStrategy[Any]:
    names = st.sampled_from(spec.choices) if spec.choices else WORDS
    if spec.type.startswith("list["):
        items = _number(spec) if spec.type == "list[float]" else names
        return st.lists(items, unique=True, min_size=spec.min_items, max_size=4)
    if spec.type == "bool":
        return st.booleans()
    if spec.type == "str":
        return st.sampled_from(spec.choices) if spec.choices else TEXTS
    return names if spec.type == "keyword" else _number(spec)


@st.composite
def calls(draw: st.DrawFn, signature: Signature) -> dict[str, Any]:
    free = {name: spec for name, spec in signature.parameters.items() if name not in signature.fixed}
    wanted = draw(st.sets(st.sampled_from(sorted(free)), max_size=6)) if free else set()
    given = [name for name, spec in free.items() if spec.required or name in wanted]
    parameters = {name: draw(_value(free[name])) for name in given}
    return {"template": signature.name, **({"parameters": parameters} if parameters else {})}


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    """Any sound block, in the one way of writing that comes back from an import."""
    signatures = sorted(load_signatures().values(), key=lambda signature: signature.name)
    templates = draw(st.lists(st.sampled_from(signatures).flatmap(calls), min_size=1, max_size=3))
    wanted = {
        "programme": TEXTS,
        "id": st.integers(1, 2**31 - 1),
        "status": st.sampled_from("PD-+SXCAMFK"),
        "observer": TEXTS,
        "pi": TEXTS,
        "target": TARGETS,
        "constraints": CONSTRAINTS,
    }
    extra = draw(st.fixed_dictionaries({}, optional=wanted))
    return {"name": draw(TEXTS), "instrument": draw(st.sampled_from(["METIS", "OPTICAM"])), **extra,
            "templates": templates}  # fmt: skip
