"""Names that a person need not remember: completed in the shell, listed by verbs, taken from the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from sequencer.cli.main import main

from .folder import prepare

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a deployment, a block, a file that is wrong, and three runs of which one goes on."""
    folder = prepare(tmp_path_factory.mktemp("here"))
    (folder / "wrong.yaml").write_text("name: wrong\ninstrument: metis\ndevices:\n  telescope: {kind: teapot}\n")
    (folder / "list.yaml").write_text("- 1\n")
    for name in ("20270320T091500-METIS-bce3", "20270321T091500-METIS-bce3", "20270322T091500-METIS-bce3"):
        (folder / "runs" / name).mkdir(parents=True)
        (folder / "runs" / name / "journal.sqlite").touch()
    (folder / "runs/20270321T091500-METIS-bce3/operator.json").touch()
    (folder / "runs/notes").mkdir()
    with chdir(folder):
        yield folder


def completed(*words: str) -> list[str]:
    """What the shell offers for the last word, as it is asked by the shell."""
    shell = BashComplete(main, {}, "sequencer", "_SEQUENCER_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1]) if item.type == "plain"]


OURS = [*sorted(path.stem for path in (ROOT / "configs/deployments").glob("*.yaml")), "tiny.yaml", "wrong.yaml"]
RUNS = [f"runs/2027032{day}T091500-METIS-bce3" for day in (2, 1, 0)]


@pytest.mark.parametrize("verb", ["run", "validate", "plan", "rehearse", "script"])
def test_deployments_complete_wherever_one_is_named(verb: str) -> None:
    assert completed(verb, "x", "-d", "") == OURS
    assert completed(verb, "x", "--deployment", "met") == [name for name in OURS if name.startswith("metis")]


def test_deployments_complete_for_the_simulators_and_the_reduction_too() -> None:
    assert completed("simulate", "t") == ["tiny.yaml"]
    assert completed("reduce", "--deployment", "o") == ["opticam-sim"]


@pytest.mark.parametrize("verb", ["run", "validate", "plan", "rehearse", "export"])
def test_observing_blocks_complete(verb: str) -> None:
    assert completed(verb, "metis-a") == ["metis-all-lm-flats"]
    assert completed(verb, "o") == ["opticam-dusk", "ob.yaml"]


def test_templates_complete() -> None:
    wanted = ["METIS_all_cal_Dark", "METIS_all_cal_TwilightFlat", "METIS_all_cal_dark"]
    assert completed("templates", "METIS_all_") == wanted
    assert completed("export", "--signature", "METIS_all_") == wanted


@pytest.mark.parametrize(
    "words", [("reduce",), ("darks",), ("bad-pixels",), ("reduce", "--darks"), ("status", "--run")]
)
def test_runs_complete_the_newest_first(words: tuple[str, ...]) -> None:
    runs = RUNS[1:2] if words[0] == "status" else RUNS
    assert completed(*words, "") == runs
    assert completed(*words, "runs/20270321") == RUNS[1:2]


def listed(verb: str) -> dict[str, str]:
    done = CliRunner().invoke(main, [verb])
    assert done.exit_code == 0, done.output
    return {line.split()[0]: " ".join(line.split()[1:]) for line in done.output.splitlines()}


def test_deployments_are_listed_with_what_is_real() -> None:
    lines = listed("deployments")
    assert list(lines) == OURS
    assert lines["metis-sim"] == "METIS 7 devices, all simulated"
    assert lines["megara-sim-pipeline"].endswith("; its frames go to megara")
    assert lines["wrong.yaml"].startswith("cannot be used: wrong.yaml:4: ")


def test_observing_blocks_are_listed_with_their_templates() -> None:
    lines = listed("blocks")
    assert list(lines)[-1] == "ob.yaml"
    assert lines["metis-lband-flats"] == "METIS L-band twilight flats: METIS_all_cal_TwilightFlat"
    assert lines["ob.yaml"] == "METIS tiny flats: METIS_all_cal_TwilightFlat"


def test_a_deployment_can_be_the_environments() -> None:
    runner = CliRunner(env={"SEQUENCER_DEPLOYMENT": "metis-sim"})
    done = runner.invoke(main, ["validate", "metis-dark"])
    assert (done.exit_code, done.output.split(":")[0]) == (0, "metis-dark")
    named = runner.invoke(main, ["validate", "metis-dark", "-d", "opticam-sim"])
    assert named.exit_code == 2, "what is named counts"
    without = CliRunner(env={"SEQUENCER_DEPLOYMENT": None}).invoke(main, ["validate", "metis-dark"])
    assert without.exit_code == 2
    assert "SEQUENCER_DEPLOYMENT" in without.output
