"""The operator's line when there is nobody at the other end, or somebody who refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sequencer.engine.operator import ADDRESS_FILE, newest_run, send
from sequencer.wire.errors import NoAnswer
from tests.ports import free_ports


def run_folder(folder: Path, name: str, port: int, age_s: float) -> Path:
    """What a running sequencer leaves in its folder, begun `age_s` after 1970."""
    run = folder / name
    run.mkdir(parents=True)
    address = run / ADDRESS_FILE
    address.write_text(json.dumps({"endpoint": f"tcp://127.0.0.1:{port}"}))
    os.utime(address, (age_s, age_s))
    return run


def test_a_folder_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no sequencer is running here"):
        send(tmp_path, "pause")
    with pytest.raises(FileNotFoundError, match="no sequencer is running here"):
        send(tmp_path / "never", "status")


def test_a_run_that_died_is_said_with_its_address(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    run = run_folder(tmp_path, "20270320T090000", port, 1.0)
    with pytest.raises(NoAnswer, match=f"'pause' .*nothing at tcp://127.0.0.1:{port}; it may have died"):
        send(run, "pause")


def test_the_newest_running_run_is_the_one_spoken_to(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no sequencer is running; name its run folder with --run"):
        newest_run(tmp_path)
    late = run_folder(tmp_path, "a", 1, 3000.0)
    run_folder(tmp_path, "b", 2, 1000.0)
    ended = run_folder(tmp_path, "c", 3, 9000.0)
    (ended / ADDRESS_FILE).unlink()
    assert newest_run(tmp_path) == late
