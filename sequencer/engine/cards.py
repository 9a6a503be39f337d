"""Header contributions of one exposure, from the read-back state of the devices and the block being executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sequencer.acquisition import Card, plain_ascii
from sequencer.acquisition.header import category
from sequencer.clock import iso
from sequencer.config.models import Chip, DetectorConfig, ReadoutMode
from sequencer.devices.client import DeviceClient
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot

Value = str | int | float | bool
MJD_UNIX_EPOCH = 40587.0


@dataclass(frozen=True)
class Contributor:
    """Who gives the cards (a category of the header, then a name), when, and whether measured and simulated."""

    name: str
    time_s: float
    measured: bool = True
    simulated: bool = False

    def card(self, keyword: str, value: Value, comment: str, extension: int | None = None) -> Card:
        """One card of this contributor."""
        return Card(keyword, value, comment, self.name, self.time_s, self.measured, self.simulated, extension)


def observation_cards(run: RunContext, shot: Shot) -> list[Card]:
    """DPR, OBS, TPL and SEQ: what the block asked for and where in it this exposure stands."""
    rows: list[tuple[str, Value, str]] = [
        ("OBJECT", shot.dpr_type, "what was observed"),
        ("ESO DPR CATG", shot.dpr_catg, "observation category"),
        ("ESO DPR TYPE", shot.dpr_type, "observation type"),
        ("ESO DPR TECH", shot.dpr_tech, "observation technique"),
        ("ESO OBS NAME", plain_ascii(run.ob.name), "observing block"),
        ("ESO OBS PROG ID", plain_ascii(run.ob.programme), "programme"),
        ("ESO OBS ID", 1 + run.seed, "observing block id"),
        ("ESO OBS TPLNO", run.template_index + 1, "template number in the block"),
        ("ESO OBS START", iso(run.started_s), "start of the block"),
        ("ESO TPL ID", run.template_name, "template"),
        ("ESO TPL NAME", run.template_name, "template"),
        ("ESO TPL START", iso(run.template_started_s), "start of the template"),
        ("ESO TPL NEXP", shot.n, "exposures of this series"),
        ("ESO TPL EXPNO", shot.i, "exposure of this series"),
        ("ESO SEQ MODE", shot.sequence_mode, "how levels are chosen"),
        ("ESO SEQ KIND", shot.kind, "flat, ladder or dark"),
        ("ESO SEQ AIRMASS", shot.airmass_level, "airmass asked for"),
        ("ESO SEQ LEVEL", shot.level_target, "level asked for, fraction of full well"),
        ("ESO SEQ LEVELNO", shot.level_number, "number of the illumination level"),
        ("ESO SEQ PASS", shot.ladder_pass, "pass through the DIT ladder"),
        ("ESO SEQ EXPID", shot.exposure, "exposure id"),
    ]
    if shot.floor_e_s is not None:
        rows.append(("ESO SEQ FLOOR", round(shot.floor_e_s, 4), "[e/s] predicted light beside the twilight"))
    now_s = run.clock.now()
    return [
        Contributor(f"{category(row[0]) or 'OBS'} engine", now_s, measured=False).card(*row) for row in rows
    ]


def telescope_cards(run: RunContext, suffix: str) -> list[Card]:
    """TEL: where the telescope is; `suffix` START or END names the sampled pairs."""
    client = run.devices.telescope
    if client is None:
        return []
    state = client.state
    who = _contributor("TEL", client, run)
    cards = [who.card(f"ESO TEL AIRM {suffix}", round(state.airmass, 4), f"airmass at {suffix.lower()}")]
    if suffix == "START":
        cards += [
            who.card("ESO TEL ALT", round(state.altitude_deg, 4), "[deg] altitude"),
            who.card("ESO TEL AZ", round(state.azimuth_deg, 4), "[deg] azimuth, north through east"),
            who.card("ESO TEL AMBI TEMP", round(state.ambient_k - 273.15, 2), "[Cel] ambient temperature"),
            who.card("ESO TEL TRAK STATUS", "NORMAL" if state.tracking else "OFF", "tracking"),
            who.card("RA", round(state.ra_deg, 6), "[deg] right ascension of the pointing"),
            who.card("DEC", round(state.dec_deg, 5), "[deg] declination of the pointing"),
        ]
    return cards


def instrument_cards(run: RunContext, camera: str) -> list[Card]:
    """INS and DRS: the positions the mechanisms really have, and light stop and cover."""
    cards: list[Card] = []
    client = run.devices.mechanisms
    if client is not None:
        who = _contributor("INS", client, run)
        for keyword, position in sorted(client.state.positions.items()):
            cards += _mechanism_cards(run, who, camera, keyword, position)
    return cards + stop_cards(run, "ST")


def stop_cards(run: RunContext, suffix: str) -> list[Card]:
    """INS: light stop and cover as read back; `suffix` is ST before the exposure, END after it."""
    return [
        Contributor(f"INS {stop.name}", run.clock.now(), simulated=run.simulated).card(
            f"ESO INS {keyword} {suffix}", stop.position, "light stop as read back"
        )
        for stop, keyword in ((run.shutter, "SHUT"), (run.cover, "COVER"))
        if stop is not None
    ]


def detector_cards(
    config: DetectorConfig, shot: Shot, client: DeviceClient[Any], run: RunContext
) -> list[Card]:
    """DET: what the detector was set to, in the primary and in each chip's extension."""
    who = _contributor("DET", client, run)
    mode = config.modes[shot.mode]
    n = config.index
    nx, ny = client.state.window_px
    rows: list[tuple[str, Value, str]] = [
        ("ESO DET ID", config.detector_id, "detector"),
        ("ESO DET DIT", shot.dit_s, "[s] detector integration time"),
        ("ESO DET NDIT", shot.ndit, "integrations averaged"),
        ("ESO DET NCORRS NAME", shot.mode, "read-out mode"),
        (f"ESO DET{n} DIT", shot.dit_s, "[s] detector integration time"),
        (f"ESO DET{n} NDIT", shot.ndit, "integrations averaged"),
        (f"ESO DET{n} MODE", shot.mode, "read-out mode"),
        ("ESO DET WIN STRX", 1 + (config.size_px[0] - nx) // 2, "first column of the window"),
        ("ESO DET WIN STRY", 1 + (config.size_px[1] - ny) // 2, "first row of the window"),
        ("ESO DET WIN NX", nx, "columns"),
        ("ESO DET WIN NY", ny, "rows"),
    ]
    cards = [who.card(*row) for row in rows]
    for number, chip in enumerate(config.chips, start=1):
        cards += [who.card(*row, number) for row in _chip_rows(config, mode, shot.mode, chip, number)]
    return cards


def time_cards(start_s: float, dit_s: float, camera: str) -> list[Card]:
    """DATE-OBS, MJD-OBS and EXPTIME of an exposure that began at `start_s`."""
    giver = Contributor(f"DET {camera}", start_s)
    return [
        giver.card("DATE-OBS", iso(start_s), "start of the exposure, UTC"),
        giver.card("MJD-OBS", round(start_s / 86400.0 + MJD_UNIX_EPOCH, 8), "[d] start of the exposure"),
        giver.card("EXPTIME", dit_s, "[s] integration time"),
    ]


def structure_cards(run: RunContext) -> list[Card]:
    """INSTRUME, TELESCOP and the constant cards of the instrument file."""
    who = Contributor("instrument", run.clock.now(), measured=False)
    rows: list[tuple[str, Value, str]] = [
        ("ORIGIN", "hil-sequencer", "who wrote the file"),
        ("TELESCOP", run.instrument.telescope.name, "telescope"),
        ("INSTRUME", run.instrument.name, "instrument"),
        *((keyword, value, "") for keyword, value in run.instrument.header.items()),
    ]
    return [who.card(*row) for row in rows]


def _contributor(category: str, client: DeviceClient[Any], run: RunContext) -> Contributor:
    return Contributor(f"{category} {client.name}", run.clock.now(), simulated=client.simulated)


def _mechanism_cards(
    run: RunContext, who: Contributor, camera: str, keyword: str, position: str
) -> list[Card]:
    config = run.instrument.mechanisms[keyword]
    if config.camera not in ("", camera):
        return []
    stem = "ESO " + keyword.replace(".", " ") if "." in keyword else keyword
    cards = [who.card(stem, position, f"{config.name}: position reached")]
    if keyword.endswith(".NAME"):
        cards += [
            who.card(stem.removesuffix("NAME") + "POSNAME", position, f"{config.name}: position reached"),
            who.card(stem.removesuffix("NAME") + "ID", config.name, "mechanism"),
        ]
    if config.drs_keyword:
        cards.append(
            who.card(
                "ESO " + config.drs_keyword.replace(".", " "), position, f"{config.name}: position reached"
            )
        )
    return cards


def _chip_rows(
    config: DetectorConfig, mode: ReadoutMode, mode_name: str, chip: Chip, number: int
) -> list[tuple[str, Value, str]]:
    stem = f"ESO DET{config.index} CHIP"
    bottom, left, top, right = chip.border_px
    return [
        (f"{stem} ID", f"{config.detector_id}-{number}", "chip"),
        (f"{stem} MODE", mode_name, "read-out mode"),
        (f"{stem} MINDIT", mode.min_dit_s, "[s] shortest DIT"),
        (f"{stem} FULLWELL", mode.full_well_e, "[e] full well"),
        (f"{stem} RON", mode.read_noise_e, "[e] read noise"),
        (f"{stem} DARK", mode.dark_e_s, "[e/s] dark current"),
        (f"{stem} GAIN", mode.gain_e_adu, "[e/adu] gain"),
        (f"{stem} REFB", bottom, "[pix] unlit rows at the bottom"),
        (f"{stem} REFL", left, "[pix] unlit columns at the left"),
        (f"{stem} REFT", top, "[pix] unlit rows at the top"),
        (f"{stem} REFR", right, "[pix] unlit columns at the right"),
    ]
