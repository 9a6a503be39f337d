"""What is left out of a reduction or refused, and that the products say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

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
        {
            "camera": "LM",
            "mode": "fast",
            "window": [1, 1, 64, 64],
            "dit_s": 0.2,
            "ndit": 1,
            "gain_e_adu": 4.0,
            "binning": [1, 1],
            "temperature_k": 40.0,
        }
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
    dark, left_out = reduce_run(tmp_path, instrument(size=SMALL), said.append)
    assert len(dark.inputs) == 3
    assert (left_out.file, left_out.category, left_out.qa.flag) == ("left_out.json", "LEFT_OUT", "BAD")
    assert set(left_out.left_out) == {night.frames[0].name, "METIS.x.fits", two_chips.name}
    assert json.loads((tmp_path / "products" / "left_out.json").read_text())["left_out"] == left_out.left_out
    for name in (night.frames[0].name, "METIS.x.fits", two_chips.name):
        assert sum(text.startswith("left out") and name in text for text in said) == 1


def test_an_instrument_dark_is_no_dark_for_a_flat(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.0e5], n=3)
    night.darks(0.2, 3, DPR_TYPE="DARK,INS")
    found = reduced(night)
    assert found["ins_dark_LM_fast_0.2s_x1.fits"].category == "INS_DARK"
    assert found["master_flat_LM_Lp_fast.json"].qa.flag == "BAD"


def alter(paths: list[Path], pixels: Any = None, **cards: object) -> None:
    """Other cards (None: without) or pixels in raw files, with right checksums."""
    for path in paths:
        with fits.open(path, mode="update", checksum=True, memmap=False) as file:
            for name, value in cards.items():
                keyword = f"ESO {name.replace('_', ' ')}"
                header = file[1].header if "CHIP GAIN" in keyword else file[0].header
                if value is None:
                    del header[keyword]
                else:
                    header[f"HIERARCH {keyword}"] = value
            if pixels is not None:
                file[1].data = pixels(file[1].data).astype(np.float32)


def flats_and_darks(folder: Path) -> tuple[list[Path], list[Path], Night]:
    night = Night(folder, size=SMALL)
    night.flats([2.3e5], n=6)
    night.darks(0.2, 3)
    return night.frames[:6], night.frames[6:], night


FLAT = "master_flat_LM_Lp_fast"
DARK = "master_dark_LM_fast_0.2s_x1"


def binned(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(SMALL // 2, 2, SMALL // 2, 2).sum((1, 3))


def with_a_hole(pixels: np.ndarray) -> np.ndarray:
    return np.where(np.arange(pixels.size).reshape(pixels.shape) == 77, np.nan, pixels)


UNUSABLE: list[tuple[dict[str, object], Any, str]] = [
    ({"DRS_FILTER": None}, None, "ESO DRS FILTER is missing"),
    ({"DET_CHIP_TEMP": None}, None, "ESO DET CHIP TEMP is missing"),
    ({"DET1_CHIP_GAIN": None}, None, "ESO DET1 CHIP GAIN is missing"),
    ({"DET_NCORRS_NAME": "quick"}, None, "ESO DET NCORRS NAME is 'quick', 2RG knows fast, slow"),
    ({"DET_WIN_STRX": None}, None, "ESO DET WIN STRX is missing"),
    ({"DET_BINX": None}, None, "ESO DET BINX is missing"),
    ({"DET_DIT": "soon"}, None, "ESO DET DIT is 'soon', no number"),
    ({"SEQ_LEVELNO": 1e300}, None, "ESO SEQ LEVELNO is 1e+300, no whole number"),
    ({}, binned, "its image has 32x32 pixels, its cards say a window of 64x64 binned 1x1"),
    ({}, with_a_hole, "image 1 has pixels that are no numbers"),
]


@pytest.mark.parametrize(("cards", "pixels", "why"), UNUSABLE)
def test_a_frame_that_does_not_say_what_it_is_is_left_out_by_name_and_the_rest_is_made(
    tmp_path: Path, cards: dict[str, object], pixels: Any, why: str
) -> None:
    flats, _, night = flats_and_darks(tmp_path)
    alter(flats[::3], pixels, **cards)
    found = reduced(night)
    assert {name: record.qa.flag for name, record in found.items() if name != "left_out.json"} == {
        f"{DARK}.fits": "GOOD",
        f"{FLAT}.fits": "GOOD",
    }
    left_out = found["left_out.json"].left_out
    assert set(left_out) == {path.name for path in flats[::3]}
    assert all(text.startswith(f"{name}: ") and why in text for name, text in left_out.items())
    assert not set(found[f"{FLAT}.fits"].inputs) & set(left_out)


def test_a_packed_frame_is_left_out_by_name(tmp_path: Path) -> None:
    _, darks, night = flats_and_darks(tmp_path)
    with fits.open(darks[0], memmap=False) as file:
        packed = fits.CompImageHDU(file[1].data, file[1].header, compression_type="GZIP_1", quantize_level=0)
        fits.HDUList([file[0], packed]).writeto(darks[0], overwrite=True, checksum=True)
    found = reduced(night)
    assert len(found[f"{DARK}.fits"].inputs) == 2
    assert "tile-compressed" in found["left_out.json"].left_out[darks[0].name]


def test_darks_of_scaled_integers_give_the_flat_that_floats_give(tmp_path: Path) -> None:
    """Written anew with BSCALE 0.5: rounded to half an ADU, which is far below their noise."""
    _, darks, night = flats_and_darks(tmp_path)
    reduced(night)
    expected = fits.getdata(tmp_path / "products" / f"{DARK}.fits", "DET1.SCI")
    for path in darks:
        with fits.open(path, memmap=False) as file:
            image = fits.ImageHDU(file[1].data, file[1].header)
            image.scale("int16", bzero=0.0, bscale=0.5)
            fits.HDUList([file[0], image]).writeto(path, overwrite=True, checksum=True)
    assert reduced(night)[f"{DARK}.fits"].qa.flag == "GOOD"
    found = fits.getdata(tmp_path / "products" / f"{DARK}.fits", "DET1.SCI")
    assert np.abs(found - expected).max() <= 0.5


OTHER_DARKS: list[tuple[dict[str, object], str]] = [
    ({"DET_WIN_STRX": 3, "DET_WIN_STRY": 5}, "of window 64x64 at 3,5, not 64x64 at 1,1"),
    ({"DET1_CHIP_GAIN": 8.0}, "of gain 8 e-/ADU, not 4 e-/ADU"),
    ({"DET_CHIP_TEMP": 300.0}, "of detector temperature 300.0 K, not 40.0 K"),
    ({"DET_CHIP_TEMP": 41.1}, "of detector temperature 41.1 K, not 40.0 K"),
]


@pytest.mark.parametrize(("cards", "why"), OTHER_DARKS)
def test_a_dark_of_another_set_up_is_no_dark_of_the_flat_and_it_says_in_what(
    tmp_path: Path, cards: dict[str, object], why: str
) -> None:
    _, darks, night = flats_and_darks(tmp_path)
    alter(darks, **cards)
    flat = reduced(night)[f"{FLAT}.json"]
    assert flat.qa.flag == "BAD"
    assert flat.qa.reasons == [f"refused: no dark LM fast 64x64 0.2 s x1 (there are: fast 0.2 s x1 {why})"]


def test_temperatures_within_the_tolerance_are_of_one_set_up(tmp_path: Path) -> None:
    flats, darks, night = flats_and_darks(tmp_path)
    for number, path in enumerate([*flats, *darks]):
        alter([path], DET_CHIP_TEMP=40.0 + 0.9 * (-1) ** number)
    alter([flats[0]], DET_CHIP_TEMP=40.0)
    assert {record.qa.flag for record in reduced(night).values()} == {"GOOD"}


def test_frames_that_lost_their_dark_are_named_with_what_they_lack(tmp_path: Path) -> None:
    flats, _, night = flats_and_darks(tmp_path)
    alter(flats[4:], DET1_CHIP_GAIN=8.0)
    found = reduced(night)
    other = found[f"{FLAT}_2.json"]
    assert found[f"{FLAT}.fits"].qa.flag == "GOOD"
    assert (other.qa.flag, other.inputs) == ("BAD", [path.name for path in flats[4:]])


def test_a_dit_read_back_beside_its_grid_is_the_step_of_the_grid(tmp_path: Path) -> None:
    flats, darks, night = flats_and_darks(tmp_path)
    for number, path in enumerate([*flats, *darks]):
        alter([path], DET_DIT=0.2 + 4e-6 * (number - 4))
    found = reduced(night)
    assert {name: record.qa.flag for name, record in found.items()} == {
        f"{DARK}.fits": "GOOD",
        f"{FLAT}.fits": "GOOD",
    }
    assert len(found[f"{DARK}.fits"].inputs) == 3


def test_flats_without_light_are_left_out_by_name(tmp_path: Path) -> None:
    flats, darks, night = flats_and_darks(tmp_path)
    dark = fits.getdata(darks[0], 1)
    alter(flats[:2], lambda pixels: dark.copy())
    flat = reduced(night)[f"{FLAT}.fits"]
    assert flat.left_out == {path.name: "no light over its dark" for path in flats[:2]}
    assert flat.qa.flag == "PARTIAL"
    assert flat.qa.reasons[0] == f"no light over the dark, left out: {flats[0].name}, {flats[1].name}"


def test_a_filter_without_light_is_refused_and_the_others_are_made(tmp_path: Path) -> None:
    flats, darks, night = flats_and_darks(tmp_path)
    night.flats([2.3e5], n=4, name="Mp")
    dark = fits.getdata(darks[0], 1)
    alter(flats, lambda pixels: dark.copy(), SEQ_VERDICT=None)
    found = reduced(night)
    assert found["master_flat_LM_Mp_fast.fits"].qa.flag == "GOOD"
    assert found[f"{FLAT}.json"].qa.flag == "BAD"
    assert (
        found[f"{FLAT}.json"]
        .qa.reasons[0]
        .startswith(f"refused: no light over the dark in {flats[0].name}, ")
    )


def test_darks_of_nothing_but_zeros_are_not_good_and_the_rest_is_made(tmp_path: Path) -> None:
    _, _, night = flats_and_darks(tmp_path)
    night.darks(0.3, 3)
    alter(night.frames[9:], lambda pixels: np.zeros_like(pixels))
    found = reduced(night)
    assert found[f"{FLAT}.fits"].qa.flag == "GOOD"
    assert {name.partition(".fits")[0].partition(".json")[0] for name in found} == {
        FLAT, DARK, "master_dark_LM_fast_0.3s_x1",
    }  # fmt: skip
    assert all(record.qa.flag != "GOOD" for name, record in found.items() if "0.3s" in name)
