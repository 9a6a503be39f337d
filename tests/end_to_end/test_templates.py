"""Every template and every example block runs to its end on simulated devices and leaves what was promised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from astropy.io import fits

from sequencer.clock import parse_utc
from sequencer.config.search import find_config
from sequencer.monitor.leave import leave
from sequencer.monitor.summary import SCHEMA
from sequencer.observing import load_signatures
from tests.end_to_end import rig
from tests.fitsverify import fitsverify

FLATS = {**rig.FLATS, "SEQ.LEVEL.LIST": [0.4, 0.6, 0.8]}
DARKS = {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3}
DUSK = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 3, "SEQ.DARK.NEXPO": 2}
METIS, MEGARA, OPTICAM = ("METIS", "metis-sim"), ("MEGARA", "megara-sim"), ("OPTICAM", "opticam-sim")


@dataclass(frozen=True)
class Tiny:
    """A small block of one template: where it runs and with what."""

    place: tuple[str, str]
    parameters: dict[str, Any]
    categories: set[str]


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in FLATS.items() if name not in names}


AT_DUSK = {
    **DUSK,
    "SEQ.CAMERA": ["CCD"],
    "SEQ.AIRMASS.LIST": [1.1],
    "SEQ.MODE": "LEVEL",
    "SEQ.LEVEL.LIST": [],
    "SEQ.TWILIGHT": "EVENING",
}
IN_N = {**without("SEQ.CAMERA"), "SEQ.DIT.FILT.LIST": ["N1"]}
FLAT_PRODUCTS = {"MASTER_DARK", "MASTER_FLAT"}
TEMPLATES = {
    "METIS_all_cal_TwilightFlat": Tiny(METIS, FLATS, FLAT_PRODUCTS),
    "METIS_img_lm_cal_TwilightFlat": Tiny(
        METIS, {**without("SEQ.CAMERA"), "SEQ.DIT.FILT.LIST": ["short-L"]}, {*FLAT_PRODUCTS, "LINEARITY"}
    ),
    "METIS_img_n_cal_TwilightFlat": Tiny(METIS, IN_N, FLAT_PRODUCTS),
    "METIS_all_cal_Dark": Tiny(METIS, DARKS, {"MASTER_DARK"}),
    "METIS_all_cal_dark": Tiny(METIS, DARKS, {"MASTER_DARK"}),
    "METIS_gen_cal_dark": Tiny(METIS, DARKS, {"MASTER_DARK"}),
    "METIS_gen_cal_InsDark": Tiny(METIS, DARKS, {"INS_DARK"}),
    "MegaraDarkImage": Tiny(MEGARA, {"EXPTIME": 60.0, "NEXPO": 1}, {"MASTER_DARK"}),
    "MegaraBiasImage": Tiny(MEGARA, {"NEXPO": 1}, {"MASTER_BIAS"}),
    "OPTICAM_TwilightFlat": Tiny(OPTICAM, DUSK, FLAT_PRODUCTS),
    "OPTICAM_Dark": Tiny(OPTICAM, {"DET1.DIT": 2.0}, {"MASTER_DARK"}),
    "TwilightFlat": Tiny(OPTICAM, AT_DUSK, FLAT_PRODUCTS),
    "Dark": Tiny(OPTICAM, {"DET1.DIT": 2.0}, {"MASTER_DARK"}),
}
EXAMPLES = {"metis-dark": "metis-sim", "metis-lband-flats": "metis-sim", "megara-bias": "megara-sim"}
BY_NIGHT = {
    "metis-insdark": "metis-sim",
    "metis-n-flats": "metis-sim",
    "megara-dark": "megara-sim",
    "opticam-dusk": "opticam-sim",
}
"""Those of which the first have an equal."""


def window_of(deployment: str) -> tuple[int, int] | None:
    return None if deployment == "megara-sim" else rig.SMALL


def frames_of(ran: rig.Ran) -> list[str]:
    return [frame["file"] for frame in ran.of("frame")]


def files_of(ran: rig.Ran) -> list[Path]:
    """All FITS files of a run."""
    return sorted(ran.result.run_dir.glob("*/*.fits"))


def assert_left_whole(ran: rig.Ran) -> None:
    """The run's folder as promised: its files, a summary by the schema, sound FITS files, nothing half written."""
    folder = ran.result.run_dir
    leave(folder)
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert sorted(path.name for path in folder.iterdir()) == [
        "block.yaml",
        "journal.sqlite",
        "products",
        "raw",
        "report.html",
        "run.log",
        "summary.json",
    ]
    summary = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(summary, json.loads(SCHEMA.read_text()))
    assert sorted(frames_of(ran)) == sorted(path.name for path in (folder / "raw").iterdir())
    assert [frame["file"] for one in summary["templates"] for frame in one["frames"]] == frames_of(ran)
    for product in summary["products"]:
        stem = Path(product["file"]).stem
        for name in (product["file"], f"{stem}.json", f"{stem}.log", f"{stem}.qa.json"):
            assert (folder / "products" / name).is_file()
    assert_sound(files_of(ran))


