"""The suite pointed at a server that runs elsewhere, as a hardware engineer does it."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def endpoint(request):
    command = [sys.executable, str(HERE / "serve.py"), "dome shutter"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


def suite(endpoint, kind, only):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / "test_contract.py")]
    command += ["--endpoint", endpoint, "--kind", kind, "-k", only]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_suite_runs_against_a_server_elsewhere_and_fails_for_the_wrong_kind(endpoint):
    right = suite(endpoint, "shutter", "stop_interrupts or says_who_it_is or bad_arguments")
    assert (right.returncode, "3 passed" in right.stdout) == (0, True), right.stdout
    wrong = suite(endpoint, "cover", "says_who_it_is")
    assert (wrong.returncode, "1 failed" in wrong.stdout) == (1, True), wrong.stdout
