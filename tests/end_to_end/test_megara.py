"""MEGARA darks: closed at both ends of every exposure, frames as its pipeline wants them, all that was promised."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from sequencer.config import load_instrument
from sequencer.engine.reduce_again import reduce_again
from tests.end_to_end import rig, truths

EXPTIME_S = 1800.0
DARK = ("MegaraDarkImage", {"EXPTIME": EXPTIME_S, "NEXPO": 3, "VPH": "LR-U", "INSMODE": "LCB"})
BIAS = ("MegaraBiasImage", {"NEXPO": 3})
CLOSED = {"shutter": "CLOSED", "cover": "CLOSED", "cover LEFT": "CLOSED", "cover RIGHT": "CLOSED"}


def take(folder: Path, *calls: tuple[str, dict[str, Any]]) -> rig.Ran:
    ran = rig.run(
        folder, rig.write_ob(folder, *calls, instrument="MEGARA"), "megara-sim", window_px=None, reduced=True
    )
    assert ran.result.outcome == "completed"
    return ran


@pytest.fixture(scope="module")
def dark_alone(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    return take(tmp_path_factory.mktemp("dark"), DARK)


@pytest.fixture(scope="module")
def bias_and_dark(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    return take(tmp_path_factory.mktemp("bias"), BIAS, DARK)


def test_cover_halves_and_shutter_are_closed_at_both_ends_of_every_exposure(bias_and_dark: rig.Ran) -> None:
    ran = bias_and_dark
    frames = ran.of("frame")
    assert [data["light_stops"] for data in ran.of("exposure")] == [CLOSED] * 6
    assert [frame["light_stops"] for frame in frames] == [CLOSED] * 6
    for frame in frames:
        header = fits.getheader(ran.result.run_dir / "raw" / frame["file"])
        assert [header[f"ESO INS {stop} {end}"] for stop in ("SHUT", "COVER") for end in ("ST", "END")] == [
            "CLOSED"
        ] * 4
        assert (header["COVER"], header["COVER1"], header["COVER2"]) == (0, "INPLACE", "INPLACE")
        assert header["SHUTTER"] == "CLOSED"
        for moment_s in np.linspace(frame["start_s"], frame["end_s"], 7):
            assert ran.world.beam.stop_opening("cover", moment_s) == 0.0
            assert ran.world.beam.stop_opening("shutter", moment_s) == 0.0


def test_frames_are_raw_megara_frames(bias_and_dark: rig.Ran) -> None:
    frames = bias_and_dark.of("frame")
    for number, frame in enumerate(frames, start=1):
        mode = "MegaraBiasImage" if number <= 3 else "MegaraDarkImage"
        assert frame["file"] == f"{number:010d}-20270320-MEGARA-{mode}.fits"
        with fits.open(bias_and_dark.result.run_dir / "raw" / frame["file"], checksum=True) as hdus:
            assert len(hdus) == 1
            assert hdus[0].data.shape == (4212, 4196)
            assert hdus[0].data.dtype == np.uint16
            header = hdus[0].header
            assert (header["INSTRUME"], header["OBSMODE"]) == ("MEGARA", mode)
            assert header["EXPTIME"] == header["DARKTIME"] == (0.0 if number <= 3 else EXPTIME_S)
            assert (header["NNSEC"], header["NNREP"]) == ((number - 1) % 3 + 1, 3)
    headers = [fits.getheader(bias_and_dark.result.run_dir / "raw" / frame["file"]) for frame in frames]
    assert len({header["UUID"] for header in headers}) == 6
    assert [header["BLCKUUID"] for header in headers[:3]] == [headers[0]["BLCKUUID"]] * 3
    assert headers[3]["VPH"] == "LR-U"
    assert headers[3]["INSMODE"] == "LCB"


def test_the_dark_is_promised_product_log_flag_and_record(bias_and_dark: rig.Ran) -> None:
    path = truths.product(bias_and_dark.result.run_dir, "master_dark_*.fits")
    assert truths.image(path, "SCI").shape == (4112, 4096)
    assert "QA GOOD" in path.with_suffix(".log").read_text()
    qa = json.loads(path.with_suffix(".qa.json").read_text())
    record = truths.record_of(path)
    assert qa == record["qa"]
    assert qa["flag"] == "GOOD"
    for words in ("3 frames", "closed in every frame", "gradient", "cosmic rays", "e-/h", "simulated"):
        assert any(words in reason for reason in qa["reasons"])
    assert record["calibrations"] == ["master_bias_MEGARA.fits"]
    assert [one["kind"] for one in record["inputs"]] == ["dark"] * 3
    (listed,) = (data for data in bias_and_dark.of("product") if data["category"] == "MASTER_DARK")
    assert listed["file"] == path.name


def test_the_level_of_each_amplifier_is_the_true_dark_current(bias_and_dark: rig.Ran) -> None:
    """0.00056 e-/s for half an hour, 1.01 e-: a third of the read noise."""
    mode = load_instrument("megara").detectors["MEGARA"].modes["SLOW"]
    record = truths.record_of(truths.product(bias_and_dark.result.run_dir, "master_dark_*.fits"))
    for number, gain in enumerate(mode.amplifier_gains_e_adu, start=1):
        found = record["statistics"][f"amplifier {number}"]
        assert found["error_adu"] * gain < 0.02
        assert abs(found["level_adu"] * gain - mode.dark_e_s * EXPTIME_S) < 3.0 * found["error_adu"] * gain
        assert found["noise_adu"] * gain == pytest.approx(
            (mode.read_noise_e**2 + mode.dark_e_s * EXPTIME_S) ** 0.5, rel=0.05
        )


def test_without_a_bias_the_dark_is_partial_for_that_reason(
    dark_alone: rig.Ran, bias_and_dark: rig.Ran
) -> None:
    (alone,) = dark_alone.of("product")
    assert alone["qa"]["flag"] == "PARTIAL"
    assert any(reason.startswith("no master bias") for reason in alone["qa"]["reasons"])
    (calibrated,) = (data for data in bias_and_dark.of("product") if data["category"] == "MASTER_DARK")
    assert not any("no master bias" in reason for reason in calibrated["qa"]["reasons"])


def test_the_bias_of_another_run_makes_the_dark_whole(
    dark_alone: rig.Ran, bias_and_dark: rig.Ran, tmp_path: Path
) -> None:
    """The frames of both runs bear the same names; those of the run that is reduced count."""
    run_dir = tmp_path / "again"
    shutil.copytree(dark_alone.result.run_dir, run_dir)
    products = reduce_again(run_dir, "", lambda text: None, [bias_and_dark.result.run_dir])
    own = {frame["file"] for frame in dark_alone.of("frame")}
    dark = next(one for one in products if {Path(name).name for name in one.inputs} >= own)
    assert not any("no master bias" in reason for reason in dark.qa.reasons)


def test_it_ends_safe_and_dark(bias_and_dark: rig.Ran) -> None:
    reached = {data["device"]: data["reached"] for data in bias_and_dark.of("safe_state")}
    assert set(reached) == {"telescope", "cover", "shutter", "mechanisms", "site", "detector"}
    assert all(reached.values())
