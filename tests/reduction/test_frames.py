"""What a frame is stands in its header: the keys of its group, its window, its border, its times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.readback import read_hdus
from sequencer.clock import parse_utc
from sequencer.config import load_instrument
from sequencer.reduction.frames import frame_of, groups, raw_files, read_frame
from tests.reduction.night import Night, instrument

METIS = load_instrument("metis")


def test_header_becomes_key_and_facts(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    path = night.expose(
        2.4e5, 0.2112, 5, DRS_FILTER="Lp", DRS_NDFILTER="OPEN", DRS_PUPIL="OUT",
        DRS_MASK="PPS-CFO1,FIELD-11,SPM-LM", SEQ_KIND="flat",
        SEQ_LEVELNO=2, SEQ_LEVEL=0.5, SEQ_AIRMASS=2.5, SEQ_VERDICT="good", SEQ_EXPID="r/00/00007/LM", OBS_TPLNO=3,
        TPL_START="2027-03-20T09:00:00",
    )  # fmt: skip
    frame = read_frame(path, METIS)
    key = frame.key
    assert (key.camera, key.kind, key.mode, key.dit_s, key.ndit, key.level_no) == (
        "LM",
        "flat",
        "fast",
        0.2112,
        5,
        2,
    )
    assert (key.filter, key.nd, key.mask, key.stop) == ("Lp", "OPEN", "PPS-CFO1,FIELD-11,SPM-LM", "OUT")
    assert key.readout == ("LM", "fast", (1, 1, 64, 64), 0.2112, 5, 4.0, (1, 1), 40.0)
    assert (frame.detector_id, frame.template, frame.template_index) == (
        "2RG",
        "METIS_all_cal_TwilightFlat",
        2,
    )
    assert (frame.exposure, frame.level, frame.airmass) == ("r/00/00007/LM", 0.5, 2.5)
    assert frame.template_start == "2027-03-20T09:00:00"
    assert frame.good and frame.simulated
    start_s = parse_utc(path.name.removeprefix("METIS.").removesuffix(".fits"))
    assert frame.start_s == pytest.approx(start_s)
    assert frame.time_s == pytest.approx(start_s + 0.5 * 5 * 0.2112)
    assert frame.shape() == (64, 64)
    assert frame.rows(0, slice(3, 5)) == pytest.approx(frame.rows()[3:5])


def test_the_floor_counts_where_the_filter_sees_twilight(tmp_path: Path) -> None:
    """In METIS all light is thermal: a floor in its headers parts nothing."""
    night = Night(tmp_path, size=64)
    seen = night.expose(1e5, 0.2, DRS_FILTER="V", SEQ_FLOOR=800.0, SEQ_MODE="LEVEL")
    silent = night.expose(1e5, 0.2, DRS_FILTER="V")
    thermal = night.expose(1e5, 0.2, DRS_FILTER="Lp", SEQ_FLOOR=800.0)
    assert read_frame(seen, METIS).floor_e_s == 800.0
    assert read_frame(seen, METIS).sequence_mode == "LEVEL"
    assert np.isnan(read_frame(silent, METIS).floor_e_s)
    assert np.isnan(read_frame(thermal, METIS).floor_e_s)
    assert read_frame(thermal, instrument(size=64)).floor_e_s == 800.0
    optical = load_instrument("opticam")
    assert optical.cameras["CCD"].filters["V"].twilight_e_s_mag0 > 0.0


def test_optics_do_not_part_darks(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    for name in ("Lp", "closed"):
        night.expose(0.0, 0.2, DPR_TYPE="DARK", DRS_FILTER=name, SEQ_LEVELNO=len(name))
    (members,) = groups(read_frame(path, METIS) for path in night.frames).values()
    assert [frame.path for frame in members] == night.frames


@pytest.mark.parametrize(
    ("window", "border"),
    [
        ((1, 1, 2048, 2048), (64, 64, 64, 64)),
        ((769, 769, 512, 512), (0, 0, 0, 0)),
        ((41, 31, 1970, 2000), (34, 24, 46, 26)),
    ],
)  # fmt: skip
def test_border_inside_a_window(
    tmp_path: Path, window: tuple[int, int, int, int], border: tuple[int, int, int, int]
) -> None:
    frame = read_frame(Night(tmp_path, size=32).expose(1e5, 0.2), METIS)
    assert replace(frame, key=replace(frame.key, window=window)).border() == border


def test_a_frame_of_another_detector_or_of_no_known_kind(tmp_path: Path) -> None:
    night = Night(tmp_path, size=32)
    with pytest.raises(CorruptFile, match="'XYZ', METIS has no such detector"):
        read_frame(night.expose(1e5, 0.2, DET_ID="XYZ"), METIS)
    assert read_frame(night.expose(1e5, 0.2, DPR_TYPE="OBJECT"), METIS).key.kind == ""


def test_only_finished_files_count(tmp_path: Path) -> None:
    night = Night(tmp_path, size=32)
    path = night.expose(1e5, 0.2)
    (tmp_path / "raw" / "METIS.x.fits.part").write_bytes(b"half")
    assert raw_files(tmp_path) == [path]


def test_a_verdict_other_than_good_is_not_good(tmp_path: Path) -> None:
    night = Night(tmp_path, size=32)
    verdicts = ["good", "low", "saturated", "starry"]
    frames = [read_frame(night.expose(1e5, 0.2, SEQ_VERDICT=verdict), METIS) for verdict in verdicts]
    assert [frame.good for frame in frames] == [True, False, False, False]
    assert read_frame(night.expose(1e5, 0.2), instrument(size=32)).good


def test_a_header_of_little_takes_what_follows_from_the_file(tmp_path: Path) -> None:
    """A MEGARA-like header names no template number or level: the exposure id gives the one."""
    night = Night(tmp_path, size=32)
    path = night.expose(1e5, 0.2)
    frame = read_frame(path, METIS)
    assert (frame.key.level_no, frame.ladder_pass, frame.template_index) == (0, 0, 0)
    assert frame.exposure == path.stem
    with fits.open(path, mode="update") as file:
        del file[0].header["ESO OBS TPLNO"]
        file[0].header["EXPID"] = "run/03/00001/LM"
    assert read_frame(path, METIS).template_index == 3


def test_check_wants_every_chip(tmp_path: Path) -> None:
    night = Night(tmp_path, size=32)
    path = night.write(
        [np.zeros((32, 32))] * 3, 2.0, 1, DET_ID="IFU", DPR_TYPE="DARK", DET_NCORRS_NAME="nominal"
    )
    frame = read_frame(path, METIS)
    assert frame.chip_names == ["DET1", "DET2", "DET3"]
    with pytest.raises(CorruptFile, match="3 images, the detector has 4 chips"):
        frame.check()


@pytest.mark.parametrize("drs_keyword", ["DRS.FILTER", ""])
def test_a_filter_is_known_whether_or_not_the_pipeline_has_a_name_for_its_wheel(
    tmp_path: Path, drs_keyword: str
) -> None:
    """Without `drs_keyword` the header has the wheel's own card only: filters are told apart, none is no filter."""
    optical = load_instrument("opticam")
    wheel = structs.replace(optical.mechanisms["INS.FILT1.NAME"], drs_keyword=drs_keyword)
    optical = structs.replace(optical, mechanisms={"INS.FILT1.NAME": wheel})
    keyword = "DRS_FILTER" if drs_keyword else "INS_FILT1_NAME"
    night = Night(tmp_path, size=32)
    cards: dict[str, object] = {
        "DET_ID": "CCD",
        "DET_NCORRS_NAME": "normal",
        "SEQ_KIND": "flat",
        "DRS_FILTER": None,
    }
    paths = [night.expose(1e5, 0.2, **{**cards, keyword: name}) for name in ("V", "R")]
    assert [read_frame(path, optical).key.filter for path in paths] == ["V", "R"]
    with pytest.raises(CorruptFile, match=f"ESO {keyword.replace('_', ' ')} is missing"):
        read_frame(night.expose(1e5, 0.2, **cards), optical)


