"""Programs that know nothing of us but the folder contract: in sh, awk and Perl. What they find is the truth."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import msgspec
import numpy as np
import pytest
import yaml
from astropy.io import fits

from sequencer.config.stages import StageConfig, stage_problems
from sequencer.reduction import reduce_run
from sequencer.reduction.external.folder_contract import Manifest, Record, schema_text
from sequencer.reduction.external.settings import STAGES, command_of
from sequencer.reduction.external.shelf import stage_files
from tests.reduction.external.bench import SIZE, darks, program, record_of, reduce, shell
from tests.reduction.night import instrument

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "sequencer/reduction/external"
DOCUMENT = (ROOT / "docs/how-to/own-reduction-stage.md").read_text()
LIST = next(part[3:] for part in DOCUMENT.split("```") if part.startswith("sh\n#!/bin/sh"))
"""The example of the document: lists its frames."""
MEAN_OF_ALL_PIXELS = r"""
for frame in frames/*; do
  bytes=$(($(wc -c < "$frame") - PIXELS))
  od -A n -v -t f4 --endian=big -w4 -j "$bytes" -N 4096 "$frame"
done | awk '{ sum += $1 } END { printf "%.6f\n", sum / NR }' > mean.txt
mean=$(cat mean.txt)
cat > record.json <<END
{"contract": 1, "software": "awk",
 "products": [{"name": "mean", "file": "mean.txt", "category": "MEAN_LEVEL", "recipe": "mean of all pixels",
               "qa": {"flag": "GOOD", "reasons": ["mean $mean ADU"]}, "figures": {"mean_adu": $mean}}]}
END
""".replace("PIXELS", str(-(-SIZE * SIZE * 4 // 2880) * 2880))
MEDIAN_IN_PERL = r"""#!/usr/bin/env perl
# Median of three 32 x 32 frames, written as a FITS file.
use strict; use warnings;
chdir $ARGV[0] or die;
my @frames = map {
  open my $file, "<:raw", $_ or die; local $/; my $bytes = <$file>; [unpack "f>1024", substr $bytes, -5760]
} glob "frames/*";
my @median = map { my $pixel = $_; (sort { $a <=> $b } map { $$_[$pixel] } @frames)[1] } 0 .. 1023;
my @cards = ("SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   =                    2",
             "NAXIS1  =                   32", "NAXIS2  =                   32", "END");
open my $fits, ">:raw", "median.fits" or die;
print $fits pack("A2880", join "", map { sprintf "%-80s", $_ } @cards), pack("f>1024", @median), "\0" x 1664;
open my $record, ">", "record.json" or die;
print $record '{"contract": 1, "products": [{"name": "median", "file": "median.fits", "category": "MASTER_DARK",
  "recipe": "median of three", "qa": {"flag": "GOOD", "reasons": []}}]}';
"""


def pixels(paths: list[Path]) -> np.ndarray:
    return np.stack([fits.getdata(path, 1) for path in paths])


def test_a_program_of_od_and_awk_finds_the_mean_of_the_frames(tmp_path: Path) -> None:
    night = darks(tmp_path / "run")
    (product,) = reduce(tmp_path / "run", shell(tmp_path, MEAN_OF_ALL_PIXELS))
    assert (product.file, product.category, product.recipe) == (
        "other_01_mean.txt",
        "MEAN_LEVEL",
        "mean of all pixels",
    )
    assert product.qa.flag == "GOOD"
    assert product.inputs == [path.name for path in night.frames]
    record = record_of(tmp_path / "run", product)
    truth = float(pixels(night.frames).mean(dtype=np.float64))
    assert record["stage"]["figures"]["mean_adu"] == pytest.approx(truth, abs=1e-5)
    assert record["stage"]["software"] == "awk"
    assert float((tmp_path / "run/products" / product.file).read_text()) == pytest.approx(truth, abs=1e-5)
    made = {path.name for path in (tmp_path / "run/products").iterdir()}
    assert made == {f"other_01_mean{end}" for end in (".txt", ".json", ".qa.json", ".log")}
    reduce_run(tmp_path / "run", instrument(size=SIZE))
    assert stage_files(tmp_path / "run/products") == made


def test_a_program_in_perl_makes_a_master_that_is_checked_and_taken(tmp_path: Path) -> None:
    night = darks(tmp_path / "run")
    perl = program(tmp_path, MEDIAN_IN_PERL, "median")
    (product,) = reduce(tmp_path / "run", {"in-perl": StageConfig([str(perl)])})
    assert product.qa.flag == "GOOD", product.qa.reasons
    assert product.file == "in-perl_01_median.fits"
    made = fits.getdata(tmp_path / "run/products" / product.file)
    assert np.array_equal(made, np.median(pixels(night.frames), axis=0))
    for words in ("gives no reason", "3 frames", "2 s x1", "0.000 % of the pixels are no numbers"):
        assert any(words in reason for reason in product.qa.reasons)


def test_manifest_and_record_keep_to_the_committed_schemas(tmp_path: Path) -> None:
    """The schemas are what others write their programs against: they change with the contract's number only."""
    for kind, name in ((Manifest, "manifest"), (Record, "record")):
        assert (SCHEMAS / f"{name}.schema.json").read_text() == schema_text(kind)
    darks(tmp_path / "run")
    reduce(tmp_path / "run", shell(tmp_path, MEAN_OF_ALL_PIXELS, parameters={"depth": [1, {"a": None}]}))
    (folder,) = (tmp_path / "run/stages").iterdir()
    for name in ("manifest", "record"):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(json.loads((folder / f"{name}.json").read_text()), schema)


def test_the_manifest_says_what_the_frames_are_and_leaves_out_those_not_good(tmp_path: Path) -> None:
    night = darks(tmp_path / "run", count=2)
    short = night.expose(0.0, 1.0, DPR_TYPE="DARK", DPR_CATG="CALIB", OBS_TPLNO=1)
    bad = night.expose(0.0, 2.0, DPR_TYPE="DARK", OBS_TPLNO=1, SEQ_VERDICT="cloudy")
    reduce(tmp_path / "run", shell(tmp_path, "exit 1", parameters={"method": "median"}, time_limit_s=33.0))
    (folder,) = (tmp_path / "run/stages").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {key: manifest[key] for key in ("contract", "stage", "run", "instrument", "template_index")} == {
        "contract": 1,
        "stage": "other",
        "run": "run",
        "instrument": "METIS",
        "template_index": 0,
    }
    assert (manifest["parameters"], manifest["time_limit_s"]) == ({"method": "median"}, 33.0)
    assert manifest["rejected"] == [bad.name]
    by_dit = {frame["file"]: (frame["dit_s"], frame["ndit"], frame["group"]) for frame in manifest["frames"]}
    assert by_dit[f"frames/{short.name}"] == (1.0, 1, 1)
    assert [by_dit[f"frames/{path.name}"] for path in night.frames[:2]] == [(2.0, 1, 2)] * 2
    assert manifest["frames"][0]["dpr"] == ["CALIB", "DARK", ""]
    for frame in manifest["frames"]:
        digest = subprocess.run(
            ["sha256sum", folder / frame["file"]], capture_output=True, check=True, text=True
        )
        assert digest.stdout.split()[0] == frame["sha256"]


def test_the_example_of_the_document_is_ten_lines_and_works(tmp_path: Path) -> None:
    assert len(LIST.splitlines()) <= 10
    night = darks(tmp_path / "run")
    stage = StageConfig([str(program(tmp_path, LIST))])
    (product,) = reduce(tmp_path / "run", {"list": stage})
    assert product.qa.flag == "GOOD"
    assert "stage list: 3 frames" in product.qa.reasons
    listed = (tmp_path / "run/products" / product.file).read_text()
    assert all(path.name in listed for path in night.frames)


def test_the_settings_in_the_document_are_settings_and_their_programs_are_there() -> None:
    shown = [yaml.safe_load(part[5:])["stages"] for part in DOCUMENT.split("```") if part.startswith("yaml\n")]
    assert len(shown) == 3
    for stages in shown:
        known = msgspec.convert(stages, dict[str, StageConfig])
        assert list(stage_problems(known)) == []
        ours = [word for stage in known.values() for word in command_of(stage) if word.startswith(str(STAGES))]
        assert all(Path(word).is_file() for word in ours)


def test_a_stage_is_not_started_for_templates_it_is_not_for(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    assert (
        reduce(tmp_path / "run", shell(tmp_path, MEAN_OF_ALL_PIXELS, templates=["METIS_all_cal_Dark"])) == []
    )
    assert not (tmp_path / "run/stages").exists()
    assert reduce(
        tmp_path / "run", shell(tmp_path, MEAN_OF_ALL_PIXELS, templates=["METIS_all_cal_TwilightFlat"])
    )


def test_what_a_stage_made_calibrates_its_later_templates_and_those_that_waited(tmp_path: Path) -> None:
    """Template 2 lacks what template 3 brings: it says so, and is offered again. Template 1 does not care.

    What the deployment gives comes first, so that who takes the last takes the run's own.
    """
    for template in (1, 2, 3):
        darks(tmp_path / "run", template=template)
    needs = r"""
case $(grep template_index manifest.json) in
  *0*) echo '{"contract": 1, "products": []}' > record.json; exit ;;
  *2*) name=base; category=BASE ;;
  *) name=built; category=BUILT ;;
esac
if [ $name = built ] && ! grep -q '"category": "BASE"' manifest.json; then
  echo '{"contract": 1, "products": [{"name": "built", "category": "BUILT", "recipe": "x",
        "qa": {"flag": "BAD", "reasons": ["no base"]}, "wanting": ["BASE"]}]}' > record.json
  exit
fi
cat calibrations/* > $name.txt 2>/dev/null
echo $name >> $name.txt
echo '{"contract": 1, "products": [{"name": "'$name'", "file": "'$name'.txt", "category": "'$category'",
      "recipe": "x", "qa": {"flag": "GOOD", "reasons": []}}]}' > record.json
"""
    (tmp_path / "given.txt").write_text("given\n")
    stages = shell(tmp_path, needs, calibrations={"OTHER": [str(tmp_path / "given.txt")]})
    made = reduce(tmp_path / "run", stages, 0, 1, 2)
    assert [(product.record, product.qa.flag) for product in made] == [
        ("other_02_built.json", "BAD"),
        ("other_03_base.json", "GOOD"),
        ("other_02_built.json", "GOOD"),
    ]
    assert (tmp_path / "run/products/other_02_built.txt").read_text() == "given\ngiven\nbase\nbuilt\n"
    shutil.rmtree(tmp_path / "run/products")
    assert [product.qa.flag for product in reduce(tmp_path / "run", stages, 0, 1, 2)] == [
        "BAD",
        "GOOD",
        "GOOD",
    ]
