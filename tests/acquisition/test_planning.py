"""What is found before the exposure: bad and missing cards, taken names, no space."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sequencer.acquisition import (
    CardErrors,
    DiskFull,
    MissingCards,
    PlanError,
)

from .bench import Bench, on_bench
from .support import card, frame, plan


def test_planning_names_every_bad_card_and_leaves_nothing(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bad = [
            card("ESO OBS OBSERVATION", 1),
            card("OBJECT", "Sk\u00fd"),
            card("ESO DET1 CHIP ID", 1, extension=2),
        ]
        with pytest.raises(CardErrors) as caught:
            bench.acquisition.plan(plan(start_cards=bad))
        assert len(caught.value.problems) == 3
        assert bench.files() == []
        bench.acquisition.plan(plan())

    on_bench(tmp_path, work)


def test_planning_names_missing_cards_and_who_owes_them(tmp_path: Path) -> None:
    required = {
        "all": ["EXPTIME", "DATE-OBS", "ARCFILE", "ESO OBS NAME"],
        "twilight_flat": ["ESO TEL ALT", "ESO TEL AIRM END", "ESO SEQ VERDICT"],
        "dark": ["ESO INS NEVER"],
    }

    async def work(bench: Bench) -> None:
        flat = [*plan().start_cards, card("ESO TPL ID", "twilight_flat")]
        with pytest.raises(MissingCards) as caught:
            bench.acquisition.plan(plan(start_cards=flat))
        assert caught.value.missing == (
            ("ESO OBS NAME", "the observing block"),
            ("ESO TEL ALT", "the telescope"),
        )
        assert "ESO TEL ALT (from the telescope)" in str(caught.value)
        cards = [*flat, card("ESO OBS NAME", "x"), card("ESO TEL ALT", 40.0)]
        bench.acquisition.plan(plan(start_cards=cards))
        await bench.sender.submit(*frame())
        with pytest.raises(MissingCards) as late:
            await bench.acquisition.store(plan().exposure, [card("ESO SEQ VERDICT", "good")], 10.0)
        assert late.value.missing == (("ESO TEL AIRM END", "the telescope"),)
        ends = [card("ESO SEQ VERDICT", "good"), card("ESO TEL AIRM END", 1.5)]
        stored = await bench.acquisition.store(plan().exposure, ends, 10.0)
        assert bench.files() == [stored.file]

    on_bench(tmp_path, work, required=required)


def test_a_taken_name_is_refused_before_the_exposure(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan("a"))
        with pytest.raises(PlanError, match="taken"):
            bench.acquisition.plan(plan("b"))
        (bench.raw / "old.fits").touch()
        with pytest.raises(PlanError, match="not overwritten"):
            bench.acquisition.plan(plan("b", "old.fits"))
        with pytest.raises(PlanError, match="known already"):
            bench.acquisition.plan(plan("a", "new.fits"))
        assert bench.files() == [f"{plan().file_name}.part", "old.fits"]

    on_bench(tmp_path, work)


@pytest.mark.parametrize(("layout", "pixel_bytes", "headers"), [("extensions", 4, 2), ("megara", 2, 1)])
def test_the_space_of_the_whole_file_is_reserved(
    tmp_path: Path, layout: str, pixel_bytes: int, headers: int
) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(layout=layout))
        reserved = (bench.raw / f"{plan().file_name}.part").stat().st_size
        blocks = math.ceil(48 * 64 * pixel_bytes / 2880)
        assert reserved == 2880 * (blocks + 20 * headers)

    on_bench(tmp_path, work, layout=layout)


def test_a_full_disk_is_found_before_the_exposure(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        with pytest.raises(DiskFull):
            bench.acquisition.plan(plan(expected_shape=(10**7, 10**7)))
        assert bench.files() == []
        bench.acquisition.plan(plan())

    on_bench(tmp_path, work)
