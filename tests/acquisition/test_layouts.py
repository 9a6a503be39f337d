"""Layouts of files: the keywords of MEGARA, the chips of one detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from sequencer.config.models import Chip
from tests.fitsverify import fitsverify

from .bench import Bench, on_bench
from .support import card, frame, plan, read_raw


def test_megara_frames_carry_the_keywords_of_its_pipeline(tmp_path: Path) -> None:
    pixels = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21
    cards = [
        card("INSTRUME", "MEGARA"),
        card("ESO TPL ID", "MegaraDarkImage"),
        card("ESO DET DIT", 1800.0, "[s] integration time"),
        card("ESO TPL NEXP", 5),
        card("ESO TPL EXPNO", 2),
        card("ESO INS COVER ST", "CLOSED"),
        card("ESO INS SHUT ST", "CLOSED"),
        card("ESO DET1 CHIP GAIN", 1.73, "[e/adu] gain", extension=1),
    ]
    names = [
        "OBSMODE",
        "EXPTIME",
        "DARKTIME",
        "UUID",
        "BLCKUUID",
        "COVER",
        "COVER1",
        "COVER2",
        "SHUTTER",
        "NNREP",
    ]

    async def work(bench: Bench) -> None:
        dark = plan("run/00/00001/LM", "1.fits", layout="megara", start_cards=cards)
        bench.acquisition.plan(dark)
        other = plan(
            "run/00/00002/LM", "2.fits", layout="megara", start_cards=[*cards, card("COVER1", "PARKED")]
        )
        bench.acquisition.plan(other)
        await bench.sender.submit(*frame("run/00/00001/LM", chips=[pixels]))
        await bench.sender.submit(*frame("run/00/00002/LM", chips=[pixels]))
        stored = await bench.acquisition.store(dark.exposure, [], 10.0)
        header, chips = read_raw(stored.path)
        assert np.array_equal(chips[0], pixels)
        assert chips[0].dtype == np.uint16
        assert (header["OBSMODE"], header["EXPTIME"], header["DARKTIME"]) == (
            "MegaraDarkImage",
            1800.0,
            1800.0,
        )
        assert (header["COVER"], header["COVER1"], header["COVER2"]) == (0, "INPLACE", "INPLACE")
        assert (header["SHUTTER"], header["NNREP"], header["NNSEC"]) == ("CLOSED", 5, 2)
        assert (header["EXPID"], header["ESO DET1 CHIP GAIN"]) == ("run/00/00001/LM", 1.73)
        assert header["DATE-OBS"] == "2027-03-20T09:31:12.345"
        fitsverify(stored.path)
        second = fits.getheader((await bench.acquisition.store(other.exposure, [], 10.0)).path)
        assert second["COVER1"] == "PARKED", "a card given outright wins over another name for a general one"
        assert second["UUID"] != header["UUID"]
        assert second["BLCKUUID"] == header["BLCKUUID"]

    on_bench(tmp_path, work, required={"all": names}, layout="megara")


def test_chips_of_one_detector_share_a_file(tmp_path: Path) -> None:
    chips = [np.full((48, 64), 100.0 * n, np.float32) for n in range(4)]

    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(chips=[Chip(f"DET3.DATA{n}") for n in range(4)]))
        await bench.sender.submit(*frame(chips=chips))
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        _, read = read_raw(stored.path)
        assert all(np.array_equal(a, b) for a, b in zip(read, chips, strict=True))
        assert len(read) == 4
        assert stored.levels.median_adu == 100.0, "nearest rank below the middle of 0, 100, 200, 300"

    on_bench(tmp_path, work)
