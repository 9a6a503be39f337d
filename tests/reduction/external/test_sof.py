"""A pipeline behind set-of-frames files is attached by configuration alone; its runner here is a shell script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from astropy.io import fits
from msgspec import structs

from sequencer.config import load_deployment
from sequencer.config.problems import ConfigErrors
from sequencer.config.search import find_config
from sequencer.config.stages import StageConfig
from sequencer.reduction import ProductRecord
from tests.reduction.external.bench import darks, program, record_of, reduce

RUNNER = r"""#!/bin/sh
# runner RECIPE [OPTION...] SET: a product with the recipe's category whose one pixel is the number of lines of the set.
for set; do :; done
echo "running $* on $(wc -l < "$set") files"
case $1 in
  metis_det_dark) category=MASTER_DARK_2RG; file=MASTER_DARK_2RG.fits ;;
  metis_lm_img_flat) category=MASTER_IMG_FLAT_TWILIGHT_LM; file=FLAT.fits ;;
  *) echo "no such recipe: $1"; exit 4 ;;
esac
while read -r path tag; do test -f "$path" || exit 5; done < "$set"
{ printf '%-80s' "SIMPLE  =                    T" "BITPIX  =                   32" \
    "NAXIS   =                    2" "NAXIS1  =                    1" "NAXIS2  =                    1" \
    "HIERARCH ESO PRO CATG = '$category' / category" END
  head -c 2320 /dev/zero | tr '\0' ' '
  printf "\\000\\000\\000\\00$(wc -l < "$set")"
  head -c 2876 /dev/zero; } > "$file"
"""
ATTACHED = """
command: ["{python}", "{stages}/sof.py"]
calibrations:
  PERSISTENCE_MAP: [FOLDER/persistence.fits]
  LINEARITY_2RG: [FOLDER/linearity.fits]
parameters:
  runner: [FOLDER/runner]
  recipes:
    - recipe: metis_det_dark
      raw: {DARK_2RG_RAW: [CALIB, DARK, "IMAGE,LM"]}
      calibrations: [PERSISTENCE_MAP, LINEARITY_2RG]
      optional: [GAIN_MAP_2RG]
    - recipe: metis_lm_img_flat
      raw: {LM_FLAT_TWILIGHT_RAW: [CALIB, "FLAT,TWILIGHT", "IMAGE,LM"]}
      calibrations: [MASTER_DARK_2RG, LINEARITY_2RG]
      match: [MASTER_DARK_2RG]
"""
LM = {"DPR_CATG": "CALIB", "DPR_TECH": "IMAGE,LM"}


@pytest.fixture
def stages(tmp_path: Path) -> dict[str, StageConfig]:
    program(tmp_path, RUNNER, "runner")
    for name in ("persistence", "linearity"):
        (tmp_path / f"{name}.fits").write_bytes(b"")
    settings: dict[str, Any] = yaml.safe_load(ATTACHED.replace("FOLDER", str(tmp_path)))
    return {"metis": StageConfig(**settings)}


def lines(run_dir: Path, call: str) -> list[str]:
    """A set of frames of the run's only stage folder, without folders."""
    (path,) = (run_dir / "stages").glob(f"metis_01/{call}/frames.sof")
    return [
        f"{line.split()[0].rpartition('/')[2]} {line.split()[1]}" for line in path.read_text().splitlines()
    ]


def by_name(products: list[ProductRecord]) -> dict[str, ProductRecord]:
    return {product.record.removesuffix(".json"): product for product in products}


