"""What `validate` warns of reaches who executes the block: journal and header say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from astropy.io import fits
from click.testing import CliRunner

from sequencer.cli.main import main
from tests.end_to_end import rig

DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
SAID: dict[str, Any] = {
    "observer": "Äneas Hallé",
    "pi": "C. Herschel",
    "target": {"name": "Südpol"},
    "constraints": {"sky_transparency": "Clear", "other": {"waterVapour": 5.0}},
}
WARNINGS = [
    "name: header cards are plain ASCII: they will say 'Flats fur M31'",
    "observer: header cards are plain ASCII: they will say 'Aneas Halle'",
    "target.name: header cards are plain ASCII: they will say 'Sudpol'",
    "constraints: sky_transparency Clear is not measured here: who executes the block must judge it",
    "constraints: waterVapour 5.0 is not measured here: who executes the block must judge it",
]


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = rig.write_ob(tmp_path_factory.mktemp("ob"), ("METIS_all_cal_Dark", DARK), name="Flats für M31")
    text = yaml.safe_dump({**yaml.safe_load(path.read_text()), **SAID}, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ran(block: Path) -> rig.Ran:
    return rig.run(block.parent, block)


def test_validate_warns_at_the_line(block: Path) -> None:
    result = CliRunner().invoke(main, ["validate", str(block), "-d", "metis-sim"])
    assert result.exit_code == 0, result.output
    told = [line for line in result.output.splitlines() if line.startswith("warning: ")]
    assert sorted(line.split(": ", 2)[2] for line in told) == sorted(WARNINGS)
    assert all(line.startswith(f"warning: {block}:") for line in told)


def test_the_journal_notes_every_warning_before_anything_moves(ran: rig.Ran) -> None:
    notes = [data for data in ran.of("note") if data.get("warning")]
    assert sorted(note["text"] for note in notes) == sorted(WARNINGS)
    assert {note["by"] for note in notes} == {"engine"}
    kinds = [record.kind for record in ran.records]
    last = max(index for index, record in enumerate(ran.records) if record.data.get("warning"))
    assert last < kinds.index("ob_state")


def test_the_header_says_what_was_announced_and_the_block_keeps_its_own(ran: rig.Ran) -> None:
    (file,) = (ran.result.run_dir / "raw").glob("*.fits")
    found = fits.getheader(file)
    assert (found["ESO OBS NAME"], found["ESO OBS TARG NAME"]) == ("Flats fur M31", "Sudpol")
    assert (found["OBSERVER"], found["ESO OBS OBSERVER"]) == ("Aneas Halle", "Aneas Halle")
    kept = yaml.safe_load((ran.result.run_dir / "block.yaml").read_text(encoding="utf-8"))
    assert (kept["name"], kept["observer"]) == ("Flats für M31", "Äneas Hallé")


def test_the_script_in_the_header_is_that_of_the_exported_signature(ran: rig.Ran) -> None:
    (file,) = (ran.result.run_dir / "raw").glob("*.fits")
    tsf = CliRunner().invoke(main, ["export", "--signature", "METIS_all_cal_Dark"]).output
    (line,) = (line for line in tsf.splitlines() if line.startswith("TPL.PRESEQ"))
    assert fits.getheader(file)["ESO TPL PRESEQ"] == line.split('"')[1] == "dark.py"
