"""The real MEGARA recipes on frames our templates took, from end to end, against our own recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from astropy.io import fits

from sequencer.config import load_instrument
from sequencer.config.stages import StageConfig
from sequencer.reduction import ProductRecord
from sequencer.reduction.external.attached import reduce_attached
from tests.end_to_end import rig, truths
from tests.fitsverify import fitsverify
from tests.reduction.external.bench import deployment

EXPTIME_S = 1800.0
BIAS = ("MegaraBiasImage", {"NEXPO": 3})
DARK = ("MegaraDarkImage", {"EXPTIME": EXPTIME_S, "NEXPO": 3, "VPH": "LR-U", "INSMODE": "LCB"})
STAGES = {"megara": StageConfig(["{python}", "{stages}/megara.py"], time_limit_s=100.0)}
AMPLIFIERS = {"amplifier 1": slice(0, 2056), "amplifier 2": slice(2056, 4112)}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    """A run of dark and bias on simulated devices, the pipeline attached: the dark has to wait for its bias."""
    folder = tmp_path_factory.mktemp("night")
    ob = rig.write_ob(folder, DARK, BIAS, instrument="MEGARA")
    ran = rig.run(folder, ob, str(deployment(folder, "megara-sim", **STAGES)), window_px=None, reduced=True)
    assert ran.result.outcome == "completed"
    assert ran.of("alarm") == []
    return ran


@pytest.fixture(scope="module")
def run_dir(ran: rig.Ran) -> Path:
    return ran.result.run_dir


@pytest.fixture(scope="module")
def made(ran: rig.Ran) -> list[ProductRecord]:
    """What the journal says the stage made; of a product made anew the last counts."""
    products = [msgspec.convert(data, ProductRecord) for data in ran.of("product")]
    attached = {product.record: product for product in products if product.record.startswith("megara_")}
    return list(attached.values())


def opened(run_dir: Path, product: ProductRecord) -> Any:
    return fits.open(run_dir / "products" / product.file, checksum=True)


def record(run_dir: Path, product: ProductRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run_dir / "products" / product.record).read_text())
    return found


def native(run_dir: Path, pattern: str) -> dict[str, Any]:
    return truths.record_of(truths.product(run_dir, pattern))["statistics"]  # type: ignore[no-any-return]


def test_bias_and_dark_are_made_and_the_dark_waits_for_the_bias(made: list[ProductRecord]) -> None:
    assert [(product.file, product.category, product.recipe, product.qa.flag) for product in made] == [
        ("megara_01_master_dark_1800s.fits", "MASTER_DARK", "MegaraDarkImage", "GOOD"),
        ("megara_02_master_bias.fits", "MASTER_BIAS", "MegaraBiasImage", "GOOD"),
    ]
    assert made[0].inputs[3:] == ["megara_02_master_bias.fits"]
    assert [name.rpartition("-")[2] for name in made[0].inputs[:3]] == ["MegaraDarkImage.fits"] * 3


def test_products_are_those_of_the_real_recipes(run_dir: Path, made: list[ProductRecord]) -> None:
    dark, bias = made
    with opened(run_dir, dark) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "VARIANCE", "MAP"]
        assert hdus[0].data.shape == (4112, 4096)
        assert np.all(hdus["MAP"].data == 3)
        header = hdus[0].header
        assert (header["NUMXVER"], header["NUMDRPV"], header["NUMRNAM"]) == ("0.40.0", "0.22", "DarkRecipe")
        assert (header["NUM-NCOM"], header["EXPTIME"], header["NUMTYPE"]) == (3, EXPTIME_S, "MasterDark")
    with opened(run_dir, bias) as hdus:
        assert header["NUM-BS"] == hdus[0].header["UUID"]
        assert hdus[0].header["NUMRNAM"] == "BiasRecipe"
    assert len(made) == 2
    fitsverify(*(run_dir / "products" / product.file for product in made))


def test_log_flag_and_structured_text_are_kept(run_dir: Path, made: list[ProductRecord]) -> None:
    for product in made:
        assert "start" in (run_dir / "products" / product.log).read_text()
        stage = record(run_dir, product)["stage"]
        assert stage["software"] == "numina 0.40.0, megaradrp 0.22"
        assert (stage["flag"], stage["figures"]["qc"], stage["figures"]["frames_combined"]) == (
            "GOOD",
            "GOOD",
            3,
        )
        result, task = (
            json.loads((run_dir / "products" / name).read_text()) for name in stage["attachments"]
        )
        assert result["qc"] == "GOOD"
        assert task["state"] == 2
        assert task["request_params"]["validate_inputs"] is True
        assert task["request_runinfo"]["mode"] == product.recipe


def test_our_own_quality_stands_beside_the_flag_that_is_always_good(
    run_dir: Path, made: list[ProductRecord]
) -> None:
    for words in (
        "stage megara: numina's flag is GOOD, which it gives without any check",
        "3 frames",
        "1800 s x1",
        "closed in all frames",
        "simulated",
    ):
        assert any(words in reason for reason in made[0].qa.reasons), words
    for amplifier in AMPLIFIERS:
        for words in (f"{amplifier}: noise ", f"{amplifier}: level "):
            assert any(reason.startswith(words) for reason in made[0].qa.reasons)


def test_the_dark_has_the_level_the_native_recipe_finds_in_each_amplifier(
    run_dir: Path, made: list[ProductRecord]
) -> None:
    """1.01 e- in half an hour. Both take medians of the same frames; the overscan fits differ."""
    ours, theirs = native(run_dir, "master_dark_MEGARA*.fits"), record(run_dir, made[0])["statistics"]
    assert set(theirs) == set(AMPLIFIERS)
    for name, found in theirs.items():
        error = np.hypot(found["error_adu"], ours[name]["error_adu"])
        assert abs(found["level_adu"] - ours[name]["level_adu"]) < 3.0 * error, name
        assert error < 0.02
        assert found["noise_adu"] == pytest.approx(found["expected_noise_adu"], rel=0.05)


@pytest.mark.parametrize(
    ("number", "pattern"), [(0, "master_dark_MEGARA*.fits"), (1, "master_bias_MEGARA.fits")]
)
def test_pixel_by_pixel_the_native_recipe_differs_by_the_overscan_alone(
    run_dir: Path, made: list[ProductRecord], number: int, pattern: str
) -> None:
    """Spline with one knot there, polynomial of degree four here: a smooth function of the row, far below noise."""
    ours = truths.image(truths.product(run_dir, pattern), "SCI")
    with opened(run_dir, made[number]) as hdus:
        difference = np.asarray(hdus[0].data, np.float64) - ours
    for rows in AMPLIFIERS.values():
        part = difference[rows]
        assert abs(part.mean()) < 0.02
        assert part.mean(axis=1).std() < 0.1
        assert np.median(np.abs(part - part.mean(axis=1, keepdims=True))) < 0.1


def test_numina_validates_the_frames_it_is_given(run_dir: Path, tmp_path: Path) -> None:
    """Without its INSCONF a frame would be reduced with another instrument's figures; validated, it is refused."""
    (tmp_path / "raw").mkdir()
    first = min((run_dir / "raw").glob("*MegaraBiasImage.fits"))
    with fits.open(first, do_not_scale_image_data=True) as hdus:
        del hdus[0].header["INSCONF"]
        hdus.writeto(tmp_path / "raw" / first.name, checksum=True)
    (product,) = reduce_attached(tmp_path, load_instrument("megara"), STAGES)
    assert (product.category, product.qa.flag) == ("MASTER_BIAS", "BAD")
    assert any("the recipe failed: ValidationError" in reason for reason in product.qa.reasons), (
        product.qa.reasons
    )
    assert not list((tmp_path / "products").glob("*.fits"))
