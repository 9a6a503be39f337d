"""`sequencer run` and `reduce` from an empty folder, on simulated devices, to the end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from sequencer.engine.journal import read_journal, verify_journal
from sequencer.monitor.summary import SCHEMA
from tests.command import Finished, call

from .folder import OB, prepare


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return call(
        prepare(tmp_path_factory.mktemp("night")), "run", "ob.yaml", "--deployment", "tiny", "--seed", "5"
    )


def test_it_completes_without_a_word_on_stderr(finished: Finished) -> None:
    assert finished.code == 0, finished.out + finished.err
    assert finished.err == ""


def test_the_folder_has_everything_promised_and_nothing_else(finished: Finished) -> None:
    names = {path.name for path in finished.run_dir.iterdir()}
    assert names == {"raw", "products", "block.yaml", "journal.sqlite", "run.log", "summary.json", "report.html"}
    assert all(path.suffix == ".fits" for path in (finished.run_dir / "raw").iterdir())


def test_the_summary_is_valid_and_agrees_with_the_disk(finished: Finished) -> None:
    summary = json.loads((finished.run_dir / "summary.json").read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(summary)
    assert summary["run"] == finished.run_dir.name
    assert (summary["outcome"], summary["clock"], summary["deployment"]) == ("completed", "virtual", "tiny")
    frames = [frame["file"] for template in summary["templates"] for frame in template["frames"]]
    assert sorted(frames) == sorted(path.name for path in (finished.run_dir / "raw").iterdir())
    products = {product["file"] for product in summary["products"]}
    assert products == {path.name for path in (finished.run_dir / "products").glob("*.fits")}
    assert {product["category"] for product in summary["products"]} >= {
        "MASTER_DARK",
        "MASTER_FLAT",
        "LINEARITY",
    }
    assert all(entry["reached"] for entry in summary["safe_state"])


def test_the_output_has_a_line_a_frame_and_ends_with_the_results(finished: Finished) -> None:
    summary = json.loads((finished.run_dir / "summary.json").read_text())
    frames = sum(len(template["frames"]) for template in summary["templates"])
    assert sum(line.endswith(" good") and " x1 " in line for line in finished.out.splitlines()) == frames
    assert f"tiny flats: completed, {frames} of {frames} frames good" in finished.out
    assert finished.out.splitlines()[-1].split() == ["report", f"runs/{finished.run_dir.name}/report.html"]


def test_reduce_makes_the_same_products_again(finished: Finished) -> None:
    products = finished.run_dir / "products"
    before = {path.name: path.read_bytes() for path in products.iterdir()}
    for path in products.iterdir():
        path.unlink()
    again = call(finished.folder, "reduce", f"runs/{finished.run_dir.name}")
    assert again.code == 0, again.out + again.err
    assert {path.name: path.read_bytes() for path in products.iterdir()} == before
    ended_s = next(
        r.time_s for r in read_journal(finished.run_dir / "journal.sqlite") if r.kind == "run_done"
    )
    assert read_journal(finished.run_dir / "journal.sqlite")[-1].time_s == ended_s


def test_reducing_again_replaces_what_was_made_before(finished: Finished, tmp_path: Path) -> None:
    """Without the frames of the DIT ladder there is no linearity any more: neither file nor record is left, and what
    the run had promised is missing."""
    run_dir = Path(shutil.copytree(finished.run_dir, tmp_path / finished.run_dir.name))
    products = run_dir / "products"
    (products / "my own plot.fits").touch()
    assert list(products.glob("linearity_*.fits"))
    for record in read_journal(run_dir / "journal.sqlite"):
        if record.kind == "frame" and record.data["kind"] == "ladder":
            (run_dir / "raw" / record.data["file"]).unlink()
    again = call(tmp_path, "reduce", run_dir.name)
    assert again.code == 1, again.out + again.err
    assert "MISSING  linearity LM Lp fast of template 0" in again.out
    assert [path.name for path in products.glob("linearity*") if "check" not in path.name] == []
    assert (products / "my own plot.fits").exists()
    records = read_journal(run_dir / "journal.sqlite")
    mark = max(record.seq for record in records if record.kind == "reduction")
    made = {record.data["file"] for record in records if record.kind == "product" and record.seq > mark}
    assert made == {path.name for path in products.glob("*.fits")} - {"my own plot.fits"}
    assert verify_journal(run_dir / "journal.sqlite") == len(records)


def test_a_run_whose_flats_want_darks_says_how_to_take_them(finished: Finished, tmp_path: Path) -> None:
    assert "missing darks" not in finished.out
    short = OB.replace("[1.0, 2.0]", "[1.5]").replace("[0.3, 0.5, 0.7]", "[]")
    (prepare(tmp_path) / "ob.yaml").write_text(short + "      SEQ.DARK: false\n")
    done = call(tmp_path, "run", "ob.yaml", "--deployment", "tiny")
    assert done.code == 0, done.out + done.err
    said = [line.strip() for line in done.out.splitlines() if "missing darks" in line]
    assert said == [f"missing darks: `sequencer darks runs/{done.run_dir.name}` makes the block for them"]
    command = said[0].split("`")[1].split()[1:]
    assert call(tmp_path, *command).code == 0
    assert list(tmp_path.glob("missing-darks-*.yaml"))
