"""Header contributions of one exposure, from the read-back state of the devices and the block being executed.

Values are what was, never what was asked for, but for the cards that say what was asked for. Types, units and
comments stand in the keyword dictionary (`configs/keywords`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sequencer.acquisition import Card, plain_ascii
from sequencer.acquisition.cards import card_problem
from sequencer.acquisition.header import category
from sequencer.clock import iso
from sequencer.config.models import Chip, DetectorConfig, MechanismConfig
from sequencer.devices.client import DeviceClient
from sequencer.devices.detector import Exposed
from sequencer.devices.telescope import TelescopeState
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.observing.exchange.particulars import Particulars
from sequencer.sky import Site
from sequencer.sky.coordinates import altaz_to_radec

Value = str | int | float | bool
Rows = list[tuple[str, Value]]
ZERO_CELSIUS_K = 273.15
SIDEREAL_DEG_S = 360.0 / 86164.0905
DEG_PER_MAS = 1.0 / 3.6e6

ASKED = ("SEQ.NEXPO", "SEQ.NCYCLES", "SEQ.TIME", "SEQ.DIT.FILT.LIST", "SEQ.PRESET")
"""Parameters of a template that the operations pages want in the header."""


@dataclass(frozen=True)
class Contributor:
    """Who gives the cards (a category of the header, then a name), when, and whether measured and simulated."""

    name: str
    time_s: float
    measured: bool = True
    simulated: bool = False

    def card(self, keyword: str, value: Value, comment: str = "", extension: int | None = None) -> Card:
        """One card of this contributor."""
        return Card(keyword, value, comment, self.name, self.time_s, self.measured, self.simulated, extension)

    def cards(self, rows: Rows, extension: int | None = None) -> list[Card]:
        """Cards of this contributor."""
        return [self.card(keyword, value, extension=extension) for keyword, value in rows]


def observation_cards(run: RunContext, shot: Shot) -> list[Card]:
    """DPR, OBS, TPL and SEQ: what the block asked for and where in it this exposure stands."""
    rows: Rows = [
        ("OBJECT", shot.dpr_type),
        ("ESO DPR CATG", shot.dpr_catg),
        ("ESO DPR TYPE", shot.dpr_type),
        ("ESO DPR TECH", shot.dpr_tech),
        ("ESO OBS NAME", plain_ascii(run.ob.name)),
        ("ESO OBS PROG ID", plain_ascii(run.ob.programme)),
        ("ESO OBS ID", run.ob.particulars.id or 1 + run.seed),
        *_people_and_target(run.ob.particulars),
        ("ESO OBS TPLNO", run.template_index + 1),
        ("ESO OBS START", iso(run.started_s)),
        ("ESO TPL ID", run.template_name),
        ("ESO TPL NAME", run.template_name),
        ("ESO TPL START", iso(run.template_started_s)),
        ("ESO TPL NEXP", shot.n),
        ("ESO TPL EXPNO", shot.i),
        *([("ESO TPL PRESEQ", run.procedure)] if run.procedure else []),
        *_sequence_rows(shot),
    ]
    now_s = run.clock.now()
    cards = [
        Contributor(f"{category(row[0]) or 'OBS'} engine", now_s, measured=False).card(*row) for row in rows
    ]
    return cards + list(_asked(run, shot, Contributor("SEQ engine", now_s, measured=False)))


def _people_and_target(block: Particulars) -> Rows:
    """What the block says of itself; what it does not say has no card."""
    rows: Rows = [
        ("OBSERVER", block.observer),
        ("ESO OBS OBSERVER", block.observer),
        ("PI-COI", block.pi),
        ("ESO OBS PI-COI NAME", block.pi),
        ("ESO OBS TARG NAME", block.target.name),
    ]
    return [row for row in rows if row[1]]


def telescope_cards(run: RunContext, suffix: str) -> list[Card]:
    """TEL: where the telescope is; `suffix` START or END names the sampled pairs."""
    client = run.devices.telescope
    if client is None:
        return []
    state, site = client.state, run.site
    who = _contributor("TEL", client, run)
    angle_deg = parallactic_angle_deg(state.altitude_deg, state.azimuth_deg, site.latitude_deg)
    rows: Rows = [(f"ESO TEL PARANG {suffix}", round(angle_deg, 3))]
    if state.airmass >= 1.0:
        rows.append((f"ESO TEL AIRM {suffix}", round(state.airmass, 4)))
    if suffix == "START":
        ra_deg, dec_deg = _direction(state, run.clock.now(), site)
        rows += [
            ("ESO TEL ALT", round(state.altitude_deg, 4)),
            ("ESO TEL AZ", round(state.azimuth_deg, 4)),
            ("ESO TEL AMBI TEMP", round(state.ambient_k - ZERO_CELSIUS_K, 2)),
            ("ESO TEL TRAK STATUS", "NORMAL" if state.tracking else "OFF"),
            ("ESO TEL GEOELEV", site.elevation_m),
            ("ESO TEL GEOLAT", site.latitude_deg),
            ("ESO TEL GEOLON", site.longitude_deg),
            ("RA", round(ra_deg, 6)),
            ("DEC", round(dec_deg, 5)),
            ("EQUINOX", 2000.0),
            ("RADESYS", "ICRS"),
        ]
    return who.cards(rows)


def _direction(state: TelescopeState, time_s: float, site: Site) -> tuple[float, float]:
    """ICRS right ascension and declination in deg; of a telescope that stands still they move on with the sky."""
    if state.tracking:
        return state.ra_deg, state.dec_deg
    minute = math.floor(time_s / 60.0)
    ra_deg, dec_deg = _standing(state.altitude_deg, state.azimuth_deg, minute, site)
    return (ra_deg + SIDEREAL_DEG_S * (time_s - 60.0 * minute)) % 360.0, dec_deg


@lru_cache(maxsize=16)
def _standing(altitude_deg: float, azimuth_deg: float, minute: int, site: Site) -> tuple[float, float]:
    """The direction at the beginning of a minute; cached, as it takes astropy 5 ms."""
    ra_deg, dec_deg = altaz_to_radec(altitude_deg, azimuth_deg, 60.0 * minute, site)
    return float(ra_deg), float(dec_deg)


def parallactic_angle_deg(altitude_deg: float, azimuth_deg: float, latitude_deg: float) -> float:
    """Angle at the star between north pole and zenith, -180 to 180 deg, positive west of the meridian.

    Azimuth counts from north through east. Spherical triangle pole-zenith-star (Smart, Spherical Astronomy, 1).
    """
    altitude, azimuth, latitude = (math.radians(angle) for angle in (altitude_deg, azimuth_deg, latitude_deg))
    across = -math.sin(azimuth) * math.cos(latitude)
    along = math.sin(latitude) * math.cos(altitude) - math.cos(latitude) * math.sin(altitude) * math.cos(
        azimuth
    )
    return math.degrees(math.atan2(across, along))


def instrument_cards(run: RunContext, camera: str) -> list[Card]:
    """INS and DRS: the positions the mechanisms really have, and light stop and cover."""
    cards: list[Card] = []
    client = run.devices.mechanisms
    if client is not None:
        who = _contributor("INS", client, run)
        cards.append(who.card("ESO INS SWSIM", _simulation(client)))
        for keyword, position in sorted(client.state.positions.items()):
            config = run.instrument.mechanisms[keyword]
            if config.camera in ("", camera):
                moving = keyword in client.state.moving
                cards += who.cards(_mechanism_rows(config, keyword, position, moving, client.simulated))
    return cards + stop_cards(run, "ST")


def stop_cards(run: RunContext, suffix: str) -> list[Card]:
    """INS: light stop and cover as read back; `suffix` is ST before the exposure, END after it."""
    return [
        Contributor(f"INS {stop.name}", run.clock.now(), simulated=run.simulated).card(
            f"ESO INS {keyword} {suffix}", stop.position
        )
        for stop, keyword in ((run.shutter, "SHUT"), (run.cover, "COVER"))
        if stop is not None
    ]


def detector_cards(
    config: DetectorConfig, shot: Shot, client: DeviceClient[Any], run: RunContext
) -> list[Card]:
    """DET: what the detector was told, in the primary, and what each chip is like, in its extension."""
    who = _contributor("DET", client, run)
    told = Contributor(who.name, who.time_s, measured=False, simulated=who.simulated)
    nx, ny = client.state.window_px
    first = (1 + (config.size_px[0] - nx) // 2, 1 + (config.size_px[1] - ny) // 2)
    rows: Rows = [
        ("ESO DET ID", config.detector_id),
        ("ESO DET EXP NO", run.exposures),
        ("ESO DET CON OPMODE", _simulation(client)),
        ("ESO DET WIN STRX", first[0]),
        ("ESO DET WIN STRY", first[1]),
        ("ESO DET WIN NX", nx),
        ("ESO DET WIN NY", ny),
    ]
    coordinates = _coordinate_rows(config, first) if config.layout == "extensions" else []
    if coordinates:
        rows.append(("ESO OCS PXSCALE", config.pixel_scale_mas / 1000.0))
    cards = told.cards(_readout_rows(config, shot.dit_s, shot.ndit, shot.mode)) + who.cards(rows)
    for number, chip in enumerate(config.chips, start=1):
        cards += who.cards(_chip_rows(config, shot.mode, chip, number) + coordinates, number)
    return cards


def exposed_cards(
    config: DetectorConfig, result: Exposed, client: DeviceClient[Any], run: RunContext
) -> list[Card]:
    """DET: how the detector says that it integrated; a reading beats what it was told."""
    return _contributor("DET", client, run).cards(
        _readout_rows(config, result.dit_s, result.ndit, result.mode)
    )


def structure_cards(run: RunContext) -> list[Card]:
    """INSTRUME, TELESCOP and the constant cards of the instrument file."""
    who = Contributor("instrument", run.clock.now(), measured=False)
    instrument = run.instrument
    return who.cards(
        [
            ("ORIGIN", "hil-sequencer"),
            ("TELESCOP", instrument.telescope.name),
            ("INSTRUME", instrument.name),
            *instrument.header.items(),
        ]
    )


def _contributor(category: str, client: DeviceClient[Any], run: RunContext) -> Contributor:
    return Contributor(f"{category} {client.name}", run.clock.now(), simulated=client.simulated)


def _simulation(client: DeviceClient[Any]) -> str:
    return "HW-SIM" if client.simulated else "NORMAL"


def _sequence_rows(shot: Shot) -> Rows:
    """Where in the sequence the exposure stands; what has no meaning for it is left out."""
    rows: Rows = [
        ("ESO SEQ KIND", shot.kind),
        ("ESO SEQ LEVEL", shot.level_target),
        ("ESO SEQ LEVELNO", shot.level_number),
        ("ESO SEQ PASS", shot.ladder_pass),
        ("ESO SEQ EXPID", shot.exposure),
    ]
    if shot.sequence_mode:
        rows.append(("ESO SEQ MODE", shot.sequence_mode))
    if shot.airmass_level >= 1.0:
        rows.append(("ESO SEQ AIRMASS", shot.airmass_level))
    if shot.floor_e_s is not None:
        rows.append(("ESO SEQ FLOOR", round(shot.floor_e_s, 4)))
    return rows


def _asked(run: RunContext, shot: Shot, who: Contributor) -> Iterator[Card]:
    """What the template was told, as far as a card holds it."""
    own = f"SEQ.NEXPO{run.instrument.detectors[shot.camera].index}"
    for call in run.ob.templates:
        if (call.index, call.name) != (run.template_index, run.template_name):
            continue
        for name in (*ASKED, own):
            value = call.parameters.get(name)
            if value not in (None, []):
                text = " ".join(map(str, value)) if isinstance(value, list) else value
                card = who.card(f"ESO {name.replace('.', ' ')}", text)
                if not card_problem(card):
                    yield card


def _mechanism_rows(
    config: MechanismConfig, keyword: str, position: str, moving: bool, simulated: bool
) -> Rows:
    """One mechanism: its keyword, its DRS name, and what its device says of itself beside `INS.x.NAME` or `.MODE`."""
    dotted = "." in keyword
    rows: Rows = [(f"ESO {keyword.replace('.', ' ')}" if dotted else keyword, position)]
    if config.drs_keyword:
        rows.append((f"ESO {config.drs_keyword.replace('.', ' ')}", position))
    if not dotted:
        return rows
    stem = rows[0][0].rpartition(" ")[0]
    if keyword.endswith(".NAME"):
        rows.append((f"{stem} POSNAME", position))
    if position in config.positions:
        rows.append((f"{stem} POS", config.positions.index(position)))
    return [
        *rows,
        (f"{stem} ID", config.name),
        (f"{stem} STAT", "Moving" if moving else "Standstill"),
        (f"{stem} DEVSIM", simulated),
    ]


def _coordinate_rows(config: DetectorConfig, first: tuple[int, int]) -> Rows:
    """Linear world coordinates: offsets from the middle of the whole chip; `first` pixel (from 1) of the window."""
    rows: Rows = [("WCSAXES", 2)]
    for axis, (size, start) in enumerate(zip(config.size_px, first, strict=True), start=1):
        rows += [
            (f"CTYPE{axis}", "LINEAR"),
            (f"CRPIX{axis}", 0.5 * (size + 1) - (start - 1)),
            (f"CRVAL{axis}", 0.0),
            (f"CDELT{axis}", config.pixel_scale_mas * DEG_PER_MAS),
            (f"CUNIT{axis}", "deg"),
        ]
    return rows


def _readout_rows(config: DetectorConfig, dit_s: float, ndit: int, mode: str) -> Rows:
    """How the detector integrates; a detector of one read-out mode has none to name for itself."""
    n = config.index
    return [
        ("ESO DET DIT", dit_s),
        ("ESO DET NDIT", ndit),
        ("ESO DET NCORRS NAME", mode),
        (f"ESO DET{n} DIT", dit_s),
        (f"ESO DET{n} NDIT", ndit),
        *([(f"ESO DET{n} MODE", mode)] if len(config.modes) > 1 else []),
    ]


def _chip_rows(config: DetectorConfig, mode_name: str, chip: Chip, number: int) -> Rows:
    stem, mode = f"ESO DET{config.index} CHIP", config.modes[mode_name]
    return [
        (f"{stem} ID", f"{config.detector_id}-{number}"),
        *([(f"{stem} MODE", mode_name)] if len(config.modes) > 1 else []),
        (f"{stem} NX", config.size_px[0]),
        (f"{stem} NY", config.size_px[1]),
        (f"{stem} MINDIT", mode.min_dit_s),
        (f"{stem} FULLWELL", mode.full_well_e),
        (f"{stem} RON", mode.read_noise_e),
        (f"{stem} DARK", mode.dark_e_s),
        (f"{stem} GAIN", mode.gain_e_adu),
        (f"{stem} REFPIX", ",".join(map(str, chip.border_px))),
    ]
