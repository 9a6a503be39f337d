"""What a file leaves out has a stated meaning: the same as if these figures were written."""

from __future__ import annotations

from pathlib import Path

from sequencer.config import load_deployment, load_instrument

INSTRUMENT = """\
name: CAM
site: paranal
telescope:
  name: T
  altitude_deg: [20, 88]{telescope}
detectors:
  CCD:
    index: 1
    camera: CCD
    detector_id: CCD
    chips: [{{extname: DET1.DATA{chip}}}]
    size_px: [64, 64]
    pixel_scale_mas: 1
    default_mode: normal{detector}
    modes:
      normal:
        {{min_dit_s: 0.1, max_dit_s: 9, full_well_e: 1, gain_e_adu: 1, read_noise_e: 1, dark_e_s: 1,
         overhead_s: 1{mode}}}
cameras:
  CCD:
    detector: CCD
    filter_keyword: INS.FILT1.NAME{camera}
    filters:
      V: {{wavelength_um: 0.5, sky_e_s: 1{filter}}}
      C: {{wavelength_um: 0.5, telescope_e_s: 1{only_telescope}}}
mechanisms:
  INS.FILT1.NAME: {{name: wheel, kind: wheel, positions: [V, C, D], home: V{mechanism}}}
sources:
  lamp: {{kind: lamp{source}}}
{instrument}
"""
NOTHING = dict.fromkeys(
    ("telescope", "chip", "detector", "mode", "camera", "filter", "only_telescope", "mechanism", "source"), ""
) | {"instrument": ""}
WRITTEN = {
    "telescope": """
  slew_deg_s: [0.5, 1.0]
  settle_s: 10
  preset_s: 180
  filter_change_s: 20
  sun_distance_deg: 30
  moon_distance_deg: 30
  planet_distance_deg: 1""",
    "chip": ", border_px: [0, 0, 0, 0]",
    "detector": """
    layout: extensions
    settle_exposures: 1
    nonlinearity_k: 0
    ipc_edge: 0
    ipc_corner: 0
    lit_fraction: 1
    tech: IMAGE
    dpr_tech: IMAGE""",
    "mode": ", dit_grid_s: 0.0001, ndit_max: 10000, bias_adu: 0, amplifier_gains_e_adu: []",
    "camera": """
    nd_keyword: ""
    nd_open: OPEN
    nd_transmission: {}
    mask_keyword: ""
    mask_default: ""
    mask_closed: ""
    lens_keyword: ""
    sun_altitude_deg: [-18, -9]
    prior_sigma: 0.3""",
    "filter": (
        ', telescope_e_s: 0, sky_exponent: 1, band_um: [0, 0], twilight_band: "", twilight_e_s_mag0: 0, source: ""'
    ),
    "only_telescope": ", sky_e_s: 0",
    "mechanism": ', seconds_per_step: 2, aliases: {}, drs_keyword: "", camera: ""',
    "source": ", warm_up_s: 0",
    "instrument": """\
shutter: {mechanism: "", closed: "", open: "", halves: [], seconds: 1}
cover: {mechanism: "", closed: "", open: "", halves: [], seconds: 1}
setups: {}
header: {}
assumed: []
provenance: {}
""",
}
DEPLOYMENT = """\
name: here
instrument: opticam
devices:
  telescope: {{kind: telescope, endpoint: "ipc://t"{device}}}
  cover: {{kind: cover, endpoint: "ipc://c"}}
  shutter: {{kind: shutter, endpoint: "ipc://s"}}
  mechanisms: {{kind: mechanisms, endpoint: "ipc://m"}}
  site: {{kind: site, endpoint: "ipc://w"}}
  detector: {{kind: detector, endpoint: "ipc://d", camera: CCD}}
{deployment}
"""
NIGHT = """\
start: ""
night:
  zero_point_sigma: 0.3
  ambient_k: 280.15
  cooling_k_h: 0.7
  sky_noise_sigma: 0.005
  sky_noise_s: 300
  nonlinearity_k: 0.03
  response_sigma: 0.01
  vignetting: 0.03
  bad_pixel_fraction: 0.001
  persistence_threshold: 0.95
  persistence_fraction: 0.005
  persistence_tau_s: 600
  star_density: 1
  twilight_scale_sigma: 0.15
  twilight_alpha: 2
  cosmic_rays_cm2_s: 0.02
"""


def test_an_instrument(tmp_path: Path) -> None:
    path = tmp_path / "cam.yaml"
    path.write_text(INSTRUMENT.format(**NOTHING))
    short = load_instrument(path)
    path.write_text(INSTRUMENT.format(**WRITTEN))
    assert load_instrument(path) == short


def test_a_deployment(tmp_path: Path) -> None:
    path = tmp_path / "here.yaml"
    path.write_text(DEPLOYMENT.format(device="", deployment=""))
    short = load_deployment(path)
    path.write_text(DEPLOYMENT.format(device=', simulated: true, camera: ""', deployment=NIGHT))
    assert load_deployment(path) == short
    assert short.window_px is None
