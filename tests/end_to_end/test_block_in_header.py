"""What an observing block says of itself reaches the header of every frame."""

from __future__ import annotations

from pathlib import Path

import yaml
from astropy.io import fits

from tests.end_to_end import rig

DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
SAID = {
    "id": 1234567,
    "status": "+",
    "observer": "E. Halley",
    "pi": "C. Herschel",
    "target": {"name": "NGC 253", "ra": "00:47:33.12", "dec": "-25:17:17.6"},
}


def header(folder: Path, said: dict[str, object]) -> fits.Header:
    """Of the only frame of a dark, by a block that says this."""
    path = rig.write_ob(folder, ("METIS_all_cal_Dark", DARK))
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **said}))
    ran = rig.run(folder, path)
    (file,) = (ran.result.run_dir / "raw").glob("*.fits")
    return fits.getheader(file)


def test_id_people_and_target_are_in_the_header(tmp_path: Path) -> None:
    found = header(tmp_path, SAID)
    assert (found["OBSERVER"], found["PI-COI"], found["ESO OBS ID"]) == ("E. Halley", "C. Herschel", 1234567)
    assert (found["ESO OBS OBSERVER"], found["ESO OBS PI-COI NAME"]) == ("E. Halley", "C. Herschel")
    assert found["ESO OBS TARG NAME"] == "NGC 253"


def test_a_block_that_does_not_say_has_no_such_cards(tmp_path: Path) -> None:
    found = header(tmp_path, {})
    assert not {"OBSERVER", "PI-COI", "ESO OBS OBSERVER", "ESO OBS TARG NAME"} & set(found)
