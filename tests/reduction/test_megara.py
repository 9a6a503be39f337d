"""MEGARA: overscan, trimming, master bias and dark, on drawn frames in a small geometry and once at full size."""

from __future__ import annotations

import functools
import json
import uuid
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from sequencer.config import load_instrument
from sequencer.reduction import reduce_run
from sequencer.reduction.megara import MEGARA, Amplifier, Geometry, ccd_master, overscan_level, trim

SMALL = Geometry(
    (Amplifier("1", slice(0, 60), slice(90, 110), 0), Amplifier("2", slice(70, 130), slice(0, 10), 60)),
    slice(10, 90),
)
RAW = (130, 110)


def raw(rng: np.random.Generator, dark: float = 0.0, bias: float = 1000.0, noise: float = 2.0) -> np.ndarray:
    """One frame: bias with a slow curve along the rows, dark in the image columns only."""
    y = np.linspace(-1.0, 1.0, RAW[0])[:, None]
    frame = bias + 8.0 * y**2 + 3.0 * y + rng.normal(0.0, noise, RAW)
    frame[:, SMALL.columns] += dark
    return frame.astype(np.float32)


def readers(frames: list[np.ndarray]) -> list[functools.partial]:
    return [functools.partial(np.ndarray.__getitem__, frame) for frame in frames]


def test_geometry_is_that_of_the_instrument() -> None:
    assert MEGARA.trimmed == (4112, 4096)
    first, second = MEGARA.amplifiers
    assert (first.rows, first.overscan, first.trimmed_from) == (slice(0, 2056), slice(4146, 4196), 0)
    assert (second.rows, second.overscan, second.trimmed_from) == (slice(2156, 4212), slice(0, 50), 2056)
    assert MEGARA.columns == slice(50, 4146)


def test_overscan_follows_the_rows_and_ignores_hits() -> None:
    frame = raw(np.random.default_rng(1), noise=0.5)
    frame[20, 95] = 60000.0
    y = np.linspace(-1.0, 1.0, RAW[0])[:60]
    expected = 1000.0 + 8.0 * y**2 + 3.0 * y
    assert overscan_level(frame[:60], slice(90, 110)) == pytest.approx(expected, abs=0.3)


def test_trimming_keeps_every_image_pixel_in_its_place() -> None:
    frame = np.zeros(RAW, np.float32)
    frame[:, SMALL.columns] = np.arange(130)[:, None] * 100.0 + np.arange(80)
    image = trim(frame, SMALL)
    assert image.shape == SMALL.trimmed == (120, 80)
    assert image[0, 0] == 0.0 and image[59, 3] == 5903.0
    assert image[60, 0] == 7000.0 and image[119, 79] == 12979.0


def test_master_takes_overscan_and_bias_off() -> None:
    rng = np.random.default_rng(2)
    pattern = np.zeros(SMALL.trimmed, np.float32)
    pattern[:, ::2] = 5.0
    frames = [raw(rng, dark=3.0) for _ in range(7)]
    for frame in frames:
        frame[:60, SMALL.columns] += pattern[:60]
        frame[70:, SMALL.columns] += pattern[60:]
    master = ccd_master(readers(frames), pattern, SMALL)
    for amplifier in master.amplifiers:
        assert amplifier.level_adu == pytest.approx(3.0, abs=5 * amplifier.error_adu)
        assert amplifier.error_adu < 0.1
        assert amplifier.limit_adu is None
        assert amplifier.noise_adu == pytest.approx(2.0, rel=0.1)
        assert 1000.0 < amplifier.overscan_adu < 1010.0
    assert master.image.mean() == pytest.approx(3.0, abs=0.3)
    assert float(np.median(master.error)) == pytest.approx(float((master.image - 3.0).std()), rel=0.15)


def test_a_level_not_detected_is_an_upper_limit() -> None:
    frames = [raw(np.random.default_rng(seed)) for seed in range(5)]
    for amplifier in ccd_master(readers(frames), None, SMALL).amplifiers:
        assert amplifier.limit_adu is not None
        assert 0.0 < amplifier.limit_adu < 8.0 * amplifier.error_adu


def test_cosmic_rays_and_a_light_leak_are_measured() -> None:
    rng = np.random.default_rng(4)
    frames = [raw(rng) for _ in range(5)]
    for number, frame in enumerate(frames):
        frame[10 + number, 20:70] += 500.0
        frame[:, SMALL.columns] += np.linspace(0.0, 4.0, 80, dtype=np.float32)
    first, second = ccd_master(readers(frames), None, SMALL).amplifiers
    assert first.cosmic_share == pytest.approx(50 / 4800, rel=0.02)
    assert second.cosmic_share == 0.0
    assert first.gradient_adu > 5.0 * first.gradient_error_adu
    assert first.gradient_adu == pytest.approx(4.0 / 4.0 * np.std([0, 1, 2, 3] * 4, ddof=1), rel=0.25)


