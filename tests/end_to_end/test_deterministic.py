"""In virtual time the same block, seed and start give the same files, bit for bit, however messages are delayed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sequencer.monitor.leave import leave
from tests.delays import DelayedContext
from tests.end_to_end import rig


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def block(folder: Path) -> Path:
    return rig.write_ob(
        folder,
        (
            "METIS_all_cal_TwilightFlat",
            {**rig.FLATS, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"]},
        ),
        ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3, "SEQ.NEXPO1": 3}),
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    ran = rig.run(folder, block(folder), reduced=True)
    leave(ran.result.run_dir)
    assert ran.result.outcome == "completed"
    return digests(ran.result.run_dir)


@pytest.mark.parametrize("delay_seed", [1, 2])
def test_delayed_messages_change_no_bit(undisturbed: dict[str, str], tmp_path: Path, delay_seed: int) -> None:
    ran = rig.run(tmp_path, block(tmp_path), context=lambda: DelayedContext(delay_seed), reduced=True)
    leave(ran.result.run_dir)
    again = digests(ran.result.run_dir)
    assert {"journal.sqlite", "report.html", "summary.json", "run.log"} <= set(again)
    assert sum(name.startswith("raw/") for name in again) == 11
    assert again == undisturbed


def test_another_seed_is_another_night(undisturbed: dict[str, str], tmp_path: Path) -> None:
    ran = rig.run(tmp_path, block(tmp_path), seed=2)
    raw = {name: digest for name, digest in digests(ran.result.run_dir).items() if name.startswith("raw/")}
    assert raw and not set(raw.values()) & set(undisturbed.values())
