"""DET: how a detector integrates and what each of its chips is like."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.config.models import Chip, DetectorConfig
from sequencer.devices.detector import Exposed
from sequencer.engine.cards.contributor import AnyDevice, Contributor, Rows, Scene, of_device, simulation
from sequencer.engine.cards.coordinates import coordinate_rows
from sequencer.engine.shot import Shot


def detector_cards(
    config: DetectorConfig, shot: Shot, client: AnyDevice, run: Scene
) -> list[Card]:
    """DET: what the detector was told, in the primary, and what each chip is like, in its extension."""
    who = of_device("DET", client, run)
    told = Contributor(who.name, who.time_s, measured=False, simulated=who.simulated)
    nx, ny = client.state.window_px
    first = (1 + (config.size_px[0] - nx) // 2, 1 + (config.size_px[1] - ny) // 2)
    rows: Rows = [
        ("ESO DET ID", config.detector_id),
        ("ESO DET EXP NO", run.exposures),
        ("ESO DET CON OPMODE", simulation(client)),
        ("ESO DET WIN STRX", first[0]),
        ("ESO DET WIN STRY", first[1]),
        ("ESO DET WIN NX", nx),
        ("ESO DET WIN NY", ny),
    ]
    coordinates = coordinate_rows(config, first) if config.layout == "extensions" else []
    if coordinates:
        rows.append(("ESO OCS PXSCALE", config.pixel_scale_mas / 1000.0))
    before = _readout_rows(config, shot.dit_s, shot.ndit, shot.mode) + _temperature(client)
    cards = told.cards(before) + who.cards(rows)
    for number, chip in enumerate(config.chips, start=1):
        cards += who.cards(_chip_rows(config, shot.mode, chip, number) + coordinates, number)
    return cards


def exposed_cards(
    config: DetectorConfig, result: Exposed, client: AnyDevice, run: Scene
) -> list[Card]:
    """DET: how the detector says that it integrated; a reading beats what it was told.

    Pipelines match frames by the DIT to the last digit: it is the step of the mode's grid that was read back. A reading
    beside the grid has a card of its own.
    """
    mode = config.modes[result.mode]
    dit_s = mode.nearest_dit_s(result.dit_s)
    rows = _readout_rows(config, dit_s, result.ndit, result.mode) + _temperature(client)
    if not mode.on_grid(result.dit_s):
        rows.append(("ESO DET DITREAL", round(result.dit_s, 9)))
    return of_device("DET", client, run).cards(rows)


def _temperature(client: AnyDevice) -> Rows:
    """The detector's temperature as read last, which is as the exposure began; none where it is not measured."""
    kelvin = client.state.temperature_k
    return [] if kelvin is None else [("ESO DET CHIP TEMP", round(kelvin, 3))]


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
