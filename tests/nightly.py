"""`make nightly`: truth at full size and statistics of many nights, which take too long for every change.

Runs the tests marked `nightly` and writes their figures, with date and commit, to docs/reference/nightly.md; the exit
code is pytest's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "reference" / "nightly.md"
HEAD = """\
# Last nightly run

`make nightly` runs what takes too long for every change, truth at full size and statistics of many nights, and writes
this page. Seconds are those of wall time, beside whatever else the machine did.

{when} UTC, commit {commit}: {passed} of {asked} passed.

| what | figures | result | s |
|---|---|---|---|
"""


def main() -> int:
    """Run, write the table, say where it is."""
    commit = _commit()
    with tempfile.TemporaryDirectory(prefix="nightly-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "nightly", "-n", "auto", "--dist", "loadscope"]
        command += ["-o", "junit_family=xunit1", f"--junitxml={report}", *sys.argv[1:]]
        environment = {**os.environ, "HYPOTHESIS_PROFILE": "nightly"}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if report.exists():
            TABLE.write_text(page(report.read_text(encoding="utf-8"), commit), encoding="utf-8")
            print(f"written: {TABLE.relative_to(ROOT)}")
    return code


def page(report: str, commit: str) -> str:
    """The page of a report in pytest's XML."""
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    passed = sum(_result(case) == "passed" for case in cases)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    head = HEAD.format(when=when, commit=commit, passed=passed, asked=len(cases))
    return head + "".join(f"| {' | '.join(cells)} |\n" for cells in _rows(cases))


def _rows(cases: list[ElementTree.Element]) -> Iterator[list[str]]:
    for case in sorted(cases, key=lambda case: (case.get("classname", ""), case.get("name", ""))):
        room = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        what = case.get("name", "").removeprefix("test_").replace("_", " ")
        figures = [found.get("value", "") for found in case.iter("property") if found.get("name") == "figures"]
        yield [f"{what} ({room})", "; ".join(figures), _result(case), f"{float(case.get('time', 0.0)):.0f}"]


def _result(case: ElementTree.Element) -> str:
    others = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    return others[0] if others else "passed"


def _commit() -> str:
    """The commit the tests ran on, marked when the checkout had been changed."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    described = subprocess.run(command, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
