"""Frames of a commissioning script: what it says they are, and which recipe takes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sequencer.config import load_deployment, load_instrument
from sequencer.engine.journal import read_journal
from sequencer.engine.request import Nobody
from sequencer.engine.script import run_script
from sequencer.reduction import gain, linearity
from tests.end_to_end import rig

from .raw_frames import Frame, frames_of, tutorial

MISLABELLED = """\
import sequencer
async with sequencer.connect("%s") as metis:
    await metis.detectors["LM"].expose(0.1, dpr_catg="CALIBRATION")
"""


def classified(*paths: Path) -> str:
    """What `sequencer classify` says."""
    program = shutil.which("sequencer", path=str(Path(sys.executable).parent))
    assert program
    done = subprocess.run(
        [program, "classify", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ladders_behind_open_and_closed_filters_are_what_the_linearity_recipe_reads(ladder: list[Frame]) -> None:
    said = classified(ladder[0].path.parent.parent).splitlines()
    heads = {line.partition(": ")[2]: n for n, line in enumerate(said) if line[:1] not in (" ", "l")}
    for tag, frames in (("DETLIN_2RG_RAW", 16), ("DETLIN_GEO_RAW", 16), ("DETLIN_IFU_RAW", 16)):
        begin = heads[f"{frames} for metis_det_lingain as {tag}"] + 1
        assert all(line.strip().endswith(".fits") for line in said[begin : begin + frames])
        assert not said[begin + frames].startswith("  missing"), tag
    for recipe, tag in (("lm_img", "LM"), ("n_img", "N"), ("ifu", "IFU")):
        begin = heads[f"2 for metis_{recipe}_distortion as {tag}_WCU_OFF_RAW"]
        assert said[begin + 3] == f"  missing: {tag}_DISTORTION_RAW"
    assert f"  {ladder[-1].path.name}: no recipe of METIS takes TEST / OTHER / IMAGE,LM" in said


DETLIN = [
    ("2RG", "ESO INS OPTI10 NAME", "IB_4.05"),
    ("GEO", "ESO INS OPTI13 NAME", "PAH_8.6"),
    ("IFU", "ESO INS OPTI5 NAME", "PPS-LMS"),
]


@pytest.mark.parametrize(("detector", "keyword", "position"), DETLIN)
def test_the_recipe_tells_frames_with_light_from_those_without_as_it_reads_them(
    ladder: list[Frame], detector: str, keyword: str, position: str
) -> None:
    """metis_det_lingain: ESO DRS FILTER is closed or not, and of each DIT two frames of either are there."""
    of_it = [f.primary for f in ladder if (f.primary["ESO DPR TYPE"], f.primary["ESO DET ID"]) == ("DETLIN", detector)]
    count = Counter((cards["ESO DET DIT"], cards["ESO DRS FILTER"] == "closed") for cards in of_it)
    assert set(count.values()) == {2}
    assert len(count) == 2 * len({dit for dit, _ in count})
    for cards in of_it:
        assert (cards["ESO DRS FILTER"] != "closed") == (cards[keyword] == position)
        assert cards["ESO DET NDIT"] == 1
    if detector == "IFU":
        assert {(cards["ESO DRS IFU"], cards["ESO INS MODE"]) for cards in of_it} == {("OUT", "IFU_nominal")}


def test_frames_with_the_lamp_say_that_it_shone_and_those_without_that_it_did_not(
    ladder: list[Frame],
) -> None:
    for frame in ladder[:-1]:
        cards, shines = frame.primary, frame.primary["ESO DPR TYPE"] == "DETLIN"
        assert (cards["ESO INS LAMP1 NAME"], cards["ESO INS LAMP1 ST"]) == ("bb", shines)
        assert cards.get("ESO SEQ WCU LAMP NAME") == ("bb" if shines else None)
        assert [cards[f"ESO SEQ WCU LASER{n}"] for n in (1, 2, 3)] == ["OFF"] * 3
        wheel = {"2RG": "ESO INS OPTI10 NAME", "GEO": "ESO INS OPTI13 NAME"}.get(cards["ESO DET ID"])
        if wheel:
            assert cards[wheel] == cards["ESO INS FILT1 NAME"] == cards["ESO DRS FILTER"]


@pytest.mark.parametrize(("camera", "detector"), [("LM", "2RG"), ("N", "GEO"), ("IFU", "IFU")])
def test_a_ladder_with_the_lamp_finds_non_linearity_and_gain_of_every_detector(
    ladder: list[Frame], camera: str, detector: str, record_property: Callable[[str, object], None]
) -> None:
    """Against what the simulator hides: k of its night, the gain in which it counts."""
    frames = [f for f in ladder if (f.primary["ESO DPR TYPE"], f.primary["ESO DET ID"]) == ("DETLIN", detector)]
    found = linearity([f.path for f in frames if f.primary["ESO DRS FILTER"] != "closed"])
    transfer = gain([f.path for f in frames], found)
    config = load_instrument("metis").detectors[camera]
    truth = config.modes[config.default_mode]
    record_property("figures", f"{found}\n{transfer}")
    assert (found.k - load_deployment("metis-sim").night.nonlinearity_k) / found.k_error == pytest.approx(0.0, abs=3.0)
    assert found.k_error < 0.0015
    assert (transfer.gain_e_adu - truth.gain_e_adu) / transfer.error_e_adu == pytest.approx(0.0, abs=3.0)
    # four pairs with light of 1.6e4 pixels each: sqrt(2 / 6.5e4) = 0.6 %, of a slope over most of the range
    assert transfer.error_e_adu < 0.01 * truth.gain_e_adu
    assert transfer.read_noise_e == pytest.approx(truth.read_noise_e, rel=0.1)
    assert found.level_range[1] > 0.6
    assert not found.saturated


def test_every_frame_of_the_first_script_is_good(tmp_path: Path) -> None:
    deployment = rig.write_deployment(tmp_path, lambda name: f"inproc://{name}")
    script = tmp_path / "first.py"
    script.write_text(tutorial("telescope.preset", deployment))
    result = run_script(script, str(deployment), tmp_path / "runs", Nobody(), clock_spec="virtual")
    assert result.outcome == "completed"
    frames = [r.data for r in read_journal(result.run_dir / "journal.sqlite") if r.kind == "frame"]
    assert Counter((frame["kind"], frame["verdict"]) for frame in frames) == {
        ("script", "good"): 1, ("ladder", "good"): 20, ("dark", "good"): 5,
    }  # fmt: skip
    numbers = [(f.primary["ESO TPL ID"], f.primary["ESO TPL EXPNO"]) for f in frames_of(result.run_dir)]
    assert numbers == [("script", n) for n in range(1, 22)] + [("METIS_all_cal_Dark", n) for n in range(1, 6)]


def test_a_label_the_dictionary_does_not_know_is_refused_before_the_exposure(tmp_path: Path) -> None:
    deployment = rig.write_deployment(tmp_path, lambda name: f"inproc://{name}")
    script = tmp_path / "wrong.py"
    script.write_text(MISLABELLED % deployment)
    result = run_script(script, str(deployment), tmp_path / "runs", Nobody(), clock_spec="virtual")
    assert result.outcome == "failed"
    records = read_journal(result.run_dir / "journal.sqlite")
    [alarm] = [record.data["what"] for record in records if record.kind == "alarm"]
    assert "'ESO DPR CATG' from DPR engine: 'CALIBRATION' is none of CALIB, SCIENCE" in alarm
    assert not [record for record in records if record.kind == "exposure"]
