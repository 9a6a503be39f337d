"""Programs that make a mess of their folder, and a disk that is full: one clear message, and the run is whole."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sequencer.clock import WallClock
from sequencer.config.stages import StageConfig
from sequencer.reduction import ProductRecord
from sequencer.reduction.external.attached import reduce_attached
from sequencer.reduction.external.feed import AttachedFeed
from tests.reduction.external.bench import SIZE, darks, record_of, reduce, shell
from tests.reduction.external.test_failures import PRODUCT, record
from tests.reduction.night import instrument

MESS = {
    "its folder removed": 'cd / && rm -rf "$1"; echo gone >&2; exit 4',
    "its output removed": "rm output.txt; exit 4",
    "its output a pipe": "rm output.txt; mkfifo output.txt; exit 4",
    "its output elsewhere": "rm output.txt; ln -s /etc/passwd output.txt; exit 4",
}
LINKS = 'for end in json qa.json log; do ln -s "$(readlink -f frames/* | head -1)" other_01$1.$end; done'
"""Links to a raw frame where a hasty reader of the folder would write."""
GREEDY = {"big": StageConfig(["true"], parameters={"table": ["x" * 1000] * 1000})}
"""A stage whose manifest needs a megabyte."""


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """The system refuses to let a file of this process and its children grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("case", MESS)
def test_a_program_that_spoils_its_folder_is_a_bad_record(tmp_path: Path, case: str) -> None:
    darks(tmp_path / "run")
    (product,) = reduce(tmp_path / "run", shell(tmp_path, MESS[case]))
    assert product.qa.flag == "BAD"
    assert product.qa.reasons[0].startswith("stage other: ended with code 4: ")
    assert "root:" not in (tmp_path / "run/products" / product.log).read_text()
    assert record_of(tmp_path / "run", product)["qa"]["flag"] == "BAD"


@pytest.mark.parametrize(
    ("name", "rest", "flag"),
    [("", "exit 1", "BAD"), ("_a", f": > a.txt\n{record({**PRODUCT, 'file': 'a.txt'})}", "GOOD")],
    ids=["failure", "product"],
)
def test_what_is_written_down_never_follows_a_link_of_the_program(
    tmp_path: Path, name: str, rest: str, flag: str
) -> None:
    night = darks(tmp_path / "run")
    before = [path.read_bytes() for path in night.frames]
    (product,) = reduce(tmp_path / "run", shell(tmp_path, f"{LINKS.replace('$1', name)}\n{rest}"))
    assert [path.read_bytes() for path in night.frames] == before
    assert record_of(tmp_path / "run", product)["qa"]["flag"] == product.qa.flag == flag


def test_a_full_disk_is_named_with_the_stage_and_the_other_stages_go_on(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    stages = GREEDY | shell(tmp_path, f": > a.txt\n{record({**PRODUCT, 'file': 'a.txt'})}")
    made: list[ProductRecord] = []
    with full_disk(200_000), pytest.raises(OSError, match=r"stage big: .*[Tt]oo large"):
        made.extend(reduce_attached(tmp_path / "run", instrument(size=SIZE), stages))
    found = sorted(path.name for path in (tmp_path / "run/products").iterdir())
    assert found == ["other_01_a.json", "other_01_a.log", "other_01_a.qa.json", "other_01_a.txt"]


def test_in_a_run_a_full_disk_is_one_alarm_and_our_own_reduction_goes_on(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    alarms: list[str] = []
    clock = WallClock()
    feed = AttachedFeed(tmp_path / "run", "metis", clock, GREEDY)
    feed.on_alarm = alarms.append

    async def body() -> None:
        with full_disk(200_000):
            await feed.start()
        assert await feed.template_ended(0, "darks")
        await feed.finish()
        await feed.close()

    clock.run(body())
    (alarm,) = alarms
    assert alarm.startswith("no stages are attached: [Errno 27] File too large")
