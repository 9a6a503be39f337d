"""`sequencer plan`: a table, a picture, JSON for machines; clear words when there is nothing to plan."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from sequencer.cli.plan import plan

LBAND = ["metis-lband-flats", "--deployment", "metis-sim"]


def test_the_table_has_a_line_for_each_series_and_where_to_point() -> None:
    result = CliRunner().invoke(plan, LBAND)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "L-band twilight flats on metis-sim"
    assert "twilight 2027-03-20 09:28:31 to 10:08:24 UTC: 40 min" in lines[3]
    assert sum(" flat " in line for line in lines) == 9
    assert sum(" ladder " in line for line in lines) == 5
    assert sum("opposite the Sun" in line for line in lines) == 3
    assert any("Lp" in line and "X" not in line and "+-" in line for line in lines)


def lines_of(*arguments: str) -> list[str]:
    result = CliRunner().invoke(plan, list(arguments))
    assert result.exit_code == 0, result.output
    return list(result.output.splitlines())


def test_a_plan_that_fits_says_so_and_how_much_is_left() -> None:
    lines = lines_of(*LBAND)
    assert lines[-1] == "everything fits, as asked for"
    [times] = [line for line in lines if line.startswith("sky ")]
    assert times.startswith("sky 09:28:")
    assert "min to spare; darks " in times
    assert not any("!" in line for line in lines)


def test_what_falls_out_is_named_once_with_its_reason() -> None:
    """Thirty series with a read-out of 5 s an exposure: some 15 s x 100 and two presets more than 40 min."""
    lines = lines_of("metis-all-lm-flats", "--deployment", "metis-sim", "--overhead", "5")
    [missing] = [line for line in lines if "0 of 10 fit" in line and "1 sigma" not in line]
    assert missing.startswith("! LM ")
    assert missing.endswith("Mp at airmass 2.5: 0 of 10 fit: the twilight ends at 10:08")
    never = [line.split()[4] for line in lines if line.startswith("- ") and line.endswith("!")]
    assert missing.split(" at airmass")[0] == f"! LM {', '.join(never)}"
    assert any("to the end of the twilight" in line for line in lines)


def test_a_read_out_earlier_runs_were_seen_to_take_is_planned_with(tmp_path: Path) -> None:
    """As with --overhead 5, which says it for once; and that wins over what was learned."""
    learned = tmp_path / "learned.yaml"
    learned.write_text(
        "deployment: metis-sim\nlearned: {}\ndurations:\n"
        '  "one": {"read-out LM fast": {n: 30, mean_s: 5.0, sd_s: 0.1}}\n'
    )
    block = ["metis-all-lm-flats", "--deployment", "metis-sim"]
    with_learned = lines_of(*block, "--learned", str(learned))
    assert any("0 of 10 fit: the twilight ends" in line for line in with_learned)
    quick = lines_of(*block, "--learned", str(learned), "--overhead", "1")
    assert quick == lines_of(*block, "--overhead", "1")


def test_a_level_out_of_reach_is_said_once_for_all_airmasses() -> None:
    lines = lines_of("metis-all-lm-flats", "--deployment", "metis-sim")
    assert sum("instead of 50 % of full well" in line for line in lines) == 1
    assert any(line.startswith("! LM Mp at airmass 1, 2, 2.5: ") for line in lines)


def test_json_has_every_figure_of_the_table() -> None:
    result = CliRunner().invoke(plan, [*LBAND, "--json"])
    (twilight,) = json.loads(result.stdout)["twilights"]
    row = twilight["rows"][0]
    assert row["filter"] == "short-L"
    assert {"start_s", "seconds", "dit_s", "ndit", "n", "predicted_fraction", "predicted_sigma"} <= set(row)
    assert [aim["requested_airmass"] for aim in twilight["pointing"]] == [1.0, 2.0, 2.5]
    assert twilight["window"]["start_s"] < row["start_s"] < twilight["window"]["end_s"]


def test_the_picture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.png"
    result = CliRunner().invoke(plan, [*LBAND, "--plot", str(path)])
    assert result.exit_code == 0, result.output
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_block_without_twilight_says_so() -> None:
    result = CliRunner().invoke(plan, ["metis-dark", "--deployment", "metis-sim"])
    assert result.exit_code == 0
    assert "no twilight template" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--date", "2027-06-01"], "--date needs --twilight"),
        (["--date", "2027-13-01", "--twilight", "morning"], "'2027-13-01' is not a date"),
        (["--twilight", "noon"], "'noon' is not one of"),
        (["--start", "2027-03-20T15:00:00"], "would wait"),
        (["--preset", "-1"], "-1.0 is not in the range"),
        (["--preset", "nan"], "'--preset': must be a finite number"),
        (["--overhead", "inf"], "'--overhead': must be a finite number"),
        (["--temperature", "nan"], "'--temperature': must be a finite number"),
        (["--temperature", "12"], "12.0 is not in the range"),
        (
            ["--date", "2027-03-20", "--twilight", "morning", "--start", "2027-03-20T09:00:00"],
            "--date and --start both say when to begin: drop one of them",
        ),
        (["--plot", "nowhere/plan.png"], "nowhere is not there"),
        (["--plot", "plan.xyz"], "plan.xyz does not end in .png"),
        (["--learned", "nowhere/learned.yaml"], "does not exist"),
    ],
)
def test_what_cannot_be_planned_is_told_in_a_line(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(plan, [*LBAND, *arguments])
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_where_no_picture_can_go_is_said_before_anything_else_is_looked_at(tmp_path: Path) -> None:
    """Neither block nor deployment is there: that would be told only after their files were read."""
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "folder.png").mkdir()
    for name, message in (
        ("taken/plan.png", "taken is a file, not a folder"),
        ("folder.png", "is a directory"),
    ):
        result = CliRunner().invoke(plan, ["no-block", "-d", "nowhere", "--plot", str(tmp_path / name)])
        assert result.exit_code == 2
        assert message in result.output
        assert "no-block" not in result.output


def first_dit_s(*arguments: str) -> float:
    """The DIT of the first series of METIS in Lp."""
    result = CliRunner().invoke(plan, [*LBAND, *arguments, "--json"])
    (twilight,) = json.loads(result.stdout)["twilights"]
    return float(next(row["dit_s"] for row in twilight["rows"] if row["filter"] == "Lp"))


def test_a_colder_night_wants_longer_dits_as_planck_says() -> None:
    """Lp, 3.816 um: 4 K less is a factor exp(h c / (k lambda) (1/276.15 - 1/280.15)) fewer photons; dark is little."""
    ratio = math.exp(14387.8 / 3.816 * (1 / 276.15 - 1 / 280.15))
    assert first_dit_s("--temperature", "276.15") / first_dit_s() == pytest.approx(ratio, rel=0.01)
    assert first_dit_s("--temperature", "280.15") == first_dit_s()


def test_the_temperature_a_plan_rests_on_is_said_where_the_light_is_thermal() -> None:
    assumed = lines_of(*LBAND)[1]
    assert assumed == "ambient temperature 280.15 K assumed; --temperature tells another"
    assert lines_of(*LBAND, "--temperature", "276.5")[1] == "ambient temperature 276.5 K"
    optical = lines_of("opticam-dusk", "--deployment", "opticam-sim", "--temperature", "276.5")
    assert not any("ambient" in line for line in optical)
