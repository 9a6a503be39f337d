"""Instrument, site and deployment as data: the typed form of the YAML files in `configs/`.

Every figure carries its unit in its name. Figures nobody has published are listed by name in `assumed`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sequencer.config.stages import StageConfig

Limits = tuple[float, float]

# What a figure can be at all: wide bounds, assumed; outside them is a slip of the pen or of the unit, and no run ends.
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(ge=0.0, le=7200.0)]
MoveSeconds = Annotated[float, Meta(ge=0.001, le=3600.0)]
Dit = Annotated[float, Meta(ge=0.0, le=86_400.0)]
DitGrid = Annotated[float, Meta(ge=1e-6, le=3600.0)]
Electrons = Annotated[float, Meta(ge=0.0, le=1e9)]
Gain = Annotated[float, Meta(ge=0.001, le=1000.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1e12)]
Micrometres = Annotated[float, Meta(ge=0.0, le=1000.0)]
Exponent = Annotated[float, Meta(ge=-5.0, le=10.0)]
Sigma = Annotated[float, Meta(ge=0.0, le=3.0)]
Degrees = Annotated[float, Meta(ge=0.0, le=180.0)]
Speed = Annotated[float, Meta(ge=0.1, le=100.0)]
Pixels = Annotated[int, Meta(ge=16, le=20_000)]
Index = Annotated[int, Meta(ge=1, le=99)]
Nonlinearity = Annotated[float, Meta(ge=0.0, lt=0.25)]

GRID_TOLERANCE = 1e-6
"""How far a DIT may be from its grid, in grid steps: above rounding of a float, below any real step."""
DIT_DIGITS = 9
"""Decimals of a DIT: below any grid, above what a float adds to a multiple of it."""


class WeatherLimits(Struct, forbid_unknown_fields=True, frozen=True):
    """Beyond these nothing may be open: wind in m/s, relative humidity 0 to 1. Both figures are assumed where a site
    names no others: each observatory has its own.
    """

    wind_m_s: float = 18.0
    humidity: float = 0.85
    source: str = "assumed"


class SiteConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """Where the telescope stands, and in what weather nothing may be open. Longitude is positive east."""

    name: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    source: str = ""
    weather: WeatherLimits = WeatherLimits()


class ReadoutMode(Struct, forbid_unknown_fields=True, frozen=True):
    """One detector read-out mode and its limits; electrons are per pixel and single DIT."""

    min_dit_s: Dit
    max_dit_s: Dit
    full_well_e: Electrons
    gain_e_adu: Gain
    read_noise_e: Electrons
    dark_e_s: Electrons
    overhead_s: Seconds
    dit_grid_s: DitGrid = 0.0001
    ndit_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 10000
    bias_adu: Annotated[float, Meta(ge=0.0, le=65_535.0)] = 0.0
    amplifier_gains_e_adu: list[Gain] = []

    def on_grid(self, dit_s: float) -> bool:
        """Whether the detector can integrate so long, as far as the steps of its clock go."""
        steps = dit_s / self.dit_grid_s
        return abs(steps - round(steps)) <= GRID_TOLERANCE

    def nearest_dit_s(self, dit_s: float) -> float:
        """The DIT on the grid that is nearest."""
        return round(round(dit_s / self.dit_grid_s) * self.dit_grid_s, DIT_DIGITS)


class Chip(Struct, forbid_unknown_fields=True, frozen=True):
    """One detector chip: FITS extension name and its unlit border in pixels (bottom, left, top, right)."""

    extname: str
    border_px: tuple[int, int, int, int] = (0, 0, 0, 0)


class DetectorConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """One detector subsystem that delivers one FITS file per exposure.

    `index` is the n of `DETn` keywords, `camera` the name templates use (LM, N, IFU, ...). `size_px` is
    (nx, ny). `layout` is `extensions` (empty primary, one image per chip, float32 ADU averaged over NDIT) or
    `megara` (one primary image, uint16 ADU with bias, prescan and overscan; size_px is the raw frame).
    `temperature_tolerance_k` is by how much the detector's temperature may differ in frames of one set-up (1 K: the
    dark current then differs by 10 %, assumed to double within some 7 K); null: it is no part of a set-up, for a
    detector that measures none.
    `bad_pixel_map` is a FITS file with one image of uint8 a chip, 0 where a pixel is good (a relative path counts from
    the instrument file): all others are left out of every level and share.
    """

    index: Index
    camera: str
    detector_id: str
    chips: list[Chip]
    size_px: tuple[Pixels, Pixels]
    pixel_scale_mas: Annotated[float, Meta(ge=0.001, le=1e7)]
    modes: dict[str, ReadoutMode]
    default_mode: str
    layout: Literal["extensions", "megara"] = "extensions"
    settle_exposures: Annotated[int, Meta(ge=0, le=100)] = 1
    nonlinearity_k: Nonlinearity = 0.0
    ipc_edge: Annotated[float, Meta(ge=0.0, le=0.1)] = 0.0
    ipc_corner: Annotated[float, Meta(ge=0.0, le=0.1)] = 0.0
    lit_fraction: float = 1.0
    bad_pixel_map: str = ""
    tech: str = "IMAGE"
    dpr_tech: str = "IMAGE"
    temperature_tolerance_k: float | None = 1.0


class MechanismConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """A wheel, slide or mode selector with named positions. A wheel passes the slots between, the short way.

    The mechanism is addressed by its keyword (`INS.OPTI10.NAME`); `aliases` maps other spellings to
    positions. `drs_keyword` is the keyword that repeats the position (`DRS.FILTER`) for `camera`, that of several
    mechanisms repeats all; `angle_keyword` the one that gets a rotator's angle. `follows` are the positions in which a
    rotator turns with the sky: with the parallactic angle plus the altitude (field at a Nasmyth focus), or with the
    altitude alone (pupil).
    """

    name: str
    kind: Literal["wheel", "slide", "rotator", "chopper"]
    positions: list[str]
    home: str
    seconds_per_step: MoveSeconds = 2.0
    aliases: dict[str, str] = {}
    drs_keyword: str = ""
    angle_keyword: str = ""
    follows: dict[str, Literal["field", "pupil"]] = {}
    camera: str = ""


class LightStopConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What closes the beam: a device of its own, or named positions of a mechanism.

    `mechanism` empty: the deployment has a device of that role (`shutter`, `cover`). Otherwise the
    mechanism's keyword with the position that counts as closed and the one `open` goes to.
    """

    mechanism: str = ""
    closed: str = ""
    open: str = ""
    halves: list[str] = []
    seconds: MoveSeconds = 1.0


class FilterConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """Prior of one filter: thermal rate e-/s/pixel F = telescope + sky * airmass**exponent at 280.15 K.

    `twilight_e_s_mag0` is the rate of scattered twilight at zenith for 0 mag/arcsec2 in `twilight_band`
    (0: no measurable twilight). Source: data/metis_background.csv for METIS.
    """

    wavelength_um: Micrometres
    telescope_e_s: Rate = 0.0
    sky_e_s: Rate = 0.0
    sky_exponent: Exponent = 1.0
    band_um: tuple[Micrometres, Micrometres] = (0.0, 0.0)
    twilight_band: str = ""
    twilight_e_s_mag0: Annotated[float, Meta(ge=0.0, le=1e15)] = 0.0
    source: str = ""


class CameraConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What a template must know to put one camera into the beam: which keyword holds what."""

    detector: str
    filter_keyword: str
    filters: dict[str, FilterConfig]
    nd_keyword: str = ""
    nd_open: str = "OPEN"
    nd_transmission: dict[str, float] = {}
    mask_keyword: str = ""
    mask_default: str = ""
    mask_closed: str = ""
    lens_keyword: str = ""
    sun_altitude_deg: Limits = (-18.0, -9.0)
    prior_sigma: Annotated[float, Meta(ge=0.001, le=3.0)] = 0.3


class TelescopeConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """Limits and speeds of the telescope; altitude and Sun distance bind the sequencer as well.

    `preset_s` and `filter_change_s` are what a plan reckons with: one preset with settling, one change of filter
    with the light stop closed before and opened after it. `tracks`: flats follow a field of sky, moved between
    frames by `offsets` positions `offset_arcsec` apart, each in `offset_s`; otherwise the sky drifts through.
    """

    name: str
    altitude_deg: Limits
    slew_deg_s: tuple[Speed, Speed] = (0.5, 1.0)
    settle_s: Seconds = 10.0
    preset_s: Seconds = 180.0
    filter_change_s: Seconds = 20.0
    sun_distance_deg: Degrees = 30.0
    moon_distance_deg: Degrees = 30.0
    planet_distance_deg: Degrees = 1.0
    tracks: bool = False
    offsets: Annotated[int, Meta(ge=1, le=1000)] = 5
    offset_arcsec: Annotated[float, Meta(ge=0.0, le=36_000.0)] = 10.0
    offset_s: Seconds = 0.0


class SourceConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """A calibration source: `lamp`, `laser` or `blackbody`.

    `temperature_k` is that of a lamp's light, and of a black body switched on without one; `share` is the radiance
    where the source lights the field evenly, as a share of a black body of this temperature (0, as of a laser: it
    lights no broad band).
    """

    kind: Literal["lamp", "laser", "blackbody"]
    warm_up_s: Seconds = 0.0
    temperature_k: Annotated[float, Meta(ge=0.0, le=4000.0)] = 0.0
    share: Share = 0.0


class CalibrationUnitConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """Where the light of the sources enters: the arm `mechanism`, at `in_beam`, puts it in place of the telescope.

    `closed_at` are positions of mechanisms, any of which keeps the light of the sources out; `emissivity` is how the
    unit itself glows, at ambient temperature.
    """

    mechanism: str
    in_beam: str
    closed_at: dict[str, str] = {}
    emissivity: Share = 0.0


class Instrument(Struct, forbid_unknown_fields=True, frozen=True):
    """An instrument: detectors and cameras by camera name, mechanisms by keyword, sources by name.

    `spectrographs` are light paths that no flat of the sky is taken through.

    `setups` are named mechanism set-ups ({keyword: position}) a template's source document prescribes, e.g.
    `dark`, `insdark`, `twilight`, `hand_over`. `header` are constant cards {keyword: value}. `assumed` names
    figures without a published source; `provenance` says where the others come from.
    """

    name: str
    telescope: TelescopeConfig
    site: str
    detectors: dict[str, DetectorConfig]
    cameras: dict[str, CameraConfig] = {}
    spectrographs: dict[str, CameraConfig] = {}
    mechanisms: dict[str, MechanismConfig] = {}
    sources: dict[str, SourceConfig] = {}
    calibration_unit: CalibrationUnitConfig | None = None
    shutter: LightStopConfig = LightStopConfig()
    cover: LightStopConfig = LightStopConfig()
    setups: dict[str, dict[str, str]] = {}
    header: dict[str, str | int | float | bool] = {}
    assumed: list[str] = []
    provenance: dict[str, str] = {}

    @property
    def light_paths(self) -> dict[str, CameraConfig]:
        """What stands before each detector that light reaches: of cameras and spectrographs."""
        return {**self.cameras, **self.spectrographs}

    @property
    def closed_at(self) -> dict[str, str]:
        """Mechanisms that are light stops, each with the position that shuts the light out."""
        return {stop.mechanism: stop.closed for stop in (self.shutter, self.cover) if stop.mechanism}


class DeviceConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """One device server: its role, where it listens, and whether a simulator stands in for it.

    `kind` is one of telescope, cover, shutter, mechanisms, sources, detector, site. `endpoint` is a ZeroMQ
    address of the command socket; `camera` names the detector for kind `detector`.
    """

    kind: Literal["telescope", "cover", "shutter", "mechanisms", "sources", "detector", "site"]
    endpoint: str
    simulated: bool = True
    camera: str = ""


class NightConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What the simulated night holds; the unknowns are drawn from the run's seed. All figures assumed.

    `duration_sigma` is the relative 1 sigma of how long each move, slew and read-out takes.
    """

    zero_point_sigma: Sigma = 0.3
    ambient_k: Annotated[float, Meta(ge=200.0, le=320.0)] = 280.15
    cooling_k_h: Annotated[float, Meta(ge=-20.0, le=20.0)] = 0.7
    sky_noise_sigma: Share = 0.005
    sky_noise_s: Annotated[float, Meta(ge=1.0, le=86_400.0)] = 300.0
    nonlinearity_k: Nonlinearity = 0.03
    response_sigma: Share = 0.01
    vignetting: Share = 0.03
    bad_pixel_fraction: Share = 0.001
    persistence_threshold: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.95
    persistence_fraction: Share = 0.005
    persistence_tau_s: Annotated[float, Meta(ge=1.0, le=86_400.0)] = 600.0
    star_density: Annotated[float, Meta(ge=0.0, le=100.0)] = 1.0
    twilight_scale_sigma: Sigma = 0.15
    twilight_alpha: Exponent = 2.0
    cosmic_rays_cm2_s: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.02
    duration_sigma: Share = 0.0


class Deployment(Struct, forbid_unknown_fields=True, frozen=True):
    """Which server stands where for an instrument; `window_px` (nx, ny) cuts every detector at its centre.

    `stages` are programs that reduce beside our own recipes, by name.
    """

    name: str
    instrument: str
    devices: dict[str, DeviceConfig]
    night: NightConfig = NightConfig()
    window_px: tuple[int, int] | None = None
    start: str = ""
    stages: dict[str, StageConfig] = {}
