"""What validates runs to its end on simulators; what does not says file, line and reason: any change of three files.

The suite rehearses a few, without pixels; `make nightly` (HYPOTHESIS_PROFILE=nightly) runs some hundreds.
"""

from __future__ import annotations

import os
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st

from sequencer.cli.checking import check
from sequencer.config.problems import ConfigErrors
from sequencer.config.search import find_config
from sequencer.config.yaml_reader import read_yaml
from sequencer.engine.journal import read_journal
from sequencer.engine.request import Nobody, RunRequest
from sequencer.engine.run import run_ob
from sequencer.observing import Validation
from tests.end_to_end import rig

EXAMPLES = {"default": 3, "nightly": 120}
"""Of each block; about every second is valid and runs."""
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
THOROUGH = settings(
    max_examples=EXAMPLES[PROFILE],
    derandomize=PROFILE == "default",
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate] if PROFILE == "default" else list(Phase),
    suppress_health_check=list(HealthCheck),
)
pytestmark = [pytest.mark.nightly, pytest.mark.timeout(7200)] if PROFILE == "nightly" else []
MOST_FRAMES = 12
LONGEST_S = 4.0 * 3600.0

BLOCKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "opticam dark": ("opticam", "OPTICAM_Dark", {"DET1.DIT": 1.0, "SEQ.NEXPO1": 2}),
    "opticam flat": (
        "opticam",
        "OPTICAM_TwilightFlat",
        {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 1, "SEQ.DARK.NEXPO": 1},
    ),
    "metis dark": (
        "metis",
        "METIS_all_cal_Dark",
        {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "DET2.DIT": 0.1, "SEQ.NEXPO2": 1, "SEQ.NEXPO3": 0},
    ),
    "metis flat": ("metis", "METIS_all_cal_TwilightFlat", {**rig.FLATS, "SEQ.NEXPO": 1}),
    "megara bias": ("megara", "MegaraBiasImage", {"NEXPO": 1}),
}
STARTS = {"opticam": "2027-03-20T23:05:00", "metis": "2027-03-20T09:24:00", "megara": "2027-03-20T23:05:00"}
ODD_WORDS = ["", " ", "é", "a/b", "x" * 100, "a b", "night #1?%", "it's", "0.5", "Q", "2027-13-20", "\n", "..", "DARK"]
FACTORS = [0, -1, 1e-9, 1e-3, 0.5, 1.0000004, 1.1, 2, 1e3, 1e6, 1e12, 1e300]


def files_of(name: str) -> dict[str, Any]:
    """Instrument, deployment and block as plain data."""
    instrument, template, parameters = BLOCKS[name]
    config = read_yaml(find_config("instruments", instrument)).data
    deployment = read_yaml(find_config("deployments", f"{instrument}-sim")).data
    deployment |= {"instrument": "instrument.yaml", "start": STARTS[instrument]}
    if instrument != "megara":
        deployment["window_px"] = [32, 32]
    block = {
        "name": "Fünf Darks",
        "instrument": config["name"],
        "programme": "60.A-9999(A)",
        "status": "+",
        "observer": "E. Halley",
        "target": {"name": "NGC 253", "ra": "00:47:33.12", "dec": "-25:17:17.6"},
        "constraints": {"airmass": 3.0, "moon_illumination": 1.0, "times": [WINDOW]},
        "templates": [{"template": template, "parameters": dict(parameters)}],
    }
    return deepcopy({"instrument": config, "deployment": deployment, "block": block})


WINDOW = {"after": "2027-03-20T00:00:00", "before": "2027-03-22T00:00:00"}


def place(data: Any, steps: list[int]) -> tuple[str | int, ...]:
    """A place in a document: one of the children at each step, as deep as there are any."""
    path: tuple[str | int, ...] = ()
    for step in steps:
        keys = list(data) if isinstance(data, dict) else list(range(len(data))) if isinstance(data, list) else []
        if not keys:
            break
        path, data = (*path, keys[step % len(keys)]), data[keys[step % len(keys)]]
    return path


