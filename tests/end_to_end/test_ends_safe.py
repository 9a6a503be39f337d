"""Whatever ends a run, the light is shut out, on real device processes: signals, disks, displays, deaths."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.engine.journal import read_journal
from tests.end_to_end.processes import Observatory, observatory, of, told, until

RATE = 4.0
CLOSED = {"shutter": "CLOSED", "cover": "CLOSED"}
DEVICES = {"telescope", "cover", "shutter", "mechanisms", "site", "detector"}

WITH_LIGHT = """
import sequencer
async with sequencer.connect("here.yaml") as camera:
    await camera.shutter.open()
    print("opening", flush=True)
    await camera.cover.open()
    print("open", flush=True)
    await camera.detectors["CCD"].expose(dit_s=8.0, n={frames})
    print("closing", flush=True)
    await camera.cover.close()
    print("closed", flush=True)
"""
WITHOUT_WORDS = "\n".join(line for line in WITH_LIGHT.format(frames=2).splitlines() if "print" not in line)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observatory]:
    with observatory(tmp_path_factory.mktemp("camera"), RATE) as camera:
        yield camera


def assert_ended_safe(here: Observatory, out: str, outcome: str) -> None:
    """By the devices themselves, and by the run's journal."""
    assert here.stops() == CLOSED
    records = read_journal(here.run_dir(out) / "journal.sqlite")
    assert {data["device"]: data["reached"] for data in of(records, "safe_state")} == dict.fromkeys(DEVICES, True)
    assert of(records, "run_done")[0]["outcome"] == outcome


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGTERM, "opening"), (signal.SIGHUP, "open"), (signal.SIGQUIT, "closing")],
)
def test_a_signal_aborts_and_everything_is_closed(
    here: Observatory, number: signal.Signals, moment: str
) -> None:
    with here.script(WITH_LIGHT.format(frames=100 if moment == "open" else 0), moment) as running:
        until(running, f"{moment}\n")
        assert here.position("shutter") == "OPEN"
        running.send_signal(number)
        output = told(running)
    assert running.returncode == 1, output
    assert_ended_safe(here, moment, "aborted")
    records = read_journal(here.run_dir(moment) / "journal.sqlite")
    assert [data["by"] for data in of(records, "operator")] == [number.name]
    assert (here.run_dir(moment) / "summary.json").is_file()
    assert "Traceback" not in output


def test_who_cannot_wait_gets_no_report_but_the_safe_state(here: Observatory) -> None:
    with here.script(WITH_LIGHT.format(frames=100), "hurry") as running:
        until(running, "open\n")
        running.send_signal(signal.SIGINT)
        until(running, "operator SIGINT: abort")
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        output = told(running)
    assert running.returncode == 1, output
    assert_ended_safe(here, "hurry", "aborted")
    assert not (here.run_dir("hurry") / "report.html").exists()
    assert "sequencer reduce" in output
    assert "Traceback" not in output


def test_a_display_that_has_gone_ends_nothing(here: Observatory) -> None:
    """As `| head`: whoever read the lines leaves."""
    with here.script(WITHOUT_WORDS, "unseen") as running:
        until(running, "OB Running")
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait() == 0
    assert_ended_safe(here, "unseen", "completed")
    records = read_journal(here.run_dir("unseen") / "journal.sqlite")
    assert len(of(records, "frame")) == 2
    assert ["the display of this run has failed" in data["what"] for data in of(records, "alarm")] == [True]
    assert (here.run_dir("unseen") / "report.html").is_file()


def test_a_journal_that_cannot_be_written_ends_the_run_safe(here: Observatory) -> None:
    """From one moment on no file of the run's can grow: the system refuses every write beyond this size."""
    with here.script(WITH_LIGHT.format(frames=100), "no_disk") as running:
        until(running, "open\n")
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (1024, 1024))
        output = told(running)
    assert running.returncode == 1, output
    assert here.stops() == CLOSED
    assert "the journal cannot be written" in output
    for device in DEVICES:
        assert f"{device}: safe, read back" in output
    assert "Traceback" not in output


def test_a_full_disk_ends_the_run_safe(here: Observatory) -> None:
    """A small disk of the run's own, filled while the light path is open."""
    (here.folder / "full").mkdir()
    mount = f"mount -t tmpfs -o size=2m none {here.folder / 'full'} && exec \"$@\""
    prefix = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    with here.script(WITH_LIGHT.format(frames=100), "full", prefix) as running:
        until(running, "open\n")
        fill(Path(f"/proc/{running.pid}/root{here.folder}/full/junk"))
        output = told(running)
    assert running.returncode == 1, output
    assert here.stops() == CLOSED
    for device in DEVICES:
        assert f"{device}: safe, read back" in output
    assert "Traceback" not in output


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as junk:
        try:
            while True:
                junk.write(bytes(4096))
        except OSError:
            return


def test_who_is_killed_has_the_devices_close_themselves(here: Observatory) -> None:
    with here.script(WITH_LIGHT.format(frames=100), "killed") as running:
        until(running, "open\n")
        running.kill()
        running.communicate()
    for device in CLOSED:
        here.wait_until_closed(device)
    assert of(read_journal(here.run_dir("killed") / "journal.sqlite"), "run_done") == []


def test_a_detector_that_is_silent_for_five_seconds_loses_nothing(here: Observatory) -> None:
    with here.script(WITH_LIGHT.format(frames=2), "silent") as running:
        until(running, "open\n")
        detector = here.devices["detector"].pid
        assert detector is not None
        os.kill(detector, signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(timeout=5.0)
        os.kill(detector, signal.SIGCONT)
        output = told(running)
    assert running.returncode == 0, output
    assert_ended_safe(here, "silent", "completed")
    assert len(of(read_journal(here.run_dir("silent") / "journal.sqlite"), "frame")) == 2


def test_a_shutter_that_is_restarted_is_an_alarm_and_ends_the_run(here: Observatory) -> None:
    with here.script(WITH_LIGHT.format(frames=100), "restart") as running:
        until(running, "open\n")
        here.end("shutter")
        here.serve("shutter")
        output = told(running)
    assert running.returncode == 1, output
    assert_ended_safe(here, "restart", "failed")
    records = read_journal(here.run_dir("restart") / "journal.sqlite")
    assert [data["what"] for data in of(records, "alarm")] == ["shutter was restarted"]


UNWILLING = """
import asyncio, sequencer
async with sequencer.connect("here.yaml") as camera:
    await camera.shutter.open()
    print("open", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except BaseException:
            pass
"""


def test_a_script_that_catches_everything_keeps_no_stop_open(here: Observatory) -> None:
    with here.script(UNWILLING, "unwilling") as running:
        until(running, "open\n")
        running.send_signal(signal.SIGTERM)
        here.wait_until_closed("shutter")
        until(running, "OB Aborted")
        running.kill()
        running.communicate()
    assert here.stops() == CLOSED
