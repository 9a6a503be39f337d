"""Results go into any folder: what a path means to a database, an address or a shell changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from sequencer.engine.journal import read_journal, verify_journal
from sequencer.engine.reduce_again import reduce_again
from tests.end_to_end import rig

DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
ODD = "night #1? 100%41 'é';&"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    folder = tmp_path_factory.mktemp("odd") / ODD
    folder.mkdir()
    return rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_Dark", DARK)))


def test_a_run_in_an_odd_folder_has_its_journal_and_frames_there(ran: rig.Ran) -> None:
    assert ran.result.outcome == "completed"
    assert ran.result.run_dir.parent.parent.name == ODD
    assert verify_journal(ran.result.run_dir / "journal.sqlite") == len(ran.records) > 10
    assert len(list((ran.result.run_dir / "raw").glob("*.fits"))) == 1
    assert not [path for path in Path.cwd().iterdir() if path.name.startswith("night")]


def test_it_is_reduced_again_from_there(ran: rig.Ran) -> None:
    products = reduce_again(ran.result.run_dir, "", lambda text: None)
    assert {Path(product.file).suffix for product in products} == {".fits"}


@pytest.mark.parametrize("name", ["a#b", "a?mode=memory", "%61", "a b", "é"])
def test_a_journal_is_read_at_any_path_and_only_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    db = sqlite3.connect(folder / "journal.sqlite")
    db.execute("CREATE TABLE journal (seq, time_s, kind, data, hash)")
    db.execute("INSERT INTO journal VALUES (1, 0.0, 'note', '{}', '')")
    db.commit()
    db.close()
    assert [record.kind for record in read_journal(folder / "journal.sqlite")] == ["note"]
    shutil.rmtree(folder)
    assert list(tmp_path.iterdir()) == []