def assert_sound(files: list[Path]) -> None:
    """No error and no warning of fitsverify, checksums right, and astropy says nothing (its warnings are errors)."""
    assert files
    for path in files:
        with fits.open(path, checksum=True) as hdus:
            hdus.verify("exception")
            for hdu in hdus:
                assert {"CHECKSUM", "DATASUM"} <= set(hdu.header)
                assert hdu.data is None or np.isfinite(hdu.data).all()
    fitsverify(*files)


def test_no_template_is_left_out() -> None:
    assert set(load_signatures()) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_runs_and_leaves_what_was_promised(tmp_path: Path, name: str) -> None:
    tiny = TEMPLATES[name]
    instrument, deployment = tiny.place
    ob = rig.write_ob(tmp_path, (name, tiny.parameters), instrument=instrument)
    ran = rig.run(tmp_path, ob, deployment, window_px=window_of(deployment), reduced=True)
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert_sound(files_of(ran))
    assert {product["category"] for product in ran.of("product")} >= tiny.categories
    header = fits.getheader(ran.result.run_dir / "raw" / frames_of(ran)[0])
    assert header["ESO TPL ID"] == name
    assert header["ESO GEN SIM"] is True


def test_no_example_is_left_out() -> None:
    assert {path.stem for path in find_config("obs", "metis-dark").parent.glob("*.yaml")} == {
        *EXAMPLES,
        *BY_NIGHT,
        "metis-all-lm-flats",  # in test_live_plan
    }


@pytest.mark.parametrize(
    ("name", "deployment"),
    [*EXAMPLES.items(), *(pytest.param(*pair, marks=pytest.mark.nightly) for pair in BY_NIGHT.items())],
)
def test_every_example_block_runs(tmp_path: Path, name: str, deployment: str) -> None:
    assert_left_whole(
        rig.run(tmp_path, find_config("obs", name), deployment, window_px=window_of(deployment), reduced=True)
    )


def test_a_metis_frame_is_an_empty_primary_and_an_extension_for_each_chip(tmp_path: Path) -> None:
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_Dark", DARKS)))
    chips = {"LM": 1, "N": 1, "IFU": 4}
    assert {frame["camera"] for frame in ran.of("frame")} == set(chips)
    for frame in ran.of("frame"):
        with fits.open(ran.result.run_dir / "raw" / frame["file"]) as hdus:
            assert hdus[0].data is None
            assert [hdu.name for hdu in hdus[1:]] == [
                f"DET{n}.DATA" for n in range(1, chips[frame["camera"]] + 1)
            ]
            assert all(hdu.data.dtype == np.dtype(">f4") and hdu.data.shape == rig.SMALL for hdu in hdus[1:])


CUT_SHORT = {
    **rig.FLATS,
    "SEQ.DIT.FILT.LIST": ["H2O-ice"],
    "SEQ.TIME": 600.0,
    "SEQ.NEXPO": 1,
}
"""One long exposure: ten minutes of a narrow filter."""


@pytest.mark.parametrize(
    ("why", "parameters", "until_s"),
    [
        ("--until", {}, rig.at("2027-03-20T09:36:00")),
        ("the Sun has left its limits", {"SEQ.SUNALT.MAX": -16.5}, None),
    ],
)
def test_the_light_stop_closes_at_the_limit_in_mid_exposure(
    tmp_path: Path, why: str, parameters: dict[str, Any], until_s: float | None
) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", {**CUT_SHORT, **parameters}))
    ran = rig.run(tmp_path, ob, until_s=until_s)
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    (alarm,) = (record for record in ran.records if record.kind == "alarm" and why in record.data["what"])
    begun = [data for data in ran.of("exposure") if data["kind"] == "flat"]
    assert len(begun) == 1
    assert begun[0]["dit_s"] * begun[0]["ndit"] > 500.0
    assert begun[0]["exposure"] not in [frame["exposure"] for frame in ran.of("frame")]
    assert [path.name for path in (ran.result.run_dir / "raw").iterdir()] == frames_of(ran)
    closing = [r for r in ran.records if r.kind == "light_stop" and r.data["position"] == "CLOSED"]
    end_s = until_s or ran.of("plan")[0]["window"]["end_s"]
    assert any(0.0 <= record.time_s - end_s < 10.0 for record in closing)
    after = [record for record in ran.records if record.seq > alarm.seq]
    assert not [r for r in after if r.kind == "light_stop" and r.data["position"] == "OPEN"]
    assert "HandingOver" in [r.data["state"] for r in after if r.kind == "template_state"]
    assert all(data["reached"] for data in ran.of("safe_state"))


def test_without_a_good_flat_there_are_no_darks_to_wait_for(tmp_path: Path) -> None:
    """At 23:26 the dusk is so far gone that the longest DIT is too short."""
    block = find_config("obs", "opticam-dusk")
    ran = rig.run(tmp_path, block, "opticam-sim", start_s=parse_utc("2027-03-20T23:26:30"))
    frames = ran.of("frame")
    assert not any(frame["verdict"] == "good" for frame in frames)
    assert not any(frame["kind"] == "dark" for frame in frames)
    assert ran.result.outcome == "completed"
