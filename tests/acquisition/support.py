"""Frames, plans and judges of files that the tests of the acquisition share."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from msgspec.structs import replace

from sequencer.acquisition import Card, ExposurePlan, read_hdus, verify
from sequencer.clock import parse_utc
from sequencer.config.keywords import Keyword, Keywords, load_keywords
from sequencer.config.models import Chip, DetectorConfig, Instrument, ReadoutMode, TelescopeConfig
from sequencer.wire.messages import FrameHeader

DAWN_S = parse_utc("2027-03-20T09:31:12.345")
MODE = ReadoutMode(
    min_dit_s=0.04,
    max_dit_s=600.0,
    full_well_e=1e5,
    gain_e_adu=4.0,
    read_noise_e=70.0,
    dark_e_s=0.05,
    overhead_s=0.1,
)


def read_raw(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Primary header and the pixels of every chip of a file whose every byte is right, the pixels by astropy."""
    hdus = read_hdus(path)
    verify(path, hdus)
    with fits.open(path, memmap=False) as opened:
        return hdus[0].cards, [hdu.data for hdu in opened if hdu.data is not None]


def card(
    keyword: str, value: Any, comment: str = "", contributor: str = "OBS engine", **changes: Any
) -> Card:
    """A card of which a test names only what matters to it."""
    given = {"time_s": DAWN_S, "measured": True, "simulated": False, "extension": None, **changes}
    return Card(keyword, value, comment, contributor, **given)


def detector(
    camera: str, chips: list[Chip], size_px: tuple[int, int], layout: str = "extensions"
) -> DetectorConfig:
    return DetectorConfig(
        index=1,
        camera=camera,
        detector_id="2RG",
        chips=chips,
        size_px=size_px,
        pixel_scale_mas=5.47,
        modes={"fast": MODE},
        default_mode="fast",
        layout=layout,  # type: ignore[arg-type]
    )


def dictionary(required: Mapping[str, Sequence[str]] | None = None) -> Keywords:
    """MEGARA's dictionary, with nothing required but the keywords named by kind of frame (`all`, or a template)."""
    known = {
        name: replace(entry, required=[], values=[])
        for name, entry in load_keywords("megara").keywords.items()
    }
    for kind, names in (required or {}).items():
        for name in names:
            known[name] = replace(known.get(name, Keyword("string", "template")), required=[kind])
    kinds = {kind: {"ESO TPL ID": [kind]} for kind in required or {} if kind != "all"}
    return Keywords("test", kinds=kinds, keywords=known)


def instrument(layout: str = "extensions") -> Instrument:
    """An instrument with one camera LM of 64 x 48 pixels."""
    return Instrument(
        name="METIS",
        telescope=TelescopeConfig(name="ELT", altitude_deg=(20.0, 88.0)),
        site="armazones",
        detectors={"LM": detector("LM", [Chip("DET1.DATA")], (64, 48), layout)},
    )


def plan(
    exposure: str = "run/00/00001/LM", file_name: str = "METIS.2027-03-20T09:31:12.345.fits", **changes: Any
) -> ExposurePlan:
    """A plan for a frame of 64 x 48 pixels of camera LM."""
    given: dict[str, Any] = {
        "exposure": exposure,
        "detector": "detector LM",
        "camera": "LM",
        "file_name": file_name,
        "start_cards": [
            card("INSTRUME", "METIS", "instrument", "instrument", measured=False),
            card("ESO DPR CATG", "CALIB", "observation category"),
            card("ESO DET DIT", 0.2, "[s] detector integration time", "DET detector LM", simulated=True),
            card("ESO DET1 CHIP GAIN", 4.0, "[e/adu] gain", "DET detector LM", extension=1),
        ],
        "chips": [Chip("DET1.DATA")],
        "layout": "extensions",
        "gain_e_adu": 4.0,
        "bias_adu": 0.0,
        "full_well_e": 1e5,
        "expected_shape": (48, 64),
        **changes,
    }
    return ExposurePlan(**given)


def frame(
    exposure: str = "run/00/00001/LM", value: float = 5000.0, **changes: Any
) -> tuple[FrameHeader, list[Any]]:
    """A frame as a detector sends it: (header, chips)."""
    ramp = np.linspace(-50, 50, 48 * 64, dtype=np.float32).reshape(48, 64)
    chips = changes.pop("chips", [np.float32(value) + ramp])
    given: dict[str, Any] = {
        "exposure": exposure,
        "device": "detector LM",
        "sequence": 1,
        "dtype": chips[0].dtype.name,
        "shape": chips[0].shape,
        "chips": len(chips),
        "crc32": [zlib.crc32(np.ascontiguousarray(chip).data.cast("B")) for chip in chips],
        "start_s": DAWN_S,
        "end_s": DAWN_S + 1.0,
        **changes,
    }
    return FrameHeader(**given), chips
