"""The command line as a user meets it: help that teaches, one clear message each, exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sequencer.cli.main import VERBS, main


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_needs_nothing_else(verb: str) -> None:
    result = call(verb, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {verb} ")


def test_help_lists_all_verbs_and_the_exit_codes() -> None:
    output = call("--help").output
    for verb in VERBS:
        assert f"\n  {verb} " in output
    for line in ("0  completed", "1  stopped, aborted or failed, or products are missing; the safe state",
                 "2  bad input; nothing moved", "3  not safe, halted, or the program itself failed"):  # fmt: skip
        assert line in output


@pytest.mark.parametrize("verb", ["demo", "run", "validate", "script", "simulate", "halt"])
def test_verbs_that_run_or_check_name_the_exit_codes(verb: str) -> None:
    assert "3  not safe, halted, or the program itself failed" in call(verb, "--help").output


def test_version() -> None:
    assert call("--version").output.startswith("sequencer 0.")


def test_help_and_version_import_nothing_heavy() -> None:
    """Everything `--help` imports is imported, then no array, FITS, plot or wire library may be there."""
    program = (
        "import sys, click\n"
        "from sequencer.cli.main import VERBS, main\n"
        "context = click.Context(main)\n"
        "[main.get_command(context, verb).get_short_help_str() for verb in VERBS]\n"
        "heavy = {'numpy', 'astropy', 'zmq', 'matplotlib', 'rich', 'astroplan', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_templates_lists_all_names_with_their_instruments() -> None:
    lines = call("templates").output.splitlines()
    (flat,) = [line for line in lines if line.startswith("METIS_all_cal_TwilightFlat ")]
    assert "METIS " in flat
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


def test_one_template_shows_type_range_default_unit_and_meaning() -> None:
    output = call("templates", "METIS_all_cal_TwilightFlat").output
    assert "SEQ.NEXPO  int, 1..10000, default 10\n    exposures per filter and level" in output
    assert "SEQ.CAMERA  list[keyword], cameras of the instrument, required" in output
    assert "SEQ.DARK.WAIT  float / s, 0..7200, default 300" in output
    assert "SEQ.AIRMASS.LIST  list[float], 1..5, default [1.0, 2.0, 2.5]" in output
    assert "SEQ.PROTECT  bool, default T" in output
    assert "SEQ.TIME  float / s, 0..43200, default none" in output
    assert "also named: " in output
    assert "INS.OPTI1.NAME" not in output
    assert "INS.OPTI1.NAME" in call("templates", "METIS_all_cal_TwilightFlat", "--hidden").output


def test_what_a_name_fixes_is_shown_as_fixed() -> None:
    output = call("templates", "METIS_img_lm_cal_TwilightFlat").output
    assert "SEQ.CAMERA = [LM] (fixed by this name)" in output


def test_an_unknown_template_is_refused_with_a_suggestion() -> None:
    result = call("templates", "METIS_all_cal_TwilightFlt")
    assert result.exit_code == 2
    suggestion = "did you mean METIS_all_cal_TwilightFlat?"
    assert result.output == f"error: no template METIS_all_cal_TwilightFlt; {suggestion}\n"


def test_an_unknown_verb_is_refused() -> None:
    result = call("rnu")
    assert result.exit_code == 2
    assert "No such command 'rnu'" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--start", "yesterday"), "'yesterday' is not a UTC time like 2027-03-20T09:15:00"),
        (("--start", "1850-01-01"), "1850-01-01T00:00:00 is not in 1995-10-10 to 2099-12-31"),
        (("--start", "2999-01-01"), "2999-01-01T00:00:00 is not in 1995-10-10 to 2099-12-31"),
        (("--clock", "scaled:0"), "'scaled:0' is not one of virtual, scaled:RATE (such as scaled:60), wall"),
        (("--clock", "scaled"), "'scaled' is not one of"),
        (("--clock", "scaled:fast"), "'scaled:fast' is not one of"),
        (("--seed", "-1"), "-1 is not in the range"),
    ],
)
def test_bad_options_are_refused(options: tuple[str, str], message: str) -> None:
    result = call("run", "metis-lband-flats", "-d", "metis-sim", *options)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("verb", ["run", "validate", "rehearse", "plan", "script", "simulate"])
def test_the_help_of_start_names_the_default_of_real_devices_too(verb: str) -> None:
    text = " ".join(call(verb, "--help").output.split())
    assert "Default: the deployment's start where every device is simulated, else now." in text


def test_simulate_has_no_virtual_clock() -> None:
    result = call("simulate", "metis-sim", "--clock", "virtual")
    assert result.exit_code == 2
    assert "'virtual' is not one of scaled:RATE (such as scaled:60), wall" in result.output


@pytest.mark.parametrize("verb", ["status", "pause", "resume", "skip", "stop", "abort"])
def test_operator_verbs_without_a_running_sequencer(verb: str, tmp_path: Path) -> None:
    result = call(verb, "--run", str(tmp_path))
    assert result.exit_code == 2
    assert result.output == f"error: {tmp_path}: no sequencer is running here\n"


@pytest.mark.parametrize("words", [("",), (" ", "\t")])
def test_a_note_without_words_is_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    result = call("note", "--run", str(tmp_path), *words)
    assert result.exit_code == 2
    assert "a note needs words" in result.output


@pytest.mark.parametrize("verb", ["run", "script", "demo"])
def test_a_folder_for_runs_below_a_file_is_refused_in_words(verb: str, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("not a folder")
    what = {"run": ["metis-dark", "-d", "metis-sim"], "script": [str(tmp_path / "afile"), "-d", "metis-sim"]}
    result = call(verb, *what.get(verb, []), "--out", str(tmp_path / "afile" / "x" / "y"))
    assert result.exit_code == 2
    assert f"{tmp_path / 'afile'} is a file, not a folder" in result.output
    assert "Errno" not in result.output


def test_a_file_of_darks_that_cannot_be_written_is_refused_before_the_run_is_read(tmp_path: Path) -> None:
    result = call("darks", str(tmp_path), "--out", str(tmp_path / "nowhere" / "x.yaml"))
    assert result.exit_code == 2
    assert f"{tmp_path / 'nowhere'} is not there" in result.output


def test_what_the_disk_refuses_is_said_without_a_number(tmp_path: Path) -> None:
    result = call("export", "--signature", "METIS_all_cal_Dark", "--out", str(tmp_path / ("x" * 300)))
    assert result.exit_code == 2
    assert result.output.startswith(f"error: {tmp_path}/xxx")
    assert result.output.endswith(": file name too long\n")


def test_halt_asks_first() -> None:
    result = CliRunner().invoke(main, ["halt"], input="n\n")
    assert result.exit_code == 1
    assert "you have the devices. Halt? [y/N]" in result.output


def test_skip_knows_levels_and_templates_only() -> None:
    assert call("skip", "night").exit_code == 2