def change(data: Any, path: tuple[str | int, ...], how: int, much: int) -> str:
    """One value of the document changed, left out, renamed or of another kind; says into what."""
    parent = data
    for step in path[:-1]:
        parent = parent[step]
    key, value = path[-1], parent[path[-1]]
    word, factor = ODD_WORDS[much % len(ODD_WORDS)], FACTORS[much % len(FACTORS)]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if how == 0:
        del parent[key]
    elif how == 1 and isinstance(parent, dict):
        entries = [(f"{key}{word}" if name == key else name, item) for name, item in parent.items()]
        parent.clear()
        parent.update(entries)
    elif how == 2 and not number:
        parent[key] = f"{value}{word}" if isinstance(value, str) and much % 2 else word
    elif how == 3 and isinstance(value, list) and value:
        parent[key] = [value[1:], value * 2, value[::-1], value[:1] * 30][much % 4]
    elif how == 4:
        parent[key] = [None, True, [], {}, 10**30, "text", -3, 0, 2.5][much % 9]
    elif number:
        parent[key] = [int, float][much % 2](value * factor) if abs(value * factor) < 1e15 else value * factor
    return f"{value!r:.60} -> {parent.get(key) if isinstance(parent, dict) else parent!r:.60}"


CHANGES = st.tuples(
    st.sampled_from(["instrument", "instrument", "deployment", "block", "block"]),
    st.lists(st.integers(0, 99), min_size=1, max_size=7),
    st.integers(0, 8),
    st.integers(0, 1000),
)


@pytest.mark.parametrize("name", BLOCKS)
@THOROUGH
@given(changes=st.lists(CHANGES, min_size=1, max_size=2))
def test_what_validates_runs_and_what_does_not_says_where_and_why(
    name: str, changes: list[tuple[str, list[int], int, int]]
) -> None:
    documents = files_of(name)
    for which, steps, how, much in changes:
        if path := place(documents[which], steps):
            note(f"{which} {path} {how} {much}: {change(documents[which], path, how, much)}")
    with tempfile.TemporaryDirectory() as folder:
        checked = valid(Path(folder), documents)
        if checked is not None:
            assume(checked.frames <= MOST_FRAMES and checked.duration_s <= LONGEST_S)
            run_to_the_end(Path(folder))


@pytest.mark.parametrize("name", BLOCKS)
def test_the_files_are_sound_as_they_are(name: str, tmp_path: Path) -> None:
    assert valid(tmp_path, files_of(name)) is not None


def valid(folder: Path, documents: dict[str, Any]) -> Validation | None:
    """Write and validate the three files: sound; or None, with file, line and reason of everything wrong."""
    for which, data in documents.items():
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        text = text.replace("instrument: instrument.yaml", f"instrument: {folder}/instrument.yaml")
        (folder / f"{which}.yaml").write_text(text)
    try:
        checked = check(str(folder / "block.yaml"), str(folder / "deployment.yaml"), None, None)
        problems = checked.problems
    except ConfigErrors as errors:
        checked, problems = None, errors.problems
    for problem in problems:
        note(str(problem))
        assert Path(problem.file).name in ("instrument.yaml", "deployment.yaml", "block.yaml"), problem
        assert problem.line > 0, problem
        assert len(problem.text) > 10, problem
    return None if problems else checked


def run_to_the_end(folder: Path) -> None:
    """Run a valid block on simulators, in virtual time."""
    quick = PROFILE == "default"
    request = RunRequest(folder / "block.yaml", str(folder / "deployment.yaml"), folder / "runs", rehearsal=quick)
    result = run_ob(request, Nobody())
    records = read_journal(result.run_dir / "journal.sqlite")
    alarms = [record.data["what"] for record in records if record.kind == "alarm"]
    assert result.outcome == "completed", alarms
