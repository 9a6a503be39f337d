"""A template offered to a stage again: what it makes now stands for what it made before."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from sequencer.cli.main import main
from sequencer.engine.journal import read_journal
from tests.end_to_end import rig
from tests.reduction.external.bench import darks, deployment, reduce, shell
from tests.reduction.external.test_attached_feed import GOOD
from tests.reduction.external.test_in_a_run import DARKS

TWO = """
echo 1 > two.txt
echo '{"contract": 1, "products": [{"name": "two", "file": "two.txt", "category": "TWO", "recipe": "x",
       "qa": {"flag": "GOOD", "reasons": []}}]}' > record.json
"""
UNFIT = """
echo '{"contract": 1, "products": [], "error": "numina is not installed"}' > record.json
"""


def there(run_dir: Path) -> set[str]:
    """Files that the stage has in `products/`, by their names without the end."""
    return {path.name.partition(".")[0] for path in (run_dir / "products").glob("other_*")}


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)


def test_the_failure_of_before_goes_when_the_program_runs(tmp_path: Path) -> None:
    """In the folder, the summary and what is said at the end."""
    stages = deployment(tmp_path, "metis-sim", **shell(tmp_path, UNFIT))
    run_dir = rig.run(tmp_path, rig.write_ob(tmp_path, DARKS), str(stages), reduced=True).result.run_dir
    assert there(run_dir) == {"other_01"}
    shell(tmp_path, GOOD)
    again = call("reduce", run_dir, "--deployment", stages)
    assert again.exit_code == 0
    assert there(run_dir) == {"other_01_one"}
    assert "not installed" not in again.output
    assert "numina is not installed" not in (run_dir / "summary.json").read_text()
    alarms, _, products = (run_dir / "report.html").read_text().partition("Products</h2>")
    assert "numina is not installed" in alarms  # so it was that night
    assert "numina is not installed" not in products
    last = [record.data for record in read_journal(run_dir / "journal.sqlite") if record.kind == "reduction"][
        -1
    ]
    assert last["removed"] == ["other_01.json"]


def test_what_a_program_makes_no_more_goes_and_a_failure_takes_nothing_away(tmp_path: Path) -> None:
    run_dir = darks(tmp_path / "run").run_dir
    reduce(run_dir, shell(tmp_path, GOOD))
    reduce(run_dir, shell(tmp_path, TWO))
    assert there(run_dir) == {"other_01_two"}
    reduce(run_dir, shell(tmp_path, UNFIT))
    assert there(run_dir) == {"other_01_two", "other_01"}
    reduce(run_dir, shell(tmp_path, TWO))
    assert there(run_dir) == {"other_01_two"}


def test_products_of_other_templates_and_stages_stay(tmp_path: Path) -> None:
    run_dir = darks(tmp_path / "run").run_dir
    darks(run_dir, template=2)
    reduce(run_dir, shell(tmp_path, GOOD), 0, 1)
    reduce(run_dir, {"another": shell(tmp_path, GOOD)["other"]})
    reduce(run_dir, shell(tmp_path, TWO), 0)
    assert there(run_dir) == {"other_01_two", "other_02_one"}
    assert (run_dir / "products" / "another_01_one.txt").is_file()
