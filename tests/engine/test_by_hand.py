"""A connection from a notebook, or a program with an event loop of its own: frames, names, and how it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from astropy.io import fits
from click.testing import CliRunner

import sequencer
from sequencer.cli.main import main
from sequencer.engine.journal import Record, read_journal
from sequencer.engine.operator import send
from sequencer.engine.scripting import SessionEnded
from sequencer.engine.status import Status
from tests.end_to_end import rig


def connected(folder: Path) -> Any:
    """The camera of a deployment with in-memory addresses, as a notebook connects to it."""
    deployment = rig.write_deployment(folder, lambda name: f"inproc://{name}", instrument="opticam")
    return sequencer.connect(str(deployment), out=folder / "runs")


async def by_hand(folder: Path) -> dict[str, Any]:
    """An exposure, a template, an exposure; what is seen of it, also when it is over."""
    async with connected(folder) as camera:
        (first,) = await camera.detectors["CCD"].expose(dit_s=0.5)
        await camera.run("OPTICAM_Dark", {"DET1.DIT": 0.5, "SEQ.NEXPO1": 1})
        (last,) = await camera.detectors["CCD"].expose(dit_s=0.5)
        devices = [camera.shutter, camera.telescope, camera.sources, camera.detectors["CCD"]]
        shown = [repr(one) for one in (camera, *devices, first)]
        words = ["status", "--run", str(camera.run_dir), "--json"]
        status = await asyncio.to_thread(CliRunner().invoke, main, words)
        return {
            "run_dir": camera.run_dir,
            "frames": [first, last],
            "shown": shown,
            "offered": dir(camera.shutter),
            "status": json.loads(status.output),
        }


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return asyncio.run(by_hand(tmp_path_factory.mktemp("notebook")))


def records_of(session: dict[str, Any]) -> list[Record]:
    return read_journal(session["run_dir"] / "journal.sqlite")


def test_what_is_called_the_file_of_a_frame_opens(session: dict[str, Any]) -> None:
    for frame in session["frames"]:
        assert fits.getheader(frame.file)["ESO TPL ID"] == "script"
        assert frame.file.is_absolute(), "whatever folder the notebook changes to"


def test_frames_say_when_the_session_began_before_and_after_a_template(session: dict[str, Any]) -> None:
    raw = sorted((session["run_dir"] / "raw").iterdir())
    starts = {path.name: fits.getheader(path)["ESO TPL START"] for path in raw}
    (began,) = {fits.getheader(path)["ESO OBS START"] for path in raw}
    own = {frame.file.name for frame in session["frames"]}
    assert {starts[name] for name in own} == {began}
    (dark,) = set(starts) - own
    assert starts[dark] > began


def test_what_is_connected_says_what_it_is(session: dict[str, Any]) -> None:
    camera, shutter, telescope, sources, ccd, frame = session["shown"]
    assert camera == (
        f"<OPTICAM on here, by a scaled clock, into {session['run_dir']}: telescope, mechanisms, site, cover, shutter; "
        "detectors CCD>"
    )
    assert shutter == "<shutter: CLOSED>"
    assert telescope.startswith("<telescope: TelescopeState(")
    assert sources == "<no sources in this deployment>"
    assert ccd.startswith("<detector CCD: DetectorState(")
    assert frame.startswith(f"<Frame {session['frames'][0].file.name}: 0.5 s x 1, median ")
    assert frame.endswith(" ADU, good>")
    assert {"open", "close", "position"} <= set(session["offered"]), "so that a notebook completes them"


def test_its_status_can_be_asked_for_by_machines(session: dict[str, Any]) -> None:
    status = msgspec.convert(session["status"], Status, strict=True)
    assert (status.run, status.ob_state, status.light_stop) == (session["run_dir"].name, "Running", "CLOSED")


def test_it_ends_as_a_run_that_is_safe(session: dict[str, Any]) -> None:
    records = records_of(session)
    assert records[-1].data["outcome"] == "completed"
    assert all(record.data["reached"] for record in records if record.kind == "safe_state")


async def ended_by(verb: str, folder: Path) -> tuple[str, str, str]:
    """An operator's verb, over the wire, during a long exposure: words raised, outcome and reason in the journal."""
    words = ""
    try:
        async with connected(folder) as camera:
            run_dir, acting = camera.run_dir, []

            def look(record: Record) -> None:
                if record.kind == "exposure" and not acting:
                    acting.append(asyncio.ensure_future(asyncio.to_thread(send, run_dir, verb, by="anna")))

            camera.context.journal.listeners.append(look)
            await camera.detectors["CCD"].expose(dit_s=100.0, n=50)
    except SessionEnded as ended:
        words = str(ended)
    (answer,) = await asyncio.gather(*acting)
    assert answer
    records = read_journal(run_dir / "journal.sqlite")
    reason = next(r.data["reason"] for r in reversed(records) if r.kind == "ob_state" and r.data["reason"])
    return words, records[-1].data["outcome"], reason


def test_an_operators_abort_is_one_and_is_told_in_words(tmp_path: Path) -> None:
    aborted = asyncio.run(ended_by("abort", tmp_path))
    assert aborted == ("aborted by the operator", "aborted", "aborted by the operator")


async def mistaken(folder: Path) -> Path:
    """A session that fails by its own fault; the fault is what the notebook sees."""
    with pytest.raises(ZeroDivisionError):
        async with connected(folder) as camera:
            run_dir: Path = camera.run_dir
            1 / 0  # noqa: B018
    return run_dir


def test_a_fault_of_the_notebooks_own_is_in_the_journal(tmp_path: Path) -> None:
    records = read_journal(asyncio.run(mistaken(tmp_path)) / "journal.sqlite")
    assert records[-1].data["outcome"] == "failed"
    (alarm,) = [record.data["what"] for record in records if record.kind == "alarm"]
    assert alarm == "ZeroDivisionError: division by zero"