VALUES = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.sampled_from(["", "NAN", "1E400", "x", "2027-13-20T99:00:00", "9999999-01-01"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_frame_of_any_header_is_a_frame_or_refused_by_name(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever a card says: numbers in their range, or one error that names file and card."""
    hdus = read_hdus(_some_frame(tmp_path))
    keyword = data.draw(
        st.sampled_from(sorted(name for name in hdus[0].cards if name not in ("SIMPLE", "NAXIS")))
    )
    hdus[0].cards[keyword] = data.draw(VALUES)
    try:
        frame = frame_of(tmp_path / "some.fits", hdus, METIS)
    except CorruptFile as error:
        assert keyword in str(error) or "window" in str(error)
        return
    assert frame.key.dit_s >= 0.0 and frame.key.ndit >= 1 and frame.key.gain_e_adu > 0.0
    assert groups([frame])


def _some_frame(folder: Path) -> Path:
    path = folder / "some.fits"
    if not path.exists():
        Night(folder, size=32).expose(
            1e5, 0.2, DRS_FILTER="Lp", SEQ_KIND="flat", SEQ_MODE="FIXED", SEQ_AIRMASS=1.0, SEQ_LEVELNO=1, SEQ_LEVEL=0.5,
            SEQ_PASS=0, SEQ_FLOOR=8.0, SEQ_VERDICT="good", TEL_AIRM_START=1.0,
        ).rename(path)  # fmt: skip
    return path
