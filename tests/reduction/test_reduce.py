"""A whole run from its raw frames: what is made of what, what is refused, and that the same gives the same bytes."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from sequencer.reduction import ProductRecord, reduce_run
from sequencer.reduction.frames import read_frame
from tests.fitsverify import fitsverify
from tests.reduction.night import Night, instrument, reduced

DITS = [0.04, 0.12, 0.2, 0.28, 0.34]
SMALL = 64


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Three airmasses in Lp, a ladder, and darks of everything."""
    taken = Night(tmp_path_factory.mktemp("run"), drift_per_hour=-0.04, sky_noise=0.001)
    taken.flats([2.3e5, 2.55e5, 2.75e5])
    taken.ladder(2.4e5, DITS, n=4)
    for dit in DITS:
        taken.darks(dit, 5)
    return taken


@pytest.fixture(scope="module")
def products(night: Night) -> dict[str, ProductRecord]:
    return {record.file: record for record in reduce_run(night.run_dir, instrument(k=0.0))}


def test_every_product_of_the_run_is_there_and_good(night: Night, products: dict[str, ProductRecord]) -> None:
    darks = [f"master_dark_LM_fast_{dit:g}s_x1.fits" for dit in DITS]
    assert sorted(products) == sorted([*darks, "linearity_LM_Lp_fast.fits", "master_flat_LM_Lp_fast.fits"])
    assert {record.qa.flag for record in products.values()} == {"GOOD"}
    folder = night.run_dir / "products"
    for record in products.values():
        for name in (record.file, record.log, record.record, record.record.replace(".json", ".qa.json")):
            assert (folder / name).stat().st_size > 50
    assert len(list(folder.iterdir())) == 4 * len(products)


def test_k_of_the_ladder_linearises_the_flat(night: Night, products: dict[str, ProductRecord]) -> None:
    """The configuration says k = 0; the truth is 0.03."""
    folder = night.run_dir / "products"
    found = json.loads((folder / "linearity_LM_Lp_fast.json").read_text())
    k, error = found["statistics"]["k"], found["statistics"]["k_error"]
    assert abs(k - 0.03) < 3.0 * error
    flat = json.loads((folder / "master_flat_LM_Lp_fast.json").read_text())
    assert flat["parameters"]["k"] == k
    assert flat["parameters"]["k_source"] == "linearity_LM_Lp_fast.fits"
    assert {len(found["ladder"][name]) for name in ("illumination", "level_e", "linear_e")} == {20}
    header = fits.getheader(folder / "linearity_LM_Lp_fast.fits")
    assert header["ESO QC LIN K"] == pytest.approx(k, abs=1e-6)


def test_flat_is_the_truth(night: Night, products: dict[str, ProductRecord]) -> None:
    with fits.open(night.run_dir / "products" / "master_flat_LM_Lp_fast.fits", checksum=True) as file:
        image, quality = file["DET1.SCI"].data, file["DET1.DQ"].data
        names = [unit.name for unit in file]
    assert names == [
        "PRIMARY",
        *(f"DET1.{what}" for what in ("SCI", "ERR", "DQ", "ILLUM", "SLOPE", "SLOPEERR")),
    ]
    good = night.lit & (quality == 0)
    truth = night.truth / np.median(night.truth[good])
    assert np.std((image - truth)[good]) < 0.0014
    assert not (quality[night.lit & ~night.dead & ~night.hot] != 0).any()


def test_dark_level_is_within_its_noise(night: Night, products: dict[str, ProductRecord]) -> None:
    for dit in DITS:
        stem = night.run_dir / "products" / f"master_dark_LM_fast_{dit:g}s_x1"
        record = json.loads(stem.with_name(f"{stem.name}.json").read_text())
        header = fits.getheader(stem.with_name(f"{stem.name}.fits"))
        found = record["statistics"]["DET1"]
        assert abs(found["level_adu"] - 0.05 * dit / 4.0) < 3.5 * found["level_error_adu"]
        assert found["read_noise_e"] == pytest.approx(70.0, rel=0.02)
        assert found["hot"] == 2 or dit < 0.1
        counts = tuple(header[f"ESO QC DARK {count}"] for count in ("NHOT", "NCOLD", "NDEV"))
        assert counts == (found["hot"], found["cold"], found["deviant"])


