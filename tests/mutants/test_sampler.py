"""The sampler tells a strong suite of tests from a weak one, on a small program of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .accepted import ACCEPTED
from .population import ROOMS, Accepted, Room, population, sample
from .trial import TestsFail, Workshop

ROOT = Path(__file__).parents[2]
LIMIT = "def limit(value, most):\n    return most if value >= most else value\n"
HANGS = "def count(n):\n    while n > 0:\n        n -= 1\n    return n\n"
GROWS = "def fill(n):\n    kept = []\n    while n > 0:\n        kept.append(bytes(1 << 28))\n        n -= 1\n"
WEAK = "from small.limit import limit\n\ndef test_inside():\n    assert limit(2, 3) == 2\n"
STRONG = (
    WEAK + "\ndef test_outside():\n    assert limit(4, 3) == 3\n"
    "\ndef test_at_the_limit():\n    assert isinstance(limit(3, 3.0), float)\n"
)
ROOM = Room("small", ("small",), impure=("files",))


def program(root: Path, tests: str, module: str = LIMIT, name: str = "limit") -> Path:
    """A program of one module with its tests."""
    for folder in ("small", "tests/small"):
        (root / folder).mkdir(parents=True)
    (root / "small/__init__.py").touch()
    (root / f"small/{name}.py").write_text(module)
    (root / "small/files.py").write_text("X = 1\n")
    (root / f"tests/small/test_{name}.py").write_text(tests)
    return root


def verdicts(root: Path, folder: Path) -> list[tuple[str, str]]:
    """(verdict, kind of change) of every mutant of a program."""
    folder.mkdir()
    workshop = Workshop(root, ("small", "tests"), folder)
    outcomes = [workshop.outcome(mutant) for mutant in population(root, [ROOM])]
    return [(outcome.verdict, outcome.mutant.mutation.kind) for outcome in outcomes]


def test_a_weak_suite_lets_mutants_survive_and_a_strong_one_kills_them_all(tmp_path: Path) -> None:
    weak = verdicts(program(tmp_path / "weak", WEAK), tmp_path / "copy")
    assert sorted(weak) == [("killed", "condition"), ("killed", "return"), ("survived", "comparison")]
    strong = verdicts(program(tmp_path / "strong", STRONG), tmp_path / "another")
    assert len(strong) == len(weak)
    assert {verdict for verdict, _ in strong} == {"killed"}


def test_the_program_itself_is_never_touched_and_the_copy_is_mended(tmp_path: Path) -> None:
    root = program(tmp_path / "here", WEAK)
    (tmp_path / "copy").mkdir()
    workshop = Workshop(root, ("small", "tests"), tmp_path / "copy")
    mutants = [mutant for mutant in population(root, [ROOM]) if mutant.mutation.kind == "return"]
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    # the same mutant twice: no run is blinded by what another left
    assert [workshop.outcome(mutants[0]).verdict for _ in range(2)] == ["killed", "killed"]
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
    assert (tmp_path / "copy/small/limit.py").read_text() == LIMIT


def test_a_mutant_that_hangs_is_noticed(tmp_path: Path) -> None:
    tests = "from small.count import count\n\ndef test_down():\n    assert count(3) == 0\n"
    root = program(tmp_path / "here", tests, HANGS, "count")
    (tmp_path / "copy").mkdir()
    workshop = Workshop(root, ("small", "tests"), tmp_path / "copy", spare_s=0.0)
    [hangs] = [mutant for mutant in population(root, [ROOM]) if "n += 1" in mutant.mutation.after]
    assert workshop.outcome(hangs).verdict == "timeout"


def test_a_mutant_that_collects_without_end_is_stopped_before_the_memory_is_gone(tmp_path: Path) -> None:
    tests = "from small.fill import fill\n\ndef test_some():\n    fill(3)\n"
    root = program(tmp_path / "here", tests, GROWS, "fill")
    (tmp_path / "copy").mkdir()
    workshop = Workshop(root, ("small", "tests"), tmp_path / "copy")
    [grows] = [mutant for mutant in population(root, [ROOM]) if "n += 1" in mutant.mutation.after]
    assert workshop.outcome(grows).verdict == "killed"


def test_nothing_is_said_where_the_tests_fail_anyway(tmp_path: Path) -> None:
    root = program(tmp_path / "here", WEAK.replace("== 2", "== 1"))
    (tmp_path / "copy").mkdir()
    workshop = Workshop(root, ("small", "tests"), tmp_path / "copy")
    with pytest.raises(TestsFail, match="tests/small"):
        workshop.outcome(population(root, [ROOM])[0])


def test_a_sample_is_lines_drawn_by_the_seed(tmp_path: Path) -> None:
    mutants = population(program(tmp_path, WEAK, HANGS), [ROOM])
    assert {mutant.mutation.line for mutant in mutants} == {2, 3, 4}
    assert sample(mutants, 2, 1) == sample(mutants, 2, 1)
    assert len({tuple(sample(mutants, 1, seed)) for seed in range(20)}) > 1
    assert [mutant.mutation.line for mutant in sample(mutants, 100, 1)] == [2, 3, 4]
    assert sample(mutants, 0, 1) == mutants


def test_places_narrow_the_population_and_accepted_mutants_leave_it(tmp_path: Path) -> None:
    mutants = population(program(tmp_path, WEAK), [ROOM])
    assert {mutant.module for mutant in mutants} == {"small/limit.py"}
    for place in ("small", "small/limit.py", "small/limit.py:2"):
        assert population(tmp_path, [ROOM], where=[place]) == mutants
    assert population(tmp_path, [ROOM], where=["smal", "small/limit.py:22"]) == []
    text = "return most if value >= most else value"
    accepted = Accepted("small/limit.py", text, "value >= most", "(value > most)", "an example")
    left = population(tmp_path, [ROOM], [accepted])
    assert [mutant.mutation.kind for mutant in mutants if mutant not in left] == ["comparison"]


@pytest.mark.parametrize("accepted", ACCEPTED, ids=lambda one: f"{one.module}: {one.after}")
def test_what_is_accepted_is_still_there_to_be_changed(accepted: Accepted) -> None:
    assert any(accepted.names(mutant) for mutant in population(ROOT, ROOMS, where=[accepted.module]))
    assert accepted.reason


def test_the_rooms_are_those_of_the_house() -> None:
    """Every module named as not pure exists, and every room has its tests."""
    for room in ROOMS:
        found = {path.stem for path in (ROOT / room.folder).rglob("*")}
        assert found.issuperset(room.impure), room.folder
        assert all(list((ROOT / "tests" / name).glob("test_*.py")) for name in room.tests)


def test_the_command_says_when_there_is_nothing_to_change() -> None:
    command = [sys.executable, "-m", "tests.mutants", "sequencer/nowhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "sequencer/nowhere" in done.stderr
