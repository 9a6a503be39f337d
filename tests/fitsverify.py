"""The judgement of HEASARC's fitsverify, a program of the system; `make test` installs it where it may."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def fitsverify(*paths: Path) -> None:
    """Fail unless fitsverify finds 0 errors and 0 warnings in every file.

    Without the program the test ends here, told in the summary at the end: nothing has judged its files.
    """
    program = shutil.which("fitsverify")
    if program is None:
        pytest.skip("NOT JUDGED, fitsverify is missing: apt-get install fitsverify")
    done = subprocess.run([program, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    found = done.stdout.count("Verification found 0 warning(s) and 0 error(s).")
    assert found == len(paths), done.stdout