def test_records_name_inputs_with_their_checksums(night: Night, products: dict[str, ProductRecord]) -> None:
    record = products["master_flat_LM_Lp_fast.fits"]
    assert len(record.inputs) == 31
    assert record.inputs[-1] == "master_dark_LM_fast_0.2s_x1.fits"
    structured = json.loads((night.run_dir / "products" / record.record).read_text())
    first = read_frame(night.run_dir / "raw" / record.inputs[0], instrument())
    assert structured["inputs"][0] == {"file": first.name, "sha256": first.sha256, "kind": "flat"}
    assert structured["qa"] == {"flag": record.qa.flag, "reasons": record.qa.reasons}
    log = (night.run_dir / "products" / record.log).read_text()
    assert first.name in log and "QA GOOD" in log


def test_fitsverify_has_nothing_to_say(night: Night, products: dict[str, ProductRecord]) -> None:
    fitsverify(*(night.run_dir / "products" / name for name in products))


def test_the_same_frames_give_the_same_bytes_anywhere(
    night: Night, products: dict[str, ProductRecord], tmp_path: Path
) -> None:
    shutil.copytree(night.run_dir / "raw", tmp_path / "elsewhere" / "raw")
    reduce_run(tmp_path / "elsewhere", instrument(k=0.0))
    for path in (night.run_dir / "products").iterdir():
        assert (tmp_path / "elsewhere" / "products" / path.name).read_bytes() == path.read_bytes()


def test_a_second_reduction_gives_the_same_and_leaves_nothing_stale(tmp_path: Path) -> None:
    """Then the flats are taken away, as if moved to another run: their products go too, others' files stay."""
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5, 2.6e5], n=3)
    night.darks(0.2, 3)
    folder = tmp_path / "products"
    first = [reduced(night).keys(), {path.name: path.read_bytes() for path in folder.iterdir()}]
    assert [reduced(night).keys(), {path.name: path.read_bytes() for path in folder.iterdir()}] == first
    (folder / "notes.txt").write_text("by hand")
    (folder / "drp_01.json").write_text(json.dumps({"recipe": "theirs", "stage": {"name": "drp"}}))
    (folder / "master_flat_LM_Lp_fast.fits.part").write_bytes(b"half")
    for path in night.frames[:6]:
        path.unlink()
    said: list[str] = []
    reduce_run(tmp_path, instrument(size=SMALL), said.append)
    dark = "master_dark_LM_fast_0.2s_x1"
    ours = {f"{dark}.fits", f"{dark}.json", f"{dark}.log", f"{dark}.qa.json"}
    assert {path.name for path in folder.iterdir()} == ours | {"notes.txt", "drp_01.json"}
    assert "removed master_flat_LM_Lp_fast of an earlier reduction" in said


def test_date_is_that_of_the_newest_input(night: Night, products: dict[str, ProductRecord]) -> None:
    header = fits.getheader(night.run_dir / "products" / "master_flat_LM_Lp_fast.fits")
    newest = max(
        name.removeprefix("METIS.").removesuffix(".fits")
        for name in products["master_flat_LM_Lp_fast.fits"].inputs[:30]
    )
    assert header["DATE"] == newest
    assert header["ESO PRO CATG"] == "MASTER_IMG_FLAT_TWILIGHT_LM"
    assert header["ESO QC QA FLAG"] == "GOOD"
    assert header["ESO PRO DATANCOM"] == 30
    assert header["ESO GEN SIM"] is True


def test_a_dark_of_a_later_template_completes_the_flat(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.3e5, 2.6e5], n=3)
    night.darks(0.2, 3, OBS_TPLNO=2)
    found = reduced(night)
    assert found["master_flat_LM_Lp_fast.fits"].qa.flag != "BAD"
    assert "master_flat_LM_Lp_fast.json" not in found


