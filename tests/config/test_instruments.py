"""The packaged instruments, sites and deployments hold the published figures."""

from __future__ import annotations

import pytest

from sequencer.config import load_deployment, load_instrument, load_site
from sequencer.config.search import known_names

METIS = load_instrument("metis")

# Background in e-/s/pixel at airmass 1.0 and 2.5, as tabulated (ScopeSim with the METIS package of irdb).
TABULATED = {
    "LM": {
        "Lp": (2.3678e5, 2.7946e5),
        "short-L": (58781, 71368),
        "L_spec": (4.9189e5, 5.7688e5),
        "Mp": (1.5641e6, 1.9284e6),
        "M_spec": (3.1348e6, 3.8331e6),
        "Br_alpha": (25957, 33048),
        "Br_alpha_ref": (25969, 30074),
        "PAH_3.3": (14267, 17188),
        "PAH_3.3_ref": (12636, 14870),
        "CO_1-0_ice": (5.5611e5, 6.91e5),
        "CO_ref": (9.38e5, 1.165e6),
        "H2O-ice": (17826, 22616),
        "IB_4.05": (85267, 1.0671e5),
        "HCI_L_short": (50358, 56532),
        "HCI_L_long": (1.0002e5, 1.1311e5),
        "HCI_M": (7.9856e5, 9.9065e5),
        "open": (3.95e6, 4.81e6),
    },
    "N": {
        "N1": (5.4865e7, 6.385e7),
        "N2": (1.3818e8, 1.5119e8),
        "N3": (8.3241e7, 9.6014e7),
        "N_spec": (3.7083e8, 4.3115e8),
        "PAH_8.6": (2.133e7, 2.4851e7),
        "PAH_8.6_ref": (1.7273e7, 1.9357e7),
        "PAH_11.25": (2.0153e7, 2.1461e7),
        "PAH_11.25_ref": (2.0618e7, 2.2532e7),
        "Ne_II": (1.6935e7, 2.0073e7),
        "Ne_II_ref": (1.8845e7, 2.3869e7),
        "S_IV": (1.119e7, 1.2506e7),
        "S_IV_ref": (1.2062e7, 1.2879e7),
        "open": (5.77e8, 6.53e8),
    },
}


FIT = 2 * 0.0036
"""Twice the published rms of the fit of telescope + sky * airmass ** exponent to the tabulated rates."""


@pytest.mark.parametrize("camera", ["LM", "N"])
def test_metis_filters_give_the_tabulated_background(camera):
    filters = METIS.cameras[camera].filters
    assert filters.keys() == TABULATED[camera].keys()
    for name, (at_1, at_25) in TABULATED[camera].items():
        item = filters[name]
        assert item.telescope_e_s + item.sky_e_s == pytest.approx(at_1, rel=FIT), name
        assert item.telescope_e_s + item.sky_e_s * 2.5**item.sky_exponent == pytest.approx(at_25, rel=FIT), (
            name
        )
        assert item.band_um[0] < item.wavelength_um < item.band_um[1]
        assert item.source


def test_metis_detectors_have_the_published_figures():
    lm, n, ifu = (METIS.detectors[name] for name in ("LM", "N", "IFU"))
    assert [detector.index for detector in (lm, n, ifu)] == [1, 2, 3]
    assert [detector.dpr_tech for detector in (lm, n, ifu)] == ["IMAGE,LM", "IMAGE,N", "IFU"]
    assert [chip.extname for chip in ifu.chips] == ["DET1.DATA", "DET2.DATA", "DET3.DATA", "DET4.DATA"]
    assert [chip.border_px for chip in ifu.chips] == [
        (32, 0, 32, 64),
        (32, 64, 32, 0),
        (32, 64, 32, 0),
        (32, 0, 32, 64),
    ]
    assert lm.chips[0].border_px == (64, 64, 64, 64)
    assert n.chips[0].border_px == (28, 28, 28, 28)
    figures = {
        (name, mode): (m.min_dit_s, m.full_well_e, m.gain_e_adu, m.read_noise_e, m.dark_e_s)
        for name, detector in METIS.detectors.items()
        for mode, m in detector.modes.items()
    }
    assert figures == {
        ("LM", "fast"): (0.04, 1e5, 4.0, 70, 0.05),
        ("LM", "slow"): (1.3, 1e5, 2.5, 15, 0.05),
        ("N", "high_capacity"): (0.011, 2.8e6, 201, 300, 1e5),
        ("N", "low_capacity"): (0.011, 1.8e5, 14, 35, 1e5),
        ("IFU", "nominal"): (1.3, 1e5, 2.0, 70, 0.1),
    }
    assert {name: d.default_mode for name, d in METIS.detectors.items()} == {
        "LM": "fast",
        "N": "high_capacity",
        "IFU": "nominal",
    }
    assert {d.size_px for d in METIS.detectors.values()} == {(2048, 2048)}
    assert [d.settle_exposures for d in (lm, n)] == [1, 2]


