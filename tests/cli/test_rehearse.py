"""`sequencer rehearse` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from sequencer.monitor.rehearsal.foreseen import Foreseen
from tests.end_to_end.rig import write_ob

RUNS = (("one", 2.8), ("two", 3.0), ("three", 3.2))
ONE_DARK = ("MegaraDarkImage", {"EXPTIME": 10.0, "NEXPO": 1})


def rehearse(folder: Path, ob: Path, *options: str) -> Result:
    """The command with its rehearsals in `folder`."""
    arguments = ["rehearse", str(ob), "-d", "megara-sim", "--out", str(folder / "rehearsals"), *options]
    return CliRunner().invoke(main, arguments)


def test_it_tells_the_whole_block_and_where_the_rest_lies(tmp_path: Path) -> None:
    done = rehearse(tmp_path, write_ob(tmp_path, ONE_DARK, instrument="MEGARA"))
    assert done.exit_code == 0
    for part in (
        "rehearsed: completed",
        "1 good",
        "of disk",
        "MegaraDarkImage: completed",
        "1 x dark",
        "report.html",
    ):
        assert part in done.stdout
    (folder,) = (tmp_path / "rehearsals").iterdir()
    assert {"rehearsal.txt", "rehearsal.json", "report.html", "headers"} <= {
        path.name for path in folder.iterdir()
    }
    assert (folder / "rehearsal.txt").read_text() in done.stdout


def test_the_document_has_every_header(tmp_path: Path) -> None:
    done = rehearse(tmp_path, write_ob(tmp_path, ONE_DARK, instrument="MEGARA"), "--json")
    foreseen = msgspec.convert(json.loads(done.stdout), Foreseen)
    assert foreseen.frames[0].headers[0]["EXPTIME"] == 10.0
    assert foreseen.frames[0].raw_type


def test_the_page_shows_timeline_and_headers(tmp_path: Path) -> None:
    rehearse(tmp_path, write_ob(tmp_path, ONE_DARK, instrument="MEGARA"))
    (page,) = (tmp_path / "rehearsals").glob("*/report.html")
    shown = page.read_text()
    assert "What every device does" in shown
    assert "EXPTIME =                 10.0" in shown


def test_what_earlier_runs_took_stands_beside_what_was_simulated(tmp_path: Path) -> None:
    learned = tmp_path / "learned.yaml"
    runs = "".join(
        f'  "{run}": {{"sources all_off": {{n: 2, mean_s: {mean}, sd_s: 0.1}}}}\n' for run, mean in RUNS
    )
    learned.write_text(f"deployment: metis-sim\nlearned: {{}}\ndurations:\n{runs}")
    darks = ("METIS_all_cal_Dark", {"SEQ.NEXPO1": 1, "DET1.DIT": 1.0, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0})
    arguments = [
        "rehearse",
        str(write_ob(tmp_path, darks)),
        "-d",
        "metis-sim",
        "--out",
        str(tmp_path / "rehearsals"),
    ]
    done = CliRunner().invoke(main, [*arguments, "--learned", str(learned), "--json"])
    foreseen = msgspec.convert(json.loads(done.stdout), Foreseen)
    (known,) = [step.earlier for step in foreseen.steps if step.step == "sources all_off"]
    assert known is not None
    assert (known.runs, round(known.expected_s, 3)) == (3, 3.0)
    assert known.low_s < 2.9 < 3.1 < known.high_s


def test_what_does_not_fit_is_said_before_the_night(tmp_path: Path) -> None:
    flats = (
        "METIS_all_cal_TwilightFlat",
        {"SEQ.CAMERA": ["LM"], "SEQ.AIRMASS.LIST": [1.5], "SEQ.LEVEL.LIST": []},
    )
    arguments = [
        "rehearse",
        str(write_ob(tmp_path, flats)),
        "-d",
        "metis-sim",
        "--out",
        str(tmp_path / "rehearsals"),
    ]
    short = ["--start", "2027-03-20T09:46:00", "--until", "2027-03-20T09:48:00"]
    done = CliRunner().invoke(main, [*arguments, *short])
    assert "10 fit: the time allowed (--until) ends at 09:48" in done.stdout


def test_a_filter_that_falls_out_is_named_first(tmp_path: Path) -> None:
    """On the night of seed 1 Mp overfills the detector at its minimum DIT."""
    asked = {
        "SEQ.CAMERA": ["LM"],
        "SEQ.DIT.FILT.LIST": ["Lp", "Mp"],
        "SEQ.AIRMASS.LIST": [1.5],
        "SEQ.NEXPO": 2,
    }
    ob = write_ob(
        tmp_path, ("METIS_all_cal_TwilightFlat", {**asked, "SEQ.LEVEL.LIST": [], "SEQ.DARK": False})
    )
    out = tmp_path / "rehearsals"
    done = CliRunner().invoke(main, ["rehearse", str(ob), "-d", "metis-sim", "--out", str(out)])
    assert "rehearsed: completed (block status X)" in done.stdout
    assert "2 of 4 asked for will be missing" in done.stdout
    assert (
        next(line for line in done.stdout.splitlines() if "!" in line) == "  ! LM Mp at airmass 1.5: no flat"
    )
    (folder,) = out.iterdir()
    foreseen = msgspec.json.decode((folder / "rehearsal.json").read_bytes(), type=Foreseen)
    assert (foreseen.block_status, foreseen.flats_asked, foreseen.flats_missing) == ("X", 4, 2)
    assert "incomplete" in (folder / "report.html").read_text()


def test_bad_input_leaves_nothing(tmp_path: Path) -> None:
    done = rehearse(tmp_path, write_ob(tmp_path, ("MegaraDarkImage", {"NEXPO": 0}), instrument="MEGARA"))
    assert done.exit_code == 2
    assert "NEXPO" in done.stderr
    assert not (tmp_path / "rehearsals").exists()
