"""What is left out of a reduction or refused, and that the products say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sequencer.reduction import reduce_run
from tests.reduction.night import Night, instrument, reduced

DITS = [0.04, 0.12, 0.2, 0.28, 0.34]
SMALL = 64


def test_a_flat_without_its_dark_is_refused_and_told_which(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5, 2.6e5], n=3)
    night.darks(0.2, 3, ndit=4)
    found = reduced(night)
    flat = found["master_flat_LM_Lp_fast.json"]
    assert (flat.qa.flag, flat.category) == ("BAD", "MASTER_FLAT")
    assert flat.qa.reasons == ["refused: no dark LM fast 64x64 0.2 s x1 (there are: fast 0.2 s x4)"]
    record = json.loads((tmp_path / "products" / flat.record).read_text())
    assert record["statistics"]["missing_darks"] == [
        {"camera": "LM", "mode": "fast", "window": [1, 1, 64, 64], "dit_s": 0.2, "ndit": 1}
    ]
    assert not (tmp_path / "products" / "master_flat_LM_Lp_fast.fits").exists()
    assert (tmp_path / "products" / flat.log).exists()


def test_frames_whose_dark_is_missing_are_left_out_of_the_flat(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5], n=4)
    night.flats([2.3e5], n=2, dit_s=0.21)
    night.darks(0.2, 3)
    flat = reduced(night)["master_flat_LM_Lp_fast.fits"]
    assert flat.qa.flag == "PARTIAL"
    assert "0.21 s" in flat.qa.reasons[0]
    assert len(flat.inputs) == 5


def test_a_ladder_of_a_bright_night_says_what_it_left_out(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.ladder(3.6e5, DITS, n=4)
    found = reduced(night)["linearity_LM_Lp_fast.fits"]
    assert "8 saturated frames left out, DIT 0.28 s, 0.34 s" in found.qa.reasons
    assert len(found.inputs) == 12
    record = json.loads((tmp_path / "products" / found.record).read_text())
    assert abs(record["statistics"]["k"] - 0.03) < 3.0 * record["statistics"]["k_error"]
    assert len(record["statistics"]["saturated"]) == 8


def test_a_ladder_with_too_few_rungs_left_is_refused_with_the_reason(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.ladder(6e5, DITS, n=3)
    refused = reduced(night)["linearity_LM_Lp_fast.json"]
    assert (refused.qa.flag, refused.category) == ("BAD", "LINEARITY")
    assert refused.qa.reasons[0].startswith(
        "refused: 6 frames with 2 DITs make no ladder: 9 of 15 are saturated"
    )
    assert not (tmp_path / "products" / "linearity_LM_Lp_fast.fits").exists()


@pytest.mark.parametrize("mode", ["LEVEL", "AIRMASS"])
def test_levels_kept_constant_on_purpose_say_nothing_of_linearity(tmp_path: Path, mode: str) -> None:
    """LEVEL mode: one airmass, the DIT follows the sky; what is left of level differences is no lever arm."""
    night = Night(tmp_path, size=SMALL)
    for number, rate in enumerate([2.3e5, 2.5e5, 2.7e5]):
        for _ in range(3):
            night.expose(rate, 0.2, DRS_FILTER="V", SEQ_KIND="flat", SEQ_MODE=mode, SEQ_LEVELNO=number,
                         SEQ_AIRMASS=1.0 + 0.5 * number, SEQ_VERDICT="good")  # fmt: skip
    night.darks(0.2, 3)
    assert sorted(reduced(night)) == ["master_dark_LM_fast_0.2s_x1.fits", "master_flat_LM_V_fast.fits"]


def test_one_airmass_is_no_lever_arm(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    for number, rate in enumerate([2.3e5, 2.5e5, 2.7e5]):
        for _ in range(3):
            night.expose(rate, 0.2, DRS_FILTER="V", SEQ_KIND="flat", SEQ_MODE="FIXED", SEQ_LEVELNO=number,
                         SEQ_AIRMASS=1.5, SEQ_VERDICT="good")  # fmt: skip
    night.darks(0.2, 3)
    assert not any("linearity_check" in name for name in reduced(night))


def test_thermal_only_frames_are_no_flats_and_are_counted(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5], n=4)
    lit = {"DRS_FILTER": "Lp", "SEQ_KIND": "flat"}
    thermal = [night.expose(1e4, 0.2, **lit, SEQ_VERDICT="thermal-only") for _ in range(3)]
    night.expose(1e5, 0.2, **lit, SEQ_VERDICT="low")
    night.darks(0.2, 3)
    flat = reduced(night)["master_flat_LM_Lp_fast.fits"]
    assert not set(flat.inputs) & {path.name for path in thermal}
    assert "3 thermal-only frames are no flats" in flat.qa.reasons
    assert "4 frames, 1 left out as not good" in flat.qa.reasons


def test_a_filter_without_a_single_good_flat_says_so(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    for verdict in ("thermal-only", "thermal-only", "low"):
        night.expose(1e4, 0.2, DRS_FILTER="Lp", SEQ_KIND="flat", SEQ_VERDICT=verdict)
    night.darks(0.2, 3)
    refused = reduced(night)["master_flat_LM_Lp_fast.json"]
    assert refused.qa.flag == "BAD"
    assert refused.qa.reasons == ["refused: no good flat: 1 not good, 2 thermal-only"]


def test_frames_not_good_are_left_out_and_counted(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5], n=4)
    cloudy = night.expose(1.0e5, 0.2, DRS_FILTER="Lp", SEQ_KIND="flat", SEQ_VERDICT="cloudy")
    night.darks(0.2, 3)
    flat = reduced(night)["master_flat_LM_Lp_fast.fits"]
    assert cloudy.name not in flat.inputs
    assert "4 frames, 1 left out as not good" in flat.qa.reasons


def test_unsound_files_are_left_out_and_named(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.darks(0.2, 4)
    data = bytearray(night.frames[0].read_bytes())
    data[-3000] ^= 1
    night.frames[0].write_bytes(data)
    (tmp_path / "raw" / "METIS.x.fits").write_bytes(b"rubbish")
    night.time_s += 5.0
    two_chips = night.write([np.zeros((SMALL, SMALL))] * 2, 0.2, 1, DPR_TYPE="DARK")
    said: list[str] = []
    (record,) = reduce_run(tmp_path, instrument(size=SMALL), said.append)
    assert len(record.inputs) == 3
    for name in (night.frames[0].name, "METIS.x.fits", two_chips.name):
        assert sum(text.startswith("left out") and name in text for text in said) == 1


def test_an_instrument_dark_is_no_dark_for_a_flat(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.0e5], n=3)
    night.darks(0.2, 3, DPR_TYPE="DARK,INS")
    found = reduced(night)
    assert found["ins_dark_LM_fast_0.2s_x1.fits"].category == "INS_DARK"
    assert found["master_flat_LM_Lp_fast.json"].qa.flag == "BAD"