def test_no_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="no frames"):
        ccd_master([], None, SMALL)


def write(
    run_dir: Path, number: int, mode: str, exptime_s: float, dark: float, template: int, **cards: object
) -> str:
    """A full-size MEGARA frame as acquisition writes it."""
    rng = np.random.default_rng(number)
    frame = (1000.0 + 2.0 * rng.standard_normal((4212, 4196), np.float32)).astype(np.float32)
    frame[:, 50:4146] += dark
    header = fits.Header()
    header.update({f"HIERARCH {key}" if key.startswith("ESO") else key: value for key, value in {
        "INSTRUME": "MEGARA", "OBSMODE": mode, "DATE-OBS": f"2027-03-20T10:{number:02d}:00.000", "EXPTIME": exptime_s,
        "COVER": 0, "SHUTTER": "CLOSED", "VPH": "LR-U", "INSMODE": "LCB", "BLCKUUID": str(uuid.UUID(int=7)),
        "EXPID": f"run/{template:02d}/{number:05d}/MEGARA", "ESO DET DIT": exptime_s, "ESO DET NDIT": 1,
        "ESO DET NCORRS NAME": "SLOW", "ESO DET1 CHIP GAIN": 1.73, "ESO DET CHIP TEMP": 170.0, "ESO DET BINX": 1,
        "ESO DET BINY": 1, "ESO DET WIN STRX": 1, "ESO DET WIN STRY": 1, "ESO DET WIN NX": 4196, "ESO DET WIN NY": 4212,
        **cards,
    }.items()})  # fmt: skip
    (run_dir / "raw").mkdir(parents=True, exist_ok=True)
    name = f"{number:010d}-20270320-MEGARA-{mode}.fits"
    fits.PrimaryHDU(np.round(frame).astype(np.uint16), header).writeto(run_dir / "raw" / name, checksum=True)
    return name


def test_a_full_size_dark_and_the_bias_of_a_later_template(tmp_path: Path) -> None:
    darks = [write(tmp_path, number, "MegaraDarkImage", 1800.0, 0.6, 0) for number in range(3)]
    write(tmp_path, 6, "MegaraDarkImage", 100.0, 5.0, 1)
    biases = [write(tmp_path, number, "MegaraBiasImage", 0.0, 0.0, 1) for number in range(3, 6)]
    products = {record.file: record for record in reduce_run(tmp_path, load_instrument("megara"))}
    bias, dark, leaking = (
        products.pop(f"{name}.fits")
        for name in (
            "master_bias_MEGARA",
            "master_dark_MEGARA_SLOW_1800s_x1",
            "master_dark_MEGARA_SLOW_100s_x1",
        )
    )
    assert products == {}
    assert (bias.category, bias.qa.flag, bias.inputs) == ("MASTER_BIAS", "GOOD", biases)
    assert (dark.category, dark.qa.flag, dark.inputs) == (
        "MASTER_DARK",
        "GOOD",
        [*darks, "master_bias_MEGARA.fits"],
    )
    with fits.open(tmp_path / "products" / dark.file, checksum=True) as file:
        assert file["SCI"].shape == (4112, 4096)
        assert file["SCI"].data[::16, ::16].mean() == pytest.approx(0.6, abs=0.1)
    record = json.loads((tmp_path / "products" / dark.record).read_text())
    assert record["statistics"]["amplifier 2"]["level_adu"] == pytest.approx(0.6, abs=0.05)
    assert any("e-/h" in reason for reason in dark.qa.reasons)
    assert leaking.qa.flag == "BAD"
    assert "amplifier 2: light leak or persistence: level 5.0" in " | ".join(leaking.qa.reasons)


def test_an_open_cover_is_bad_and_a_missing_bias_partial(tmp_path: Path) -> None:
    write(tmp_path, 1, "MegaraDarkImage", 100.0, 0.0, 0)
    opened = write(tmp_path, 2, "MegaraDarkImage", 100.0, 0.0, 0, COVER=1)
    (product,) = reduce_run(tmp_path, load_instrument("megara"))
    assert product.qa.flag == "BAD"
    assert product.qa.reasons[0] == f"not closed: {opened}"
    assert [reason[:14] for reason in product.qa.reasons[1:3]] == ["2 frames", "no master bias"]
