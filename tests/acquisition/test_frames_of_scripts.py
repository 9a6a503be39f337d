"""Frames of a commissioning script: what it says they are, and which recipe takes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sequencer.engine.journal import read_journal
from sequencer.engine.request import Nobody
from sequencer.engine.script import run_script
from tests.end_to_end import rig

from .raw_frames import Frame

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


def test_a_ladder_with_the_lamp_and_its_darks_without_go_to_the_linearity_recipe(ladder: list[Frame]) -> None:
    said = classified(ladder[0].path.parent.parent)
    sets = Counter(line.partition(": ")[2] for line in said.splitlines() if line[:1] not in (" ", "l"))
    assert sets == {
        f"4 for metis_det_lingain as {tag}": 1
        for tag in ("DETLIN_2RG_RAW", "DETLIN_GEO_RAW", "DETLIN_IFU_RAW", "LM_WCU_OFF_RAW", "N_WCU_OFF_RAW",
                    "IFU_WCU_OFF_RAW")
    }  # fmt: skip
    assert "missing" not in said
    assert f"  {ladder[-1].path.name}: no recipe of METIS takes TEST / OTHER / IMAGE,LM" in said.splitlines()


def test_frames_with_the_lamp_say_that_it_shone_and_those_without_that_it_did_not(
    ladder: list[Frame],
) -> None:
    for frame in ladder[:-1]:
        cards, shines = frame.primary, frame.primary["ESO DPR TYPE"] == "DETLIN"
        assert (cards["ESO INS LAMP1 NAME"], cards["ESO INS LAMP1 ST"]) == ("bb", shines)
        assert cards.get("ESO SEQ WCU LAMP NAME") == ("bb" if shines else None)
        assert [cards[f"ESO SEQ WCU LASER{n}"] for n in (1, 2, 3)] == ["OFF"] * 3
        wheel = {"2RG": ("ESO INS OPTI10 NAME", "L_spec"), "GEO": ("ESO INS OPTI13 NAME", "N2")}
        if cards["ESO DET ID"] in wheel:
            keyword, position = wheel[cards["ESO DET ID"]]
            assert (cards[keyword], cards["ESO INS FILT1 NAME"]) == (position, position)
            assert cards["ESO DRS FILTER"] == (position if shines else "closed"), (
                "so the recipe tells them apart"
            )


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
