"""How images are prepared for the page: averaged, stretched, axes and rows that tell the truth."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from monitor.night import START_S, Night, whole_night
from sequencer.monitor.drawing import colours_of, time_ticks
from sequencer.monitor.pictures import averaged, image_png, palette, science_images, stretch
from sequencer.monitor.rehearsal.doings import templates_of
from sequencer.monitor.story import tell
from sequencer.monitor.timeline import reach, rows, timeline_plot


def test_small_images_are_shown_pixel_by_pixel() -> None:
    image = np.arange(12.0).reshape(3, 4)
    assert averaged(image, 4) is image


def test_large_images_are_averaged_in_blocks_without_their_gaps() -> None:
    image = np.arange(36.0).reshape(6, 6)
    image[0, 0] = np.nan
    image[2:4, 2:4] = np.nan
    small = averaged(image, 3)
    assert small.shape == (3, 3)
    assert small[0, 0] == pytest.approx((1 + 6 + 7) / 3)
    assert np.isnan(small[1, 1])
    assert small[2, 2] == pytest.approx(np.mean([28, 29, 34, 35]))


def test_means_are_taken_in_single_precision_and_right_with_gaps_of_any_kind() -> None:
    """Against means in double precision, of a bright frame with pixels and whole blocks that are no numbers."""
    image = np.random.default_rng(1).normal(3e4, 200.0, (64, 96)).astype(np.float32)
    image[3, 5], image[8:12, 4:8], image[40, 40], image[41, 41] = np.nan, np.nan, np.inf, -np.inf
    small = averaged(image, 24)
    assert small.dtype == np.float32
    wide = np.where(np.isfinite(image), image, np.nan).astype(np.float64).reshape(16, 4, 24, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a block without a number
        truth = np.nanmean(wide, axis=(1, 3))
    np.testing.assert_allclose(small, truth, rtol=1e-6)
    assert np.isnan(small).sum() == 1


@pytest.mark.parametrize(
    ("shape", "limit", "expected"),
    [((7, 7), 4, (3, 3)), ((4096, 4112), 512, (455, 456)), ((8, 2), 4, (4, 1))],
)
def test_no_side_exceeds_the_limit(shape: tuple[int, int], limit: int, expected: tuple[int, int]) -> None:
    assert averaged(np.ones(shape), limit).shape == expected


def test_stretch_ignores_outliers_and_gaps() -> None:
    image = np.linspace(0.0, 1.0, 1001)
    image[-1], image[0] = np.nan, -1e9
    low, high = stretch(image)
    assert low == pytest.approx(0.01, abs=0.002)
    assert high == pytest.approx(0.99, abs=0.002)


def test_stretch_of_flat_and_empty_images() -> None:
    assert stretch(np.full(9, 3.0)) == (2.5, 3.5)
    assert stretch(np.full(9, np.nan)) == (0.0, 1.0)


def test_the_png_shows_every_pixel_as_any_reader_sees_it() -> None:
    """Decoded by pillow, which knows nothing of our writer."""
    image = np.array([[2.0, 4.0, 5.0], [np.nan, 3.0, 9.0]])
    picture = Image.open(io.BytesIO(image_png(image, (2.0, 4.0)))).convert("RGB")
    picture.load()
    low, high, none = palette()[1], palette()[255], palette()[0]
    assert picture.size == (3, 2)
    assert [picture.getpixel((x, 1)) for x in range(3)] == [low, high, high]
    assert [picture.getpixel((x, 0)) for x in range(3)] == [none, palette()[128], high]


def test_the_palette_is_cividis_with_red_for_no_value() -> None:
    colours = palette()
    assert len(colours) == 256
    assert colours[0] == (176, 0, 32)
    assert colours[1] == (0, 34, 77)
    assert colours[255] == (253, 231, 55)


@given(st.floats(0, 2e9), st.floats(0.5, 2e5))
def test_time_ticks_are_few_and_within(start_s: float, span_s: float) -> None:
    ticks = time_ticks(start_s, start_s + span_s)
    assert len(ticks) <= 15
    rounding_s = 1e-6
    assert all(start_s - rounding_s <= tick <= start_s + max(span_s, 1.0) + rounding_s for tick in ticks)


def test_time_ticks_fall_on_whole_times() -> None:
    assert time_ticks(100.0, 700.0) == [120.0, 240.0, 360.0, 480.0, 600.0]
    assert time_ticks(0.0, 8.0) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_colours_are_given_in_order_and_ten_filters_are_told_apart() -> None:
    colours = colours_of(["Lp", "short-L", "Lp", *map(str, range(11))])
    assert len({colours[name] for name in ("Lp", "short-L", *map(str, range(8)))}) == 10
    assert list(colours)[:2] == ["Lp", "short-L"]
    assert colours["Lp"] != colours["short-L"]
    assert colours["10"] == colours["Lp"]


def test_without_a_science_extension_the_first_image_is_shown(tmp_path: Path) -> None:
    from astropy.io import fits

    path = tmp_path / "p.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.ones((2, 3)), name="MAP"),
                  fits.ImageHDU(np.ones((2, 2)), name="ERR")]).writeto(path)  # fmt: skip
    assert {name: image.shape for name, image in science_images(path).items()} == {"MAP": (2, 3)}


def test_the_timeline_has_a_row_for_everything_that_took_time(tmp_path: Path) -> None:
    shown = rows(tell(whole_night(tmp_path).records()))
    assert list(shown) == ["template", "shutter open", "mechanisms", "telescope", "frames LM"]
    assert shown["mechanisms"] == [(START_S, 8.0, "#0072b2")]
    assert len(shown["shutter open"]) == 6
    assert shown["shutter open"][0][:2] == (START_S + 43.0, 40.0)
    assert len(shown["frames LM"]) == 32


def test_the_time_axis_reaches_from_the_first_start_to_the_last_end() -> None:
    assert reach([[(10.0, 5.0, "a"), (12.0, 100.0, "b")], [(8.0, 3.0, "c"), (50.0, 2.0, "d")]]) == (8.0, 112.0)
    assert reach([[(10.0, 0.0, "a")]]) == (10.0, 11.0)


def test_what_never_ended_lasts_to_the_end_of_the_journal(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    night.log("light_stop", position="OPENING", role="shutter")
    night.log("step", n=1, device="telescope", cmd="preset", args={})
    night.time_s += 60.0
    night.log("note", text="power cut", by="observer")
    shown = rows(tell(night.records()))
    assert shown["shutter open"] == [(START_S, 60.0, "#f4c542")]
    assert shown["telescope"] == [(START_S, 60.0, "#0072b2")]
    assert shown["template"][0][:2] == (START_S, 60.0)


def test_a_wait_that_was_broken_off_ends_with_the_run(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    night.log("wait", why="waiting for the twilight", until_s=START_S + 3600.0)
    night.time_s += 60.0
    night.log("template_done", index=0, name="METIS_all_cal_TwilightFlat", outcome="aborted")
    story = tell(night.records())
    assert [bar[:2] for bar in rows(story)["waiting"]] == [(START_S, 60.0)]
    assert [(doing.start_s, doing.end_s) for doing in templates_of(story)[0].doings] == [(START_S, START_S + 60.0)]


def test_the_legend_of_the_timeline_has_the_colours_of_its_bars(tmp_path: Path) -> None:
    """None is left to the plotting library, whose own first colour is this blue."""
    night = Night(tmp_path)
    night.start()
    night.log("wait", why="waiting for the twilight", until_s=START_S + 60.0)
    night.frame(kind="flat")
    drawn = timeline_plot(tell(night.records()))
    assert drawn is not None
    pixels = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"))
    assert (pixels == (0xE6, 0x9F, 0x00)).all(axis=2).any()
    assert not (pixels == (0x1F, 0x77, 0xB4)).all(axis=2).any()