def test_one_set_a_group_with_its_calibrations_the_flat_with_the_dark_of_its_dit(
    tmp_path: Path, stages: dict[str, StageConfig]
) -> None:
    night = darks(tmp_path / "run", count=0)
    short = [night.expose(0.0, 1.0, DPR_TYPE="DARK", **LM).name for _ in range(2)]
    long = [night.expose(0.0, 3.0, DPR_TYPE="DARK", **LM).name for _ in range(3)]
    flats = [night.expose(1e4, 3.0, DRS_FILTER="Lp", **LM).name for _ in range(4)]
    made = by_name(reduce(tmp_path / "run", stages))
    static = ["1_persistence.fits PERSISTENCE_MAP", "2_linearity.fits LINEARITY_2RG"]
    run_dir = tmp_path / "run"
    assert lines(run_dir, "metis_det_dark_1") == [f"{name} DARK_2RG_RAW" for name in short] + static
    assert lines(run_dir, "metis_det_dark_2") == [f"{name} DARK_2RG_RAW" for name in long] + static
    flat_set = (run_dir / "stages/metis_01/metis_lm_img_flat_1/frames.sof").read_text()
    assert "metis_det_dark_2/MASTER_DARK_2RG.fits MASTER_DARK_2RG\n" in flat_set
    assert [line.split()[1] for line in flat_set.splitlines()[:4]] == ["LM_FLAT_TWILIGHT_RAW"] * len(flats)
    assert {name: product.category for name, product in made.items()} == {
        "metis_01_MASTER_DARK_2RG_1": "MASTER_DARK_2RG",
        "metis_01_MASTER_DARK_2RG_2": "MASTER_DARK_2RG",
        "metis_01_MASTER_IMG_FLAT_TWILIGHT_LM_1": "MASTER_IMG_FLAT_TWILIGHT_LM",
    }
    for name, count in zip(made, (4, 5, 6), strict=True):
        assert fits.getdata(run_dir / "products" / f"{name}.fits")[0, 0] == count
        assert made[name].qa.flag == "PARTIAL"
    flat = made["metis_01_MASTER_IMG_FLAT_TWILIGHT_LM_1"]
    assert (
        "stage metis: metis_lm_img_flat ended with code 0; it gives no quality flag of its own"
        in flat.qa.reasons
    )
    assert (run_dir / "products" / flat.log).read_text() == "running metis_lm_img_flat frames.sof on 6 files\n"
    assert flat.inputs[:4] == flats


def test_a_flat_without_a_dark_of_its_dit_waits_for_it(
    tmp_path: Path, stages: dict[str, StageConfig]
) -> None:
    night = darks(tmp_path / "run", count=0)
    night.expose(0.0, 1.0, DPR_TYPE="DARK", **LM)
    night.expose(1e4, 3.0, DRS_FILTER="Lp", **LM)
    night.expose(0.0, 3.0, DPR_TYPE="DARK", **LM, OBS_TPLNO=2)
    made = reduce(tmp_path / "run", stages, 0, 1)
    flats = [product for product in made if product.recipe == "metis_lm_img_flat"]
    assert [product.qa.flag for product in flats] == ["BAD", "PARTIAL"]
    assert "stage metis: metis_lm_img_flat needs MASTER_DARK_2RG: none is there" in flats[0].qa.reasons
    assert "metis_02_MASTER_DARK_2RG_1.fits" in flats[1].inputs
    left = sorted(path.name for path in (tmp_path / "run/products").glob("metis_01_*.json"))
    assert [name for name in left if not name.endswith(".qa.json")] == [
        "metis_01_MASTER_DARK_2RG_1.json",
        "metis_01_MASTER_IMG_FLAT_TWILIGHT_LM_1.json",
    ]


def test_a_recipe_that_fails_is_told_with_its_log(tmp_path: Path, stages: dict[str, StageConfig]) -> None:
    night = darks(tmp_path / "run", count=0)
    night.expose(0.0, 1.0, DPR_TYPE="DARK", **LM)
    stages["metis"].parameters["recipes"][0]["recipe"] = "metis_det_drak"
    (product,) = reduce(tmp_path / "run", stages)
    assert "stage metis: metis_det_drak ended with code 4 and 0 products" in product.qa.reasons
    assert (tmp_path / "run/products" / product.log).read_text().splitlines()[
        1
    ] == "no such recipe: metis_det_drak"
    assert record_of(tmp_path / "run", product)["parameters"]["runner"] == [str(tmp_path / "runner")]


