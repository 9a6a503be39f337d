"""Flats of a fading sky over a thermal floor, from files: the master is the flat of the sky, or says that it is not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from sequencer.reduction import ProductRecord
from tests.reduction.night import Night, reduced

FLOOR = 2e4
FLAT = "master_flat_LM_V_fast.fits"


def master(night: Night, dits: list[float], n_darks: int = 8) -> ProductRecord:
    """The master flat of a night's frames and as many darks of each DIT."""
    for dit_s in dits:
        night.darks(dit_s, n_darks)
    return reduced(night)[FLAT]


def rms(night: Night, extension: str = "DET1.SCI") -> float:
    """Difference of an extension to the flat of the sky on lit good pixels."""
    with fits.open(night.run_dir / "products" / FLAT) as file:
        image, good = file[extension].data, night.lit & (file["DET1.DQ"].data == 0)
    return float(np.std(image[good] / night.truth[good]))


@pytest.fixture(scope="module")
def fading(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, ProductRecord]:
    night = Night(tmp_path_factory.mktemp("dusk"))
    return night, master(night, night.fading(FLOOR))


def test_the_master_is_the_flat_of_the_sky(fading: tuple[Night, ProductRecord]) -> None:
    """Its error is that of the least squares; the floor card is 20 % too high and does no harm."""
    night, record = fading
    assert rms(night) < 0.0015
    with fits.open(night.run_dir / "products" / FLAT) as file:
        good = night.lit & (file["DET1.DQ"].data == 0)
        error = file["DET1.ERR"].data[good]
        pulls = (file["DET1.SCI"].data - night.truth)[good] / error
        header = file[0].header
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.05)
    assert header["ESO QC FLAT SKYONLY"] is True
    assert header["ESO QC FLAT NOISE"] == pytest.approx(float(np.median(error)), rel=1e-3)
    assert record.qa.flag == "GOOD"
    assert any(reason.startswith("separated: floor 9.1 to 76.") for reason in record.qa.reasons)


def test_the_floors_own_flat_is_there_with_its_tilt(fading: tuple[Night, ProductRecord]) -> None:
    """The floors in the header are 20 % too high, so the tilt comes out as 1 / 1.2 of it."""
    night, _ = fading
    with fits.open(night.run_dir / "products" / FLAT, checksum=True) as file:
        assert [unit.name for unit in file[-2:]] == ["DET1.FLOOR", "DET1.FLOORERR"]
        ratio = file["DET1.FLOOR"].data / file["DET1.SCI"].data
    columns = np.mean(ratio[8:-8, 8:-8], axis=0)
    across = np.linspace(-1.0, 1.0, night.size)[8:-8]
    assert float(np.polyfit(across, columns, 1)[0]) == pytest.approx(0.05 / 1.2, rel=0.1)


def test_without_the_floor_in_the_header_the_tilt_stays_in_the_flat(tmp_path: Path) -> None:
    night = Night(tmp_path)
    dits = night.fading(FLOOR)
    for path in night.frames:
        with fits.open(path, mode="update", checksum=True) as file:
            del file[0].header["ESO SEQ FLOOR"]
            file[0].add_checksum()
    record = master(night, dits)
    assert rms(night) > 0.004
    assert not any("separated" in reason for reason in record.qa.reasons)


def test_a_share_that_hardly_changes_is_told_and_partial(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    dits = night.fading(FLOOR, sky_e_s=2.5e4, fade=0.998, n=12)
    record = master(night, dits)
    assert record.qa.flag == "PARTIAL"
    (reason,) = (reason for reason in record.qa.reasons if "not separated" in reason)
    assert record.qa.reasons[0] == reason
    assert reason.startswith("not separated: floor 54.")
    assert reason.endswith("this is the flat of sky and floor together")
    with fits.open(tmp_path / "products" / FLAT) as file:
        assert "DET1.FLOOR" not in [unit.name for unit in file]
        assert file[0].header["ESO QC FLAT SKYONLY"] is False


@pytest.mark.parametrize(
    ("floor", "sky", "words"), [(500.0, 2.5e5, "floor up to 0."), (2e5, 300.0, "sky up to 0.")]
)
def test_one_light_alone_is_as_good_as_ever(tmp_path: Path, floor: float, sky: float, words: str) -> None:
    """METIS: all light is thermal, and its flat is what is wanted."""
    night = Night(tmp_path, size=64)
    night.floor_e_s = floor
    for _ in range(5):
        night.expose(sky, 0.2, DRS_FILTER="V", SEQ_KIND="flat", SEQ_VERDICT="good", SEQ_FLOOR=floor)
    night.floor_e_s = 0.0
    record = master(night, [0.2])
    assert record.qa.flag == "GOOD"
    assert any(words in reason for reason in record.qa.reasons)


def test_a_star_in_one_frame_leaves_nothing(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    clean_light = night.light.copy()
    dits = night.fading(FLOOR, n=28)
    night.light[30:36, 30:36] *= 1.2
    dits += night.fading(FLOOR, sky_e_s=2.5e5 * 0.95**28, n=1)
    night.light = clean_light
    dits += night.fading(FLOOR, sky_e_s=2.5e5 * 0.95**29, n=28)
    master(night, sorted(set(dits)))
    with fits.open(tmp_path / "products" / FLAT) as file:
        spot = file["DET1.SCI"].data[30:36, 30:36] / night.truth[30:36, 30:36] - 1.0
        error = float(np.median(file["DET1.ERR"].data[30:36, 30:36]))
    assert abs(float(np.mean(spot))) < 3.0 * error / 6.0
    statistics = json.loads((tmp_path / "products" / FLAT.replace("fits", "json")).read_text())["statistics"]
    assert len(statistics["floor_shares"]) == 57


def test_the_error_counts_the_darks(tmp_path: Path) -> None:
    """One dark a DIT instead of twenty: the flat is noisier by their read noise, and says so."""
    errors = []
    for n_darks in (1, 20):
        night = Night(tmp_path / str(n_darks), size=64)
        master(night, night.fading(FLOOR, n=30, fade=0.9), n_darks)
        with fits.open(night.run_dir / "products" / FLAT) as file:
            good = night.lit & (file["DET1.DQ"].data == 0)
            errors.append(float(np.median(file["DET1.ERR"].data[good])))
            pulls = (file["DET1.SCI"].data - night.truth)[good] / file["DET1.ERR"].data[good]
        assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.08)
    assert errors[0] > 1.1 * errors[1]
    assert math.isfinite(errors[0])
