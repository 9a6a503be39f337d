"""`sequencer script`: a commissioning script under journal and safe ending; what is wrong with it in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sequencer.engine.journal import read_journal
from tests.command import Finished, call

from .folder import SCRIPT, prepare

HEAD = """\
import sequencer
async with sequencer.connect("tiny") as metis:
"""


def run(folder: Path, text: str) -> Finished:
    """Run a script called c.py."""
    (prepare(folder) / "c.py").write_text(text)
    return call(folder, "script", "c.py", "--deployment", "tiny")


def alarm_of(done: Finished) -> dict[str, str]:
    """The only alarm of a run that failed, and ended safe without a traceback."""
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    records = read_journal(done.run_dir / "journal.sqlite")
    assert all(record.data["reached"] for record in records if record.kind == "safe_state")
    [alarm] = [record.data for record in records if record.kind == "alarm"]
    return dict(alarm)


def test_a_script_runs_under_the_same_journal_and_ends_safe(tmp_path: Path) -> None:
    done = call(prepare(tmp_path), "script", "one.py", "--deployment", "tiny")
    assert done.code == 0, done.out + done.err
    assert "\nstored METIS." in done.out
    summary = json.loads((done.run_dir / "summary.json").read_text())
    assert [len(template["frames"]) for template in summary["templates"]] == [1]
    assert summary["safe_state"] != []
    assert all(entry["reached"] for entry in summary["safe_state"])


def test_a_script_that_fails_ends_safe_with_code_1(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "one.py").write_text(SCRIPT + "    raise RuntimeError('the engineer gave up')\n")
    done = call(tmp_path, "script", "one.py", "--deployment", "tiny")
    assert done.code == 1
    summary = json.loads((done.run_dir / "summary.json").read_text())
    assert summary["outcome"] == "failed"
    assert all(entry["reached"] for entry in summary["safe_state"])
    assert "the engineer gave up" in done.out
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import math\n1/0\n", "c.py:2: ZeroDivisionError: division by zero"),
        ("def f():\n    raise RuntimeError\n\nf()\n", "c.py:2: RuntimeError"),
        ("import json\n\njson.loads('x')\n", "c.py:3: JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ("import sys\nsys.exit(4)\n", "c.py:2: SystemExit: 4"),
        (
            f"{HEAD}    metis.detectors['XX']\n",
            "c.py:3: UnknownCamera: no camera XX; there are LM, N, IFU",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_script_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    done = run(tmp_path, text)
    alarm = alarm_of(done)
    assert (alarm["what"], alarm["what_to_do"]) == (message, "mend the script, then run it again")
    assert message in done.out


def test_a_script_that_leaves_early_has_completed(tmp_path: Path) -> None:
    done = run(tmp_path, "import sys\nprint('enough')\nsys.exit()\n")
    assert done.code == 0, done.out + done.err
    assert json.loads((done.run_dir / "summary.json").read_text())["outcome"] == "completed"


IN_A_TASK = f"""\
import asyncio
import sys


async def leave():
    sys.exit({{code}})


{HEAD}    asyncio.create_task(leave())
    await metis.mechanisms.move({{{{'INS.OPTI10.NAME': 'Lp'}}}})
    print('never')
"""


@pytest.mark.parametrize(("code", "ending"), [("3", (1, "failed")), ("", (0, "completed"))])
def test_leaving_from_a_task_the_script_began_ends_safe(
    tmp_path: Path, code: str, ending: tuple[int, str]
) -> None:
    done = run(tmp_path, IN_A_TASK.format(code=code))
    summary = json.loads((done.run_dir / "summary.json").read_text())
    assert (done.code, summary["outcome"]) == ending
    assert all(entry["reached"] for entry in summary["safe_state"])
    assert "never" not in done.out
    assert ("c.py:6: SystemExit: 3" in done.out) == (done.code == 1)


CALLED_OFF = f"""\
import asyncio


async def later():
    print('never')


{HEAD}    asyncio.create_task(later()).cancel()
    await metis.mechanisms.move({{'INS.OPTI10.NAME': 'Lp'}})
"""


def test_a_task_called_off_before_it_began_is_no_mistake_of_the_script(tmp_path: Path) -> None:
    done = run(tmp_path, CALLED_OFF)
    assert done.code == 0, done.out + done.err
    assert "never" not in done.out + done.err


def test_a_ladder_by_hand_calls_its_saturated_frames_so(tmp_path: Path) -> None:
    """Lp reads 2.4e5 e-/s: 0.1 s are a quarter of the well of 1e5 e-, 1 s more than twice of it."""
    done = run(
        tmp_path,
        f"{HEAD}    await metis.mechanisms.move({{'INS.OPTI10.NAME': 'Lp'}})\n"
        "    await metis.shutter.open()\n"
        "    for frame in await metis.detectors['LM'].ladder([0.1, 1.0], n=1):\n"
        "        print(frame.dit_s, frame.verdict)\n",
    )
    assert done.code == 0, done.out + done.err
    assert "\n0.1 good\n" in done.out
    assert "\n1.0 saturated\n" in done.out
    records = read_journal(done.run_dir / "journal.sqlite")
    frames = [record.data for record in records if record.kind == "frame"]
    assert [frame["verdict"] for frame in frames] == ["good", "saturated"]
    assert "% of the pixels are saturated" in frames[1]["reason"]
    assert "1 of 2 frames good" in done.out
