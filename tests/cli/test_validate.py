"""`sequencer validate`: everything wrong at once, with file and line; nothing moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from sequencer.config.search import known_names
from sequencer.engine.prepare import prepare
from sequencer.engine.request import BadInput, RunRequest
from tests.end_to_end import rig

GOOD = """\
name: L-band twilight flats
instrument: METIS
programme: 60.A-9999(A)
templates:
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: [LM]
      SEQ.DIT.FILT.LIST: [short-L, Lp, Br_alpha]
      SEQ.NEXPO: 10
"""


def validate(path: Path | str, *options: str) -> Result:
    return CliRunner().invoke(main, ["validate", str(path), "--deployment", "metis-sim", *options])


def test_a_good_block_says_what_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(GOOD)
    result = validate(path)
    assert result.exit_code == 0, result.output
    assert ": valid; about " in result.output
    assert " frames, " in result.output
    assert " MB, " in result.output


@pytest.mark.parametrize("name", known_names("obs"))
def test_every_packaged_block_is_valid_on_its_own_deployment(name: str) -> None:
    deployment = f"{name.split('-')[0]}-sim"
    result = CliRunner().invoke(main, ["validate", name, "--deployment", deployment])
    assert result.exit_code == 0, result.output


def test_all_problems_are_said_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(GOOD.replace("SEQ.NEXPO: 10", "SEQ.NEXPO: ten").replace("Br_alpha", "Br_alhpa"))
    result = validate(path)
    assert result.exit_code == 2
    lines = result.output.splitlines()
    assert all(line.startswith(f"error: {path}:") for line in lines)
    assert any(":8: " in line and "Br_alpha" in line for line in lines)
    assert any(":9: " in line and "SEQ.NEXPO" in line for line in lines)


def test_an_unknown_deployment_and_a_missing_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["validate", "metis-dark", "--deployment", "metis-smi"])
    assert result.exit_code == 2
    assert "did you mean metis-sim" in result.output
    missing = validate(tmp_path / "none.yaml")
    assert missing.exit_code == 2
    assert "error: " in missing.output


def test_no_twilight_before_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(GOOD)
    result = validate(path, "--start", "2027-03-20T15:00:00", "--until", "2027-03-20T16:00:00")
    assert result.exit_code == 2
    assert result.output.startswith("error: ")


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_the_start_of_a_deployment_counts_only_where_every_device_is_simulated(
    verb: str, tmp_path: Path
) -> None:
    """As in a run: on real devices it is now, long after the only hour in which this block may start."""
    window = "constraints: {times: [{after: 2024-03-20T09:00:00, before: 2024-03-20T10:00:00}]}\n"
    (tmp_path / "ob.yaml").write_text(window + GOOD)
    codes = {}
    for real in ((), ("site",)):
        here = rig.write_deployment(
            tmp_path, lambda name: f"ipc://{name}", real=real, start="2024-03-20T09:20:00"
        )
        result = CliRunner().invoke(main, [verb, str(tmp_path / "ob.yaml"), "-d", str(here)])
        codes[real] = (result.exit_code, "the block must not start at" in result.output)
    assert codes == {(): (0, False), ("site",): (2, True)}


def test_a_program_that_asks_for_an_impossible_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ob.yaml").write_text(GOOD)
    for start_s in (0.0, 1e11):
        with pytest.raises(BadInput, match=r"the start: .* is not in 1995-10-10 to 2099-12-31"):
            prepare(RunRequest(tmp_path / "ob.yaml", "metis-sim", tmp_path / "runs", start_s=start_s))
