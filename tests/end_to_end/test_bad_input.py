"""Bad input: one clear message for each thing wrong, all at once, exit code 2, and nothing has moved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from tests.end_to_end import rig

HEAD = "name: bad\ninstrument: METIS\nprogramme: 60.A-9999(A)\ntemplates:\n"
FLAT = f"{HEAD}  - template: METIS_all_cal_TwilightFlat\n    parameters:\n      SEQ.CAMERA: [LM]\n"
DARK = f"{HEAD}  - template: METIS_all_cal_Dark\n    parameters:\n"
ALONE = "      SEQ.NEXPO1: 0\n      SEQ.NEXPO2: 1\n      SEQ.NEXPO3: 0\n"
GOOD = f"{DARK}      DET1.DIT: 0.2\n      SEQ.NEXPO2: 0\n      SEQ.NEXPO3: 0\n"

BLOCKS = {
    "unknown template": (
        f"{HEAD}  - template: METIS_all_cal_TwilightFlats\n    parameters: {{}}\n",
        {5: ["unknown template 'METIS_all_cal_TwilightFlats'", "did you mean METIS_all_cal_TwilightFlat"]},
    ),
    "unknown parameter": (f"{FLAT}      FOO.BAR: 1\n", {8: ["unknown parameter 'FOO.BAR'"]}),
    "misspelt parameter": (
        f"{FLAT}      SEQ.AIRMAS.LIST: [1.0]\n",
        {8: ["unknown parameter 'SEQ.AIRMAS.LIST'", "did you mean SEQ.AIRMASS.LIST"]},
    ),
    "wrong type": (f"{FLAT}      SEQ.NEXPO: ten\n", {8: ["SEQ.NEXPO", "whole number", "'ten'"]}),
    "out of range": (f"{FLAT}      SEQ.LEVEL.TARGET: 2.0\n", {8: ["SEQ.LEVEL.TARGET", "at most 0.95"]}),
    "not a number": (f"{FLAT}      SEQ.LEVEL.TARGET: .nan\n", {8: [".nan is not a finite number"]}),
    "unknown filter": (f"{FLAT}      SEQ.DIT.FILT.LIST: [Lp, Mpp]\n", {8: ["Mpp", "did you mean Mp"]}),
    "DIT below the minimum": (
        f"{DARK}      SEQ.NEXPO2: 0\n      SEQ.NEXPO3: 0\n      DET1.DIT: 0.01\n",
        {9: ["DET1.DIT", "0.01 s", "below the minimum DIT 0.04 s", "fast"]},
    ),
    "GeoSnap full of its own dark, high capacity": (
        f"{DARK}{ALONE}      DET2.DIT: 28\n",
        {10: ["DET2.DIT", "dark current", "high_capacity", "28 s"]},
    ),
    "GeoSnap full of its own dark, low capacity": (
        f"{DARK}{ALONE}      DET2.DIT: 1.8\n      DET2.NCORRS.NAME: low_capacity\n",
        {10: ["DET2.DIT", "dark current", "low_capacity", "1.8 s"]},
    ),
    "duplicate key": (
        f"{FLAT}      SEQ.NEXPO: 2\n      SEQ.NEXPO: 3\n",
        {9: ["duplicate key 'SEQ.NEXPO'", "line 8"]},
    ),
    "alias bomb": (
        "name: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{this}: &{this} [{', '.join(['*' + last] * 9)}]\n"
            for last, this in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        {1: ["anchors and aliases"], 9: ["anchors and aliases"]},
    ),
    "several at once": (
        f"{FLAT}      SEQ.NEXPOS: 1\n      SEQ.NEXPO: ten\n      SEQ.LEVEL.TARGET: 2.0\n"
        "  - template: Nonsense\n    parameters: {}\n"
        "  - template: METIS_all_cal_Dark\n    parameters: {DET1.DIT: 0.01, SEQ.NEXPO2: 0, SEQ.NEXPO3: 0}\n",
        {8: ["SEQ.NEXPOS"], 9: ["SEQ.NEXPO"], 10: ["SEQ.LEVEL.TARGET"], 11: ["Nonsense"], 14: ["DET1.DIT"]},
    ),
}


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def assert_refused(result: Result, folder: Path) -> list[str]:
    """Exit code 2, no traceback, no run; returns the messages."""
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    lines = result.output.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines)
    assert not (folder / "runs").exists()
    return [line.removeprefix("error: ") for line in lines]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize("verb", ["validate", "run"])
@pytest.mark.parametrize("case", BLOCKS)
def test_a_block_is_refused_with_file_and_line_of_everything_wrong(
    folder: Path, case: str, verb: str
) -> None:
    text, expected = BLOCKS[case]
    (folder / "ob.yaml").write_text(text)
    messages = assert_refused(call(verb, "ob.yaml", "-d", "metis-sim"), folder)
    for line, words in expected.items():
        (message,) = (found for found in messages if found.startswith(f"ob.yaml:{line}: "))
        assert all(word in message for word in words), message
    if case != "alias bomb":
        assert len(messages) == len(expected)


def test_just_below_its_own_dark_the_geosnap_is_accepted(folder: Path) -> None:
    (folder / "ob.yaml").write_text(f"{DARK}{ALONE}      DET2.DIT: 20\n")
    assert call("validate", "ob.yaml", "-d", "metis-sim").exit_code == 0


@pytest.mark.parametrize("verb", ["validate", "run"])
@pytest.mark.parametrize(
    ("when", "words"),
    [
        (("--until", "2027-03-20T09:20:00"), ["no twilight between", "2027-03-20T09:28"]),
        (("--start", "2027-03-20T15:00:00"), ["SEQ.TWILIGHT.WAIT", "2027-03-21T09:29"]),
    ],
)
def test_no_twilight_in_the_window_says_when_the_next_one_is(
    folder: Path, verb: str, when: tuple[str, str], words: list[str]
) -> None:
    (message,) = assert_refused(call(verb, "metis-lband-flats", "-d", "metis-sim", *when), folder)
    assert all(word in message for word in words), message


def test_real_devices_are_refused_under_a_virtual_clock(folder: Path) -> None:
    here = rig.write_deployment(
        folder, lambda name: f"ipc://{folder}/{name}", real=["telescope", "detector_n"]
    )
    messages = assert_refused(call("run", "good.yaml", "-d", str(here), "--clock", "virtual"), folder)
    assert [message.split()[0] for message in messages] == ["telescope", "detector_n"]
    assert all("virtual time" in message for message in messages)


def test_every_device_that_does_not_answer_is_named(folder: Path) -> None:
    here = rig.write_deployment(folder, lambda name: f"ipc://{folder}/{name}")
    messages = assert_refused(call("run", "good.yaml", "-d", str(here), "--clock", "wall"), folder)
    assert [message.split()[0] for message in messages] == list(rig.METIS_DEVICES)
    assert all("does not answer" in message and f"ipc://{folder}" in message for message in messages)


def test_simulators_that_are_not_there_are_named_with_the_command_that_starts_them(folder: Path) -> None:
    here = rig.write_deployment(folder, lambda name: f"ipc://{folder}/{name}")
    (message,) = assert_refused(call("run", "good.yaml", "-d", str(here), "--clock", "scaled:10"), folder)
    assert "does not answer" in message
    assert "sequencer simulate" in message


@pytest.mark.parametrize(("ob", "deployment"), [("nowhere.yaml", "metis-sim"), ("good.yaml", "nowhere")])
def test_files_that_are_not_there_are_named_with_those_that_are(
    folder: Path, ob: str, deployment: str
) -> None:
    (message,) = assert_refused(call("run", ob, "-d", deployment), folder)
    assert message.startswith("nowhere")
    assert "known: " in message


def test_a_process_shows_no_traceback_either(folder: Path) -> None:
    (folder / "ob.yaml").write_text(BLOCKS["several at once"][0])
    command = [sys.executable, "-c", "from sequencer.cli.main import main; main()"]
    ran = subprocess.run(
        [*command, "run", "ob.yaml", "-d", "metis-sim"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == len(BLOCKS["several at once"][1])
    assert not (folder / "runs").exists()