def test_every_mechanism_and_spelling_of_the_operations_pages_is_known():
    assert [f"INS.OPTI{i}.NAME" in METIS.mechanisms for i in range(1, 21)] == [True] * 20
    spelled = {
        "INS.OPTI10.NAME": {
            "L'": "Lp",
            "shortL": "short-L",
            "PAH3.3": "PAH_3.3",
            "Br-alpha": "Br_alpha",
            "M'": "Mp",
            "CO(1-0)/ice": "CO_1-0_ice",
            "full_L": "L_spec",
            "full_M": "M_spec",
            "H2Oice": "H2O-ice",
        },
        "INS.OPTI11.NAME": {"ND1": "ND_OD1", "ND5": "ND_OD5"},
        "INS.OPTI13.NAME": {
            "PAH8.6": "PAH_8.6",
            "[NeII]": "Ne_II",
            "[SIV]_ref": "S_IV_ref",
            "full_N": "N_spec",
        },
        "INS.OPTI14.NAME": {"ND4": "ND_OD4"},
        "INS.OPTI5.NAME": {"CLOSED": "DARK"},
    }
    for keyword, aliases in spelled.items():
        assert {alias: METIS.mechanisms[keyword].aliases[alias] for alias in aliases} == aliases


def test_metis_closes_its_beam_by_mechanisms_and_the_wheels_can_pass_an_open_slot():
    assert (METIS.shutter.mechanism, METIS.shutter.closed, METIS.shutter.open) == (
        "INS.OPTI1.NAME",
        "DARK",
        "PPS-CFO1",
    )
    assert (METIS.cover.mechanism, METIS.cover.closed, METIS.cover.open) == (
        "INS.OPTI3.NAME",
        "ALIGN+DARK",
        "FIELD-11",
    )
    wheel = METIS.mechanisms["INS.OPTI10.NAME"].positions
    assert len(wheel) == 18
    assert wheel.index("short-L") + 1 == wheel.index("open") == wheel.index("Lp") - 1
    assert METIS.mechanisms["INS.OPTI1.NAME"].home == "DARK"
    assert METIS.setups.keys() == {"dark", "insdark", "twilight", "hand_over"}
    assert METIS.setups["hand_over"]["INS.OPTI1.NAME"] == "DARK"
    assert not {"INS.OPTI1.NAME", "INS.OPTI3.NAME"} & METIS.setups["twilight"].keys()


def test_metis_can_point_at_airmass_2_5_and_names_its_assumptions():
    assert METIS.telescope.altitude_deg == (20, 88)
    assert METIS.cameras["LM"].sun_altitude_deg == (-18, -9)
    text = " ".join(METIS.assumed)
    for name in ("altitude_deg", "overhead_s", "nonlinearity_k", "seconds_per_step", "settle_exposures"):
        assert name in text


def test_megara_is_as_its_pipeline_wants_it():
    megara = load_instrument("megara")
    detector = megara.detectors["MEGARA"]
    assert detector.size_px == (4196, 4212)
    assert detector.layout == "megara"
    assert detector.modes["SLOW"].amplifier_gains_e_adu == [1.73, 1.60]
    assert detector.modes["SLOW"].min_dit_s == 0
    assert megara.cover.halves == ["LEFT", "RIGHT"]
    assert megara.cover.mechanism == megara.shutter.mechanism == ""
    assert megara.mechanisms["INSMODE"].positions == ["LCB", "MOS"]
    assert load_site(megara.site).latitude_deg == pytest.approx(28.7566, abs=0.001)


def test_the_plain_camera_reaches_half_a_full_well_in_seconds_at_dusk():
    camera = load_instrument("opticam").cameras["CCD"]
    paranal_v = {5.0: 11.84, 7.0: 11.84 + 2 * 1.518 - 4 * 0.057}  # Patat et al. 2006, V
    half_well_s = {
        h: 5e4 / (camera.filters["V"].twilight_e_s_mag0 * 10 ** (-0.4 * m)) for h, m in paranal_v.items()
    }
    assert 1 < half_well_s[5.0] < 2
    assert 10 < half_well_s[7.0] < 30


@pytest.mark.parametrize("name", ["metis-sim", "megara-sim", "opticam-sim"])
def test_a_deployment_simulates_every_device_on_its_own_loopback_port(name):
    deployment = load_deployment(name)
    instrument = load_instrument(deployment.instrument)
    assert all(device.simulated for device in deployment.devices.values())
    endpoints = [device.endpoint for device in deployment.devices.values()]
    assert all(endpoint.startswith("tcp://127.0.0.1:") for endpoint in endpoints)
    assert len(set(endpoints)) == len(endpoints)
    cameras = {device.camera for device in deployment.devices.values() if device.kind == "detector"}
    assert cameras == instrument.detectors.keys()
    assert deployment.window_px is None
    assert load_site(instrument.site).source


def test_ports_of_different_deployments_do_not_meet():
    ports = [
        d.endpoint for name in known_names("deployments") for d in load_deployment(name).devices.values()
    ]
    assert len(set(ports)) == len(ports)