def test_airmass_levels_alone_give_a_relative_check_that_is_partial(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.flats([2.3e5, 2.6e5], n=5)
    night.darks(0.2, 5)
    found = reduced(night)
    check = found["linearity_check_LM_Lp_fast.fits"]
    assert (check.category, check.qa.flag) == ("LINEARITY_CHECK", "PARTIAL")
    assert "no DIT ladder" in check.qa.reasons[0]
    statistics = json.loads((tmp_path / "products" / check.record).read_text())["statistics"]
    assert abs(statistics["residual_k"]) < 4.0 * statistics["residual_k_error"]
    flat = json.loads((tmp_path / "products" / "master_flat_LM_Lp_fast.json").read_text())
    assert flat["parameters"]["k_source"] == "configuration"


def test_ladder_frames_make_the_flat_where_there_are_no_others(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.ladder(2.4e5, DITS, n=3)
    for dit in DITS:
        night.darks(dit, 3)
    found = reduced(night)
    flat = found["master_flat_LM_Lp_fast.fits"]
    assert len(flat.inputs) == 15 + 5
    assert fits.getheader(tmp_path / "products" / flat.file)["ESO QC SLOPE NOISE"] < 0.01


def test_four_chips_are_reduced_chip_by_chip(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    for _ in range(4):
        night.time_s += 5.0
        chips = [night.rng.normal(10.0 * chip, 35.0, (SMALL, SMALL)) for chip in range(4)]
        night.write(chips, 2.0, 1, DPR_TYPE="DARK", DET_ID="IFU", DET_NCORRS_NAME="nominal")
    (record,) = reduced(night).values()
    with fits.open(tmp_path / "products" / record.file) as file:
        assert [unit.name for unit in file[1:]] == [
            f"DET{i}.{what}" for i in range(1, 5) for what in ("SCI", "ERR", "DQ")
        ]
        for chip in range(4):
            assert np.median(file[f"DET{chip + 1}.SCI"].data) == pytest.approx(10.0 * chip, abs=2.0)
    assert any(reason.startswith("DET4: ") for reason in record.qa.reasons)


def test_persistence_light_and_noise_show_in_the_darks_quality(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    for number in range(6):
        night.time_s += 5.0
        level = 20.0 + 30.0 * np.exp(-number / 2.0)
        night.write([night.rng.normal(level, 40.0, (SMALL, SMALL))], 0.2, 1, DPR_TYPE="DARK")
    (record,) = reduced(night).values()
    assert record.qa.flag == "BAD"
    text = " | ".join(record.qa.reasons)
    for words in ("persistence: level falls", "light leak or persistence: level", "noise 2.2"):
        assert words in text


@pytest.mark.parametrize(
    ("level", "flag"), [(0.0025, "GOOD"), (0.03, "GOOD"), (0.389, "PARTIAL"), (25.0, "BAD")]
)
def test_a_dark_far_above_its_dark_current_is_not_good(tmp_path: Path, level: float, flag: str) -> None:
    """0.05 e-/s over 0.2 s are 0.0025 ADU; persistence left 0.389. The level is known to 0.05 ADU here."""
    night = Night(tmp_path)
    for _ in range(10):
        night.time_s += 5.0
        night.write([night.rng.normal(level, 17.5, (128, 128))], 0.2, 1, DPR_TYPE="DARK")
    (record,) = reduced(night).values()
    assert record.qa.flag == flag
    assert "0.0025 expected of the dark current" in " | ".join(record.qa.reasons)
    assert record.qa.reasons[0].startswith("light leak or persistence: level") == (flag != "GOOD")


def test_memory_stays_bounded_by_a_band_of_rows(tmp_path: Path) -> None:
    """Thirty frames of 512 x 512 are 31 MB a group; the peak must not grow by all five groups."""
    night = Night(tmp_path, size=512)
    for number in range(5):
        for _ in range(6):
            night.time_s += 5.0
            noise = night.rng.standard_normal((512, 512), np.float32) * 17.5
            night.write([noise], 0.2 + 0.01 * number, 1, DPR_TYPE="DARK")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(reduced(night)) == 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
