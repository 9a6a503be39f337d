"""What types cannot say: each slip in an instrument, site or deployment is found, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.config import ConfigErrors, load_deployment, load_instrument, load_site
from sequencer.config.search import find_config

METIS = find_config("instruments", "metis").read_text()
SITE = """\
name: S
latitude_deg: 1
longitude_deg: 2
elevation_m: 3
weather:
  wind_m_s: 15
  humidity: 0.8
"""
DEPLOYMENT = find_config("deployments", "metis-sim").read_text()


def problems_of(load, folder: Path, text: str) -> list[str]:
    path = folder / "changed.yaml"
    path.write_text(text)
    with pytest.raises(ConfigErrors) as caught:
        load(path)
    lines = text.splitlines()
    return [f"{lines[problem.line - 1].strip()} -> {problem.text}" for problem in caught.value.problems]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "altitude_deg: [20, 88]",
            "altitude_deg: [88, 20]",
            "telescope.altitude_deg: must be [lower, upper] within 0 and 90",
        ),
        ("altitude_deg: [20, 88]", "altitude_deg: [20, 91]", "telescope.altitude_deg: must be"),
        ("altitude_deg: [20, 88]", "altitude_deg: [-1, 88]", "telescope.altitude_deg: must be"),
        ("slew_deg_s: [0.5, 1.0]", "slew_deg_s: [0.5, 0]", "telescope.slew_deg_s[1]: must be a number"),
        ("camera: LM", "camera: NL", "detectors.LM.camera: must be the detector's name LM"),
        (
            "default_mode: fast",
            "default_mode: fsat",
            "'fsat' is no read-out mode of this detector; did you mean fast?",
        ),
        (
            "min_dit_s: 0.04",
            "min_dit_s: 0",
            "modes.fast.min_dit_s: flats need a DIT of at least a step of the grid, 0.0001 s, not 0 s",
        ),
        ("index: 2", "index: 1", "detectors.N.index: 1 is already LM's"),
        ("pixel_scale_mas: 5.47", "pixel_scale_mas: 0", "pixel_scale_mas: must be a number of at least 0.001, not 0"),
        ("size_px: [2048, 2048]", "size_px: [2048, 0]", "detectors.LM.size_px[1]: must be a whole number"),
        ("[64, 64, 64, 64]", "[1024, 64, 1024, 64]", "detectors.LM.chips[0]: the border leaves no pixel"),
        ("[64, 64, 64, 64]", "[64, 1024, 64, 1024]", "detectors.LM.chips[0]: the border leaves no pixel"),
        ("[64, 64, 64, 64]", "[64, -1, 64, 64]", "detectors.LM.chips[0]: the border leaves no pixel"),
        (
            "chips: [{extname: DET1.DATA, border_px: [64, 64, 64, 64]}]",
            "chips: []",
            "a detector needs at least one chip",
        ),
        ("settle_exposures: 1", "settle_exposures: -1", "settle_exposures: must be a whole number of at least 0"),
        ("nonlinearity_k: 0.03", "nonlinearity_k: 0.25", "nonlinearity_k: must be a number below 0.25, not 0.25"),
        ("nonlinearity_k: 0.03", "nonlinearity_k: -0.01", "nonlinearity_k: must be a number of at least 0.0"),
        ("lit_fraction: 0.63", "lit_fraction: 0", "lit_fraction: must be above 0 and at most 1"),
        ("lit_fraction: 0.63", "lit_fraction: 1.1", "lit_fraction: must be above 0 and at most 1"),
        ("min_dit_s: 0.04", "min_dit_s: 4000", "modes.fast: min_dit_s 4000.0 must be below max_dit_s 3600.0"),
        ("min_dit_s: 0.04", "min_dit_s: -1", "modes.fast.min_dit_s: must be a number of at least 0.0, not -1"),
        ("full_well_e: 1.0e5", "full_well_e: 0", "modes.fast.full_well_e: must be above 0"),
        ("gain_e_adu: 4.0", "gain_e_adu: -4.0", "modes.fast.gain_e_adu: must be a number of at least 0.001, not -4.0"),
        ("dark_e_s: 0.05", "dark_e_s: -1", "modes.fast.dark_e_s: must be a number of at least 0.0, not -1"),
        ("overhead_s: 1.0", "overhead_s: 1.0, ndit_max: 0", "modes.fast.ndit_max: must be a whole number"),
        ("overhead_s: 1.0", "overhead_s: 1.0, dit_grid_s: 0", "modes.fast.dit_grid_s: must be a number"),
        ("    detector: LM", "    detector: LN", "cameras.LM.detector: 'LN' is no detector; did you mean"),
        (
            "sun_altitude_deg: [-18, -9]",
            "sun_altitude_deg: [-9, -18]",
            "cameras.LM.sun_altitude_deg: must be [lower",
        ),
        ("prior_sigma: 0.3", "prior_sigma: 0", "cameras.LM.prior_sigma: must be a number of at least 0.001, not 0"),
        (
            "      Lp: {wavelength_um: 3.816",
            "      Lq: {wavelength_um: 3.816",
            "cameras.LM.filters.Lq: 'Lq' is no position of",
        ),
        ("wavelength_um: 3.816", "wavelength_um: 0", "filters.Lp.wavelength_um: must be above 0"),
        (
            "telescope_e_s: 200600",
            "telescope_e_s: -1",
            "filters.Lp.telescope_e_s: must be a number of at least 0.0, not -1",
        ),
        (
            "telescope_e_s: 200600, sky_e_s: 36460",
            "sky_e_s: 0",
            "filters.Lp: rates must not be all 0",
        ),
        ("ND_OD1: 0.1", "ND_OD9: 0.1", "cameras.LM.nd_transmission.ND_OD9: 'ND_OD9' is no position of"),
        ("ND_OD1: 0.1", "ND_OD1: 1.1", "cameras.LM.nd_transmission.ND_OD1: must be above 0 and at most 1"),
        ("ND_OD1: 0.1", "ND_OD1: 0", "cameras.LM.nd_transmission.ND_OD1: must be above 0 and at most 1"),
        ("nd_open: OPEN", "nd_open: AJAR", "cameras.LM.nd_open: 'AJAR' is no position of INS.OPTI11.NAME"),
        ("mask_default: SPM-LM", "mask_default: SPM-N", "cameras.LM.mask_default: 'SPM-N' is no position"),
        ("mask_closed: DARK-LM", "mask_closed: DARK-N", "cameras.LM.mask_closed: 'DARK-N' is no position"),
        (
            "lens_keyword: INS.OPTI15.NAME",
            "lens_keyword: INS.OPTI99.NAME",
            "cameras.LM.lens_keyword: 'INS.OPTI99.NAME' is no mech",
        ),
        (
            "filter_keyword: INS.OPTI10.NAME",
            "filter_keyword: INS.OPTI99.NAME",
            "cameras.LM.filter_keyword: 'INS.OPTI99.NAME' is no mech",
        ),
        (
            "kind: wheel, home: DARK,",
            "kind: wheel, home: NIGHT,",
            "mechanisms.INS.OPTI1.NAME.home: 'NIGHT' is no position of this",
        ),
        (
            "positions: [OUT, ADC-1, ADC-2]",
            "positions: [OUT, ADC-1, OUT]",
            "INS.OPTI2.NAME.positions: a position is named twice",
        ),
        ("{const_90: ADC-1}", "{const_90: ADC-9}", "INS.OPTI2.NAME.aliases.const_90: 'ADC-9' is no position"),
        ("{const_90: ADC-1}", "{ADC-2: ADC-1}", "INS.OPTI2.NAME.aliases.ADC-2: is a position itself"),
        (
            "kind: slide, home: OUT",
            "kind: slide, seconds_per_step: 0, home: OUT",
            "seconds_per_step: must be a number of at least 0.001, not 0",
        ),
        (
            "in_beam: IN",
            "in_beam: INN",
            "calibration_unit.in_beam: 'INN' is no position of INS.OPTI17.NAME",
        ),
        (
            "warm_up_s: 60, temperature_k: 2500, share",
            "warm_up_s: 60, share",
            "sources.lamp.temperature_k: a source with a share needs one above 0",
        ),
        (
            "      NOMINAL: {",
            "      NOMNIAL: {",
            "spectrographs.IFU.filters.NOMNIAL: 'NOMNIAL' is no position of INS.OPTI8.NAME",
        ),
        (
            "drs_keyword: DRS.IFU, camera: IFU",
            "camera: UFI",
            "INS.OPTI6.NAME.camera: 'UFI' is no detector",
        ),
        (
            "closed: DARK, open: PPS-CFO1",
            "closed: DARKK, open: PPS-CFO1",
            "shutter.closed: 'DARKK' is no position",
        ),
        ("closed: DARK, open: PPS-CFO1", "closed: DARK, open: DARK", "shutter.open: must differ from closed"),
        (
            "closed: DARK, open: PPS-CFO1",
            "closed: DARK, open: PPS-CFO1, seconds: 0",
            "shutter.seconds: must be a number of at least 0.001, not 0",
        ),
        ("open: FIELD-11}", "open: FIELD-12}", "cover.open: 'FIELD-12' is no position"),
        (
            "    INS.CHOP.MODE: HOME",
            "    INS.CHOP.MODE: AWAY",
            "setups.twilight.INS.CHOP.MODE: 'AWAY' is no position",
        ),
        (
            "    INS.CHOP.MODE: HOME",
            "    INS.CHIP.MODE: HOME",
            "'INS.CHIP.MODE' is no mechanism; did you mean INS.CHOP.MODE",
        ),
    ],
)
def test_a_slip_in_an_instrument_is_told_at_its_line(tmp_path, old, new, told):
    found = problems_of(load_instrument, tmp_path, changed(METIS, old, new))
    assert any(told in problem for problem in found), found
    assert any(new.split("{")[0].split(":")[0].strip() in problem.split(" -> ")[0] for problem in found), (
        found
    )


def test_an_instrument_needs_a_detector_and_a_camera_a_filter(tmp_path):
    text = "name: X\nsite: paranal\ntelescope: {name: T, altitude_deg: [20, 80]}\ndetectors: {}\n"
    assert problems_of(load_instrument, tmp_path, text) == [
        "detectors: {} -> detectors: an instrument needs at least one detector"
    ]
    text += "cameras: {C: {detector: D, filter_keyword: F, filters: {}}}\n"
    found = problems_of(load_instrument, tmp_path, text)
    assert "cameras.C.filters: a camera needs at least one filter" in " ".join(found)
    assert "cameras.C.detector: 'D' is no detector" in " ".join(found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("instrument: metis", "instrument: metsi", "no instrument of this name or path; did you mean metis?"),
        (
            "tcp://127.0.0.1:21010",
            "http://127.0.0.1:21010",
            "devices.telescope.endpoint: must start with one of tcp://, ipc://, inproc://",
        ),
        (
            "127.0.0.1:21011",
            "127.0.0.1:21010",
            "devices.mechanisms.endpoint: 'tcp://127.0.0.1:21010' is already that of telescope",
        ),
        ("camera: LM", "camera: XX", "devices.detector_lm.camera: 'XX' is no detector of METIS"),
        ("camera: LM", "camera: XX", "devices: METIS needs a device for detector LM"),
        ("camera: LM", "camera: N", "devices.detector_n.camera: N is served twice"),
        ("kind: site", "kind: sources", "devices: only one device of kind sources is allowed"),
        ("kind: site", "kind: sources", "devices: METIS needs a device of kind site"),
        ("kind: mechanisms", "kind: shutter", "devices: METIS needs a device of kind mechanisms"),
        ("kind: sources", "kind: shutter", "devices: METIS needs a device of kind sources"),
        ('21013"', '21013", camera: LM', "devices.site.camera: only a detector has a camera"),
        (
            "devices:",
            "window_px: [2049, 512]\ndevices:",
            "window_px: must be within 16 and [2048, 2048] pixels",
        ),
        (
            "devices:",
            "window_px: [512, 15]\ndevices:",
            "window_px: must be within 16 and [2048, 2048] pixels",
        ),
        ('"2027-03-20T09:15:00"', "tonight", "start: 'tonight' is not a UTC time like 2027-03-20T09:15:00"),
        (
            '"2027-03-20T09:15:00"',
            "1850-01-01",
            "start: 1850-01-01T00:00:00 is not in 1995-10-10 to 2099-12-31",
        ),
    ],
)
def test_a_slip_in_a_deployment_is_told(tmp_path, old, new, told):
    found = problems_of(load_deployment, tmp_path, changed(DEPLOYMENT, old, new))
    assert any(told in problem for problem in found), found


def test_a_detector_that_is_read_as_a_whole_has_no_window(tmp_path):
    text = find_config("deployments", "megara-sim").read_text()
    found = problems_of(
        load_deployment, tmp_path, changed(text, "devices:", "window_px: [512, 512]\ndevices:")
    )
    words = (
        "window_px: MEGARA is read as a whole frame with prescan and overscan (layout megara): leave it out"
    )
    assert found == [f"window_px: [512, 512] -> {words}"]


def test_a_deployment_needs_devices_that_close_the_beam_where_no_mechanism_does(tmp_path):
    text = find_config("deployments", "opticam-sim").read_text()
    without = "\n".join(line for line in text.splitlines() if "shutter" not in line and "cover" not in line)
    found = problems_of(load_deployment, tmp_path, without)
    assert [problem.split(" -> ")[1] for problem in found] == [
        "devices: OPTICAM needs a device of kind cover",
        "devices: OPTICAM needs a device of kind shutter",
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("latitude_deg: 1", "latitude_deg: 90.5", "latitude_deg: must be within -90 and 90 deg"),
        ("longitude_deg: 2", "longitude_deg: -361", "longitude_deg: must be within -360 and 360 deg"),
        ("elevation_m: 3", "elevation_m: 9001", "elevation_m: must be within -500 and 9000 m"),
        ("elevation_m: 3", "elevation_m: -501", "elevation_m: must be within -500 and 9000 m"),
        ("elevation_m: 3", "height_m: 3", "unknown key 'height_m'"),
        ("wind_m_s: 15", "wind_m_s: 0", "weather.wind_m_s: must be above 0 and at most 100 m/s"),
        ("wind_m_s: 15", "wind_m_s: 101", "weather.wind_m_s: must be above 0 and at most 100 m/s"),
        ("humidity: 0.8", "humidity: 0", "weather.humidity: must be above 0 and at most 1"),
        ("humidity: 0.8", "humidity: 80", "weather.humidity: must be above 0 and at most 1"),
    ],
)
def test_a_slip_in_a_site_is_told(tmp_path, old, new, told):
    text = changed(SITE, old, new)
    found = problems_of(load_site, tmp_path, text)
    assert any(told in problem for problem in found)
    assert any(new in problem for problem in found)


def test_a_site_on_the_edge_of_its_limits_is_right(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("name: S\nlatitude_deg: -90\nlongitude_deg: 360\nelevation_m: 9000\n")
    assert load_site(path).latitude_deg == -90
