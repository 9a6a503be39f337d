"""Where a frame was: on the sky, in the focal plane, in sidereal time. Truths are astropy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, Angle, EarthLocation, HADec, SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS

from sequencer.clock import parse_utc
from sequencer.config import load_instrument, load_site
from sequencer.sky.site import Site, horizontal_frame, offline

from .raw_frames import Frame, run_opticam

CHIP_PX = 2048
PIXEL_MM = 0.018


def test_world_coordinates_of_a_window_are_those_of_the_whole_chip(runs: dict[str, list[Frame]]) -> None:
    scale_arcsec = {"2RG": 0.00547, "GEO": 0.00679, "IFU": 0.0082}
    for frame in runs["metis"]:
        chip, cards = frame.headers[1], frame.primary
        assert chip["CRPIX1"] + cards["ESO DET WIN STRX"] - 1 == 1024.5
        assert chip["CDELT1"] * 3600 == pytest.approx(scale_arcsec[cards["ESO DET ID"]], rel=1e-9)
        assert cards["ESO OCS PXSCALE"] == pytest.approx(scale_arcsec[cards["ESO DET ID"]])


def imagers(runs: dict[str, list[Frame]]) -> list[Frame]:
    return [frame for frame in runs["metis"] if frame.primary["ESO DET ID"] in ("2RG", "GEO")]


def test_the_focal_plane_of_an_imager_is_that_of_the_whole_chip_whatever_the_window(
    runs: dict[str, list[Frame]],
) -> None:
    """The middle of 2048 pixels of 18 um is the middle of the plane (irdb, FPA_metis_img_lm_layout.dat)."""
    for frame in imagers(runs):
        first = np.array([frame.primary[f"ESO DET WIN STR{axis}"] for axis in "XY"])
        size = np.array([frame.primary[f"ESO DET WIN N{axis}"] for axis in "XY"])
        assert max(size) < CHIP_PX, "the test is of a window"
        with fits.open(frame.path) as hdus:
            plane = WCS(hdus[1].header, key="D")
        assert [str(unit) for unit in plane.wcs.cunit] == ["mm", "mm"]
        assert plane.wcs.name == "focal plane"
        for corner in ((1, 1), tuple(size)):
            [place_mm] = plane.wcs_pix2world([corner], 1)
            on_chip = first + np.array(corner) - 1
            assert place_mm == pytest.approx((on_chip - (CHIP_PX + 1) / 2) * PIXEL_MM, abs=1e-9)


def test_both_descriptions_of_a_frame_have_the_plate_scale_of_the_imager(
    runs: dict[str, list[Frame]],
) -> None:
    """0.30389 arcsec/mm in LM (irdb, METIS_IMG_LM.yaml), 6.79 mas of 18 um in N."""
    for frame in imagers(runs):
        with fits.open(frame.path) as hdus:
            sky, plane = WCS(hdus[1].header), WCS(hdus[1].header, key="D")
        arcsec_mm = 3600.0 * sky.wcs.cdelt / plane.wcs.cdelt
        expected = {"2RG": 0.30389, "GEO": 6.79 / 18}[frame.primary["ESO DET ID"]]
        assert arcsec_mm == pytest.approx(np.full(2, expected), rel=1e-4)


def test_no_place_in_the_focal_plane_is_given_where_upstream_disagrees(runs: dict[str, list[Frame]]) -> None:
    others = [frame for frame in runs["metis"] if frame.primary["ESO DET ID"] == "IFU"]
    assert others
    for header in [header for frame in others for header in frame.headers[1:]]:
        assert not [key for key in header if key.startswith(("CRPIX1D", "CRVAL1D", "CDELT1D", "WCSAXESD"))]


@pytest.mark.parametrize("instrument", ["metis", "opticam"])
def test_sidereal_time_is_that_of_the_site_when_the_exposure_began(
    runs: dict[str, list[Frame]], instrument: str
) -> None:
    offline()
    place = load_site(load_instrument(instrument).site)
    for frame in runs[instrument]:
        begun = Time(frame.primary["DATE-OBS"], scale="utc")
        expected_s = begun.sidereal_time("mean", place.longitude_deg).hour * 3600.0
        assert frame.primary["LST"] == pytest.approx(expected_s, abs=2e-3)


def test_a_telescope_that_stands_still_points_at_another_sky_every_moment(
    runs: dict[str, list[Frame]],
) -> None:
    """RA and DEC are those of the exposure, not of the arrival; the parallactic angle is that of the zenith seen from
    there (the pole of ICRS is 0.15 deg from that of 2027). The sky passes at 14 arcsec a second.
    """
    flats = [frame.primary for frame in runs["metis"] if "RA" in frame.primary]
    assert flats
    for cards in flats:
        site = Site("here", *(cards[f"ESO TEL {word}"] for word in ("GEOLAT", "GEOLON", "GEOELEV")))
        sky = horizontal_frame(parse_utc(cards["DATE-OBS"]), site)
        zenith = SkyCoord(alt=90 * u.deg, az=0 * u.deg, frame=sky).icrs
        pointing = SkyCoord(cards["RA"], cards["DEC"], unit="deg")
        assert pointing.position_angle(zenith).deg == pytest.approx(cards["ESO TEL PARANG START"], abs=0.3)
        seen = pointing.transform_to(sky)
        assert seen.alt.deg == pytest.approx(cards["ESO TEL ALT"], abs=60 / 3600)
        assert seen.az.deg == pytest.approx(cards["ESO TEL AZ"], abs=60 / 3600)


def target_cards(frame: Frame) -> dict[str, object]:
    return {key: value for key, value in frame.primary.items() if key.startswith("ESO TEL TARG ")}


@pytest.mark.parametrize("instrument", ["metis", "opticam"])
def test_a_target_the_telescope_does_not_look_at_has_no_cards(
    runs: dict[str, list[Frame]], instrument: str
) -> None:
    """METIS stands still, OPTICAM tracks another field."""
    named = [frame for frame in runs[instrument] if frame.primary.get("ESO OBS TARG NAME") == "NGC 253"]
    assert len(named) > 2
    assert not any(target_cards(frame) for frame in named)


def test_the_target_a_telescope_tracks_is_in_its_frames_but_not_in_their_darks(
    runs: dict[str, list[Frame]], tmp_path: Path
) -> None:
    """The same flats again, of a block whose target is where the telescope went: ALPHA 1234.5 is 00:12:34.5."""
    flat = runs["opticam"][0].primary
    where = SkyCoord(flat["RA"], flat["DEC"], unit="deg")
    ra = str(where.ra.to_string("hour", sep=" ", precision=2, pad=True))
    dec = str(where.dec.to_string(sep=" ", precision=1, pad=True, alwayssign=True))
    target = {"name": "field", "ra": ra, "dec": dec, "epoch": 2015.5, "pm_ra_arcsec_yr": 0.25}
    frames = run_opticam(tmp_path, target=target)
    flats = [frame for frame in frames if frame.primary["ESO DPR TYPE"] == "FLAT,TWILIGHT"]
    assert flats
    for frame in flats:
        assert target_cards(frame) == {
            "ESO TEL TARG NAME": "field",
            "ESO TEL TARG ALPHA": float(ra.replace(" ", "")),
            "ESO TEL TARG DELTA": float(dec.replace(" ", "")),
            "ESO TEL TARG EPOCH": 2015.5,
            "ESO TEL TARG EQUINOX": 2000.0,
            "ESO TEL TARG PMA": 0.25,
        }
    assert not any(target_cards(frame) for frame in frames if frame not in flats)


def test_the_derotator_keeps_the_field_upright(runs: dict[str, list[Frame]]) -> None:
    """At a Nasmyth focus the field turns with the parallactic angle and the altitude; the angle is astropy's."""
    offline()
    place = load_site(load_instrument("metis").site)
    site = EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.elevation_m)
    zenith = SkyCoord(0.0, place.latitude_deg, unit="deg")
    turning = [frame for frame in runs["metis"] if frame.primary["ESO INS CFO_DROT MODE"] == "FIELD"]
    assert turning
    for frame in turning:
        altitude_deg = frame.primary["ESO TEL ALT"]
        horizontal = AltAz(
            az=frame.primary["ESO TEL AZ"] * u.deg,
            alt=altitude_deg * u.deg,
            obstime=Time(frame.primary["DATE-OBS"]),
            location=site,
        )
        hour = horizontal.transform_to(HADec(obstime=horizontal.obstime, location=site))
        star = SkyCoord(-hour.ha.to(u.deg), hour.dec)
        expected = Angle(star.position_angle(zenith) + altitude_deg * u.deg).wrap_at(180 * u.deg)
        assert frame.primary["ESO INS DROT POSANG"] == pytest.approx(expected.deg, abs=0.3)


def test_a_stopped_derotator_says_where_it_stands(runs: dict[str, list[Frame]]) -> None:
    stopped = [frame for frame in runs["metis"] if frame.primary["ESO INS CFO_DROT MODE"] == "STOPPED"]
    assert stopped
    assert all(-180.0 <= frame.primary["ESO INS DROT POSANG"] <= 180.0 for frame in stopped)
