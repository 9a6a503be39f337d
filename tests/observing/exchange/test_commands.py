"""`sequencer import` and `sequencer export` as a user meets them: real files, clear errors, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from sequencer.cli.export_ob import export_ob
from sequencer.cli.import_ob import import_ob
from sequencer.config.search import find_config
from sequencer.config.yaml_reader import read_yaml
from sequencer.observing.exchange.formats import write_whole
from sequencer.observing.exchange.yaml_form import block_yaml

from .samples import FULL, full


def call(command: Command, *words: object) -> Result:
    """As below `sequencer`, whose help options click would otherwise remember differently for this command."""
    return CliRunner().invoke(command, [str(word) for word in words], help_option_names=["-h", "--help"])


@pytest.mark.parametrize("form", ["p2json", "obd"])
def test_out_and_in_again(form: str, tmp_path: Path) -> None:
    block, outside, back = tmp_path / "a.yaml", tmp_path / "a.out", tmp_path / "b.yaml"
    block.write_text(block_yaml(FULL))
    result = call(export_ob, block, "--form", form, "--out", outside)
    assert (result.exit_code, result.output) == (0, f"{form}: {outside}\n")
    result = call(import_ob, outside, "--out", back)
    assert (result.exit_code, result.output) == (0, f"block: {back}\n")
    assert back.read_text() == block.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.out", "a.yaml", "b.yaml"]


def test_without_out_it_is_printed(tmp_path: Path) -> None:
    printed = call(export_ob, "metis-lband-flats", "--form", "obd").stdout
    outside = tmp_path / "a.obd"
    outside.write_text(printed)
    block = tmp_path / "b.yaml"
    block.write_text(call(import_ob, outside).stdout)
    assert read_yaml(block).data == read_yaml(find_config("obs", "metis-lband-flats")).data


def test_a_bad_file_leaves_what_was_there_alone_and_says_everything(tmp_path: Path) -> None:
    outside, block = tmp_path / "a.obd", tmp_path / "night.yaml"
    good = call(export_ob, "metis-dark", "--form", "obd").stdout
    outside.write_text(good.replace('"0.2"', '"fast"').replace('"1.3"', '"-1"'))
    block.write_text("as it was")
    result = call(import_ob, outside, "--out", block)
    assert result.exit_code == 2
    errors = result.stderr.splitlines()
    assert [error.startswith(f"error: {outside}:") for error in errors] == [True, True]
    assert "DET1.DIT: must be a number, not 'fast'" in errors[0]
    assert "DET3.DIT: must be at least 0 s, not -1.0" in errors[1]
    assert block.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.obd", "night.yaml"]


def test_a_bad_block_is_not_exported(tmp_path: Path) -> None:
    block, outside = tmp_path / "a.yaml", tmp_path / "a.obd"
    block.write_text("name: x\ninstrument: METIS\nobserver: ' '\ntemplates: [{template: Darc}]\n")
    result = call(export_ob, block, "--form", "obd", "--out", outside)
    assert result.exit_code == 2
    assert f"{block}:3: observer: must not be empty" in result.stderr
    assert f"{block}:4: unknown template 'Darc'; did you mean Dark" in result.stderr
    assert not outside.exists()


def test_notes_go_to_the_error_stream(tmp_path: Path) -> None:
    outside = tmp_path / "a.json"
    text = call(export_ob, "metis-dark", "--form", "p2json").stdout
    outside.write_text(text.replace('"itemType"', '"userPriority": 3,\n  "itemType"'))
    result = call(import_ob, outside)
    assert result.exit_code == 0
    assert result.stderr == f"note: {outside}:5: userPriority: 3 is not kept\n"
    assert result.stdout.startswith("name: Daily darks\n")


def test_a_status_is_written_only_where_it_may_follow(tmp_path: Path) -> None:
    block = tmp_path / "a.yaml"
    block.write_text(block_yaml(FULL))
    assert '"obStatus": "S"' in call(export_ob, block, "--form", "p2json", "--status", "S").stdout
    refused = call(export_ob, block, "--form", "p2json", "--status", "C")
    assert refused.exit_code == 2
    line = block.read_text().splitlines().index("status: +") + 1
    assert f"{block}:{line}: status: after + (accepted" in refused.stderr
    assert '"obStatus": "C"' in call(export_ob, "metis-dark", "--form", "p2json", "--status", "C").stdout


def test_an_accent_goes_through_phase_2_and_is_lost_with_a_warning_in_the_obd_form(tmp_path: Path) -> None:
    block = tmp_path / "night.yaml"
    block.write_text(block_yaml({**full(), "pi": "C. Herschél"}))
    out = call(export_ob, block, "--form", "p2json", "--out", tmp_path / "a.json")
    assert (out.exit_code, out.stderr) == (0, "")
    assert "pi: C. Herschél\n" in call(import_ob, tmp_path / "a.json").stdout
    out = call(export_ob, block, "--form", "obd", "--out", tmp_path / "a.obd")
    line = block.read_text().splitlines().index("pi: C. Herschél") + 1
    assert out.stderr == f"warning: {block}:{line}: pi: written in plain ASCII: 'C. Herschel'\n"
    assert "pi: C. Herschel\n" in call(import_ob, tmp_path / "a.obd").stdout


def test_signatures(tmp_path: Path) -> None:
    path = tmp_path / "x.tsf"
    assert call(export_ob, "--signature", "METIS_all_cal_Dark", "--out", path).output == f"tsf: {path}\n"
    assert path.read_text().startswith("PAF.HDR.START")
    result = call(export_ob, "--signature", "METIS_all_cal_Drak")
    assert result.exit_code == 2
    assert "did you mean METIS_all_cal_Dark" in result.stderr


@pytest.mark.parametrize(
    "words",
    [[], ["metis-dark"], ["metis-dark", "--form", "xml"], ["--form", "obd"], ["metis-dark", "--signature", "Dark"],
     ["no-such-block", "--form", "obd"], ["--signature", "Dark", "--status", "C"],
     ["metis-dark", "--form", "obd", "--status", "?"]],
)  # fmt: skip
def test_what_cannot_be_meant_is_bad_input(words: list[str]) -> None:
    assert call(export_ob, *words).exit_code == 2


@pytest.mark.parametrize("text", ["", "name: night\n", "<ob/>", "\x00"])
def test_a_file_of_neither_form_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    result = call(import_ob, path)
    assert result.exit_code == 2
    assert "is neither Phase-2 JSON (begins with {) nor an .obd file" in result.stderr


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = call(export_ob, "metis-dark", "--form", "obd", "--out", tmp_path / "nowhere" / "a.obd")
    assert result.exit_code == 2
    assert f"{tmp_path / 'nowhere'} is not there" in result.stderr


def test_a_file_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a.obd", "x" * 100_000 + "\ud800")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [import_ob, export_ob])
def test_help_teaches(command: Command) -> None:
    output = call(command, "--help").output
    assert "Examples:" in output
    assert "2  bad input; nothing moved" in output
