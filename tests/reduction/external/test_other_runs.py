"""A stage may have what it made in other runs of the same folder: what fits, the nearest in time, and never unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sequencer.config.stages import StageConfig
from tests.reduction.external.bench import SIZE, record_of, reduce, shell
from tests.reduction.night import Night

MASTER = """
grep -q '"dit_s": 7' manifest.json && flag=BAD || flag=GOOD
echo made > master.txt
used=$(grep -o '"calibrations/[^"]*"' manifest.json | tail -n 1)
echo '{"contract": 1, "products": [{"name": "master", "file": "master.txt", "category": "MASTER", "recipe": "x",
       "qa": {"flag": "'$flag'", "reasons": ["made"]}, "inputs": ['$used']}]}' > record.json
"""
"""A stage program that says it used the last calibration it was given; of 7 s frames it makes nothing of worth."""


def take(run_dir: Path, hour: float, dit_s: float = 2.0, **cards: Any) -> Path:
    """A run with two darks, so many hours after the night began."""
    night = Night(run_dir, size=SIZE)
    night.time_s += 3600.0 * hour
    for _ in range(2):
        night.expose(0.0, dit_s, **{"DPR_TYPE": "DARK", "DPR_CATG": "CALIB", **cards})
    return run_dir


def stages(folder: Path, *categories: str) -> dict[str, StageConfig]:
    return shell(folder, MASTER, from_other_runs=list(categories))


def given(run_dir: Path, folder: str = "other_01") -> list[tuple[str, float]]:
    """Run and DIT of each calibration the program was given."""
    manifest = json.loads((run_dir / "stages" / folder / "manifest.json").read_text())
    return [(one["run"], one["dit_s"]) for one in manifest["calibrations"]]


def test_the_product_nearest_in_time_is_given_of_each_dit_the_nearest_last(tmp_path: Path) -> None:
    attached, runs = stages(tmp_path, "MASTER"), tmp_path / "runs"
    for name, hour, dit_s in (("a", 0.0, 2.0), ("b", 5.0, 2.0), ("c", 9.0, 2.0), ("d", 1.0, 3.0)):
        reduce(take(runs / name, hour, dit_s), attached)
    reduce(take(runs / "e", 6.0), attached)
    assert given(runs / "e") == [("d", 3.0), ("b", 2.0)]


def test_product_record_and_quality_name_the_run_it_is_of(tmp_path: Path) -> None:
    attached, runs = stages(tmp_path, "MASTER"), tmp_path / "runs"
    reduce(take(runs / "a", 0.0), attached)
    (product,) = reduce(take(runs / "b", 1.0), attached)
    assert product.inputs[-1] == "a/products/other_01_master.txt"
    assert record_of(runs / "b", product)["calibrations"] == ["a/products/other_01_master.txt"]
    assert "calibrated with MASTER of another run, a" in product.qa.reasons
    assert (runs / product.inputs[-1]).read_text() == "made\n"


def test_nothing_is_given_that_was_not_asked_for_or_does_not_fit(tmp_path: Path) -> None:
    """Bad ones, of another read-out mode, instrument or stage, of real frames; and what is no run at all."""
    attached, runs = stages(tmp_path, "MASTER"), tmp_path / "runs"
    reduce(take(runs / "bad", 0.0, 7.0), attached)
    reduce(take(runs / "other-mode", 0.0, DET_NCORRS_NAME="slow"), attached)
    reduce(take(runs / "real", 0.0, GEN_SIM=False), attached)
    reduce(take(runs / "other-stage", 0.0), {"another": attached["other"]})
    reduce(take(runs / "other-instrument", 0.0), attached)
    record = runs / "other-instrument/products/other_01_master.json"
    record.write_text(record.read_text().replace('"METIS"', '"MICADO"'))
    (runs / "torn" / "products").mkdir(parents=True)
    (runs / "torn" / "products" / "other_01.json").write_text('{"cut')
    reduce(take(runs / "here", 1.0), attached)
    assert given(runs / "here") == []
    reduce(take(runs / "unasked", 1.0), stages(tmp_path, "ELSE"))
    assert given(runs / "unasked") == []
    reduce(take(runs / "asked", 1.5), attached)
    assert given(runs / "asked") == [("unasked", 2.0)]


def test_a_product_tidied_away_since_is_passed_over_and_so_is_what_is_no_record(tmp_path: Path) -> None:
    attached, runs = stages(tmp_path, "MASTER"), tmp_path / "runs"
    reduce(take(runs / "a", 0.0), attached)
    reduce(take(runs / "b", 0.5), attached)
    (runs / "b/products/other_01_master.txt").unlink()
    (runs / "c" / "products").mkdir(parents=True)
    (runs / "c/products/other_01_list.json").write_text("[1]")
    (product,) = reduce(take(runs / "d", 1.0), attached)
    assert given(runs / "d") == [("a", 2.0)]
    assert product.qa.flag != "BAD"


def test_what_the_run_made_itself_goes_before_that_of_another(tmp_path: Path) -> None:
    attached, runs = stages(tmp_path, "MASTER"), tmp_path / "runs"
    reduce(take(runs / "a", 0.0), attached)
    take(runs / "b", 1.0)
    take(runs / "b", 2.0, OBS_TPLNO=2)
    reduce(runs / "b", attached, 0, 1)
    assert given(runs / "b") == [("a", 2.0)]
    assert given(runs / "b", "other_02") == [("", 2.0)]


REFUSES = """
product='"name": "master", "category": "MASTER", "recipe": "x"'
if ! grep -q '"run": "bias"' manifest.json; then
  rest='"qa": {"flag": "BAD", "reasons": ["no base"]}'
else
  echo made > master.txt
  rest='"file": "master.txt", "qa": {"flag": "GOOD", "reasons": []}'
fi
echo "{\\"contract\\": 1, \\"products\\": [{$product, $rest}]}" > record.json
"""


def test_a_run_reduced_again_has_what_was_made_elsewhere_in_the_meantime(tmp_path: Path) -> None:
    """Darks before the bias: refused on the night, whole once there is one; of the refusal nothing stays."""
    runs = tmp_path / "runs"
    picky = shell(tmp_path, REFUSES, from_other_runs=["MASTER"])
    (product,) = reduce(take(runs / "darks", 0.0), picky)
    assert product.qa.flag == "BAD"
    reduce(take(runs / "bias", 1.0), stages(runs))
    (product,) = reduce(runs / "darks", picky)
    assert product.qa.flag == "PARTIAL", "two frames are few"
    left = sorted(path.name for path in (runs / "darks/products").iterdir())
    assert left == [f"other_01_master.{end}" for end in ("json", "log", "qa.json", "txt")]