def test_the_packaged_rules_of_an_instrument_are_told_by_the_name_of_its_pipeline(
    tmp_path: Path, stages: dict[str, StageConfig]
) -> None:
    """A ladder goes as one set, its product calibrates the dark; what is blank is of the frames' size, and told."""
    lingain = "metis_det_lingain) category=LINEARITY_2RG; file=LINEARITY_2RG.fits ;;\n  metis_det_dark)"
    judged = " 'HIERARCH ESO QC LIN GAIN MEAN = 3.99 / e-/ADU' END"
    text = RUNNER.replace("metis_det_dark)", lingain).replace(" END", judged).replace("head -c 2320", "head -c 2240")
    program(tmp_path, text, "runner")
    parameters = {"runner": [str(tmp_path / "runner")], "recipes": "metis", "blank": ["PERSISTENCE_MAP"]}
    night = darks(tmp_path / "run", count=0)
    for dit_s in (0.1, 0.2, 0.3):
        for name in ("Lp", "closed"):
            for _ in range(2):
                night.expose(1e4, dit_s, DPR_TYPE="DETLIN", DRS_FILTER=name, **LM)
    dark = [night.expose(0.0, 0.2, DPR_TYPE="DARK", **LM).name for _ in range(2)]
    night.expose(0.0, 0.3, DPR_TYPE="DARK", **{**LM, "DPR_TECH": "IMAGE,N"})
    made = by_name(reduce(tmp_path / "run", {"metis": StageConfig(stages["metis"].command, parameters=parameters)}))
    run_dir = tmp_path / "run"
    assert [line.split()[1] for line in lines(run_dir, "metis_det_lingain_1")] == ["DETLIN_2RG_RAW"] * 12
    assert [line.split()[1] for line in lines(run_dir, "metis_det_dark_1")] == [
        *["DARK_2RG_RAW"] * len(dark), "PERSISTENCE_MAP", "LINEARITY_2RG",
    ]  # fmt: skip
    with fits.open(run_dir / "stages/metis_01/blank/metis_det_dark_1/PERSISTENCE_MAP.fits") as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "PERSISTENCE_MAP"]
        assert (hdus[1].data.shape, hdus[1].data.max()) == ((32, 32), 0.0)
        assert hdus[0].header["ESO PRO CATG"] == "PERSISTENCE_MAP"
    other = made["metis_01_metis_det_dark_2"]
    assert "stage metis: metis_det_dark needs LINEARITY_GEO: none is there" in other.qa.reasons
    log = (run_dir / "products" / made["metis_01_LINEARITY_2RG_1"].log).read_text()
    assert log == "running metis_det_lingain --metis_det_lingain.linlimit=22100 frames.sof on 12 files\n"
    product = made["metis_01_MASTER_DARK_2RG_1"]
    assert "stage metis: PERSISTENCE_MAP was zeros: nothing is corrected by it" in product.qa.reasons
    assert "stage metis: QC: LIN GAIN MEAN 3.99" in product.qa.reasons
    assert record_of(run_dir, product)["stage"]["figures"] == {"ESO QC LIN GAIN MEAN": "3.99"}


def test_a_runner_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    """The deployment as it comes, on a machine without the METIS pipeline: its frames and our own products stay."""
    stage = load_deployment("metis-sim-pipeline").stages["metis"]
    gone = {**stage.parameters, "runner": ["no-such-pyesorex"]}
    night = darks(tmp_path / "run", count=0)
    night.expose(0.0, 1.0, DPR_TYPE="DARK", **LM)
    (product,) = reduce(tmp_path / "run", {"metis": structs.replace(stage, parameters=gone)})
    assert (product.qa.flag, product.category) == ("BAD", "NO_PRODUCT")
    said = "no-such-pyesorex is not installed: docs/how-to/metis-pipeline.md says how"
    assert any(said in reason for reason in product.qa.reasons)


def test_recipes_nobody_listed_are_refused_with_the_deployment(tmp_path: Path) -> None:
    text = find_config("deployments", "metis-sim-pipeline").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("recipes: metis", "recipes: metsi"))
    with pytest.raises(ConfigErrors, match="no list of recipes is called metsi; there are megara, metis"):
        load_deployment(str(tmp_path / "wrong.yaml"))
