"""INS and DRS: mechanisms and light stops as read back."""

from __future__ import annotations

from collections.abc import Mapping

from sequencer.acquisition import Card
from sequencer.config.models import MechanismConfig
from sequencer.engine.cards.contributor import Contributor, Rows, Scene, of_device, simulation


def instrument_cards(run: Scene, camera: str) -> list[Card]:
    """INS and DRS: the positions the mechanisms really have, and light stop and cover."""
    cards: list[Card] = []
    client = run.devices.mechanisms
    if client is not None:
        who = of_device("INS", client, run)
        cards.append(who.card("ESO INS SWSIM", simulation(client)))
        seen = {
            keyword: config
            for keyword, config in run.instrument.mechanisms.items()
            if keyword in client.state.positions and config.camera in ("", camera)
        }
        for keyword, config in seen.items():
            position, moving = client.state.positions[keyword], keyword in client.state.moving
            cards += who.cards(mechanism_rows(config, keyword, position, moving, client.simulated))
            angle_deg = client.state.angles_deg.get(keyword)
            if config.angle_keyword and angle_deg is not None:
                cards.append(who.card(f"ESO {config.angle_keyword.replace('.', ' ')}", round(angle_deg, 3)))
        cards += who.cards(drs_rows(seen, client.state.positions))
    return cards + stop_cards(run, "ST")


def drs_rows(mechanisms: Mapping[str, MechanismConfig], positions: Mapping[str, str]) -> Rows:
    """The positions as the pipeline calls them: of several mechanisms under one name all, joined by commas."""
    found: dict[str, list[str]] = {}
    for keyword, config in mechanisms.items():
        if config.drs_keyword:
            found.setdefault(f"ESO {config.drs_keyword.replace('.', ' ')}", []).append(positions[keyword])
    return [(keyword, ",".join(names)) for keyword, names in found.items()]


def stop_cards(run: Scene, suffix: str) -> list[Card]:
    """INS: light stop and cover as read back; `suffix` is ST before the exposure, END after it."""
    return [
        Contributor(f"INS {stop.name}", run.clock.now(), simulated=stop.simulated).card(
            f"ESO INS {keyword} {suffix}", stop.position
        )
        for stop, keyword in ((run.shutter, "SHUT"), (run.cover, "COVER"))
        if stop is not None
    ]


def mechanism_rows(
    config: MechanismConfig, keyword: str, position: str, moving: bool, simulated: bool
) -> Rows:
    """One mechanism: its keyword, and what its device says of itself beside `INS.x.NAME` or `.MODE`."""
    dotted = "." in keyword
    rows: Rows = [(f"ESO {keyword.replace('.', ' ')}" if dotted else keyword, position)]
    if not dotted:
        return rows
    stem = rows[0][0].rpartition(" ")[0]
    if keyword.endswith(".NAME"):
        rows.append((f"{stem} POSNAME", position))
    # modes of a rotator or a chopper have no slots: a number there would be read as an angle
    if config.kind in ("wheel", "slide") and position in config.positions:
        rows.append((f"{stem} POS", config.positions.index(position)))
    rows += [(f"{stem} ID", config.name), (f"{stem} DEVSIM", simulated)]
    # a rotator in any mode but its home may turn without being on the way to a position
    if moving or config.kind != "rotator" or position == config.home:
        rows.append((f"{stem} STAT", "Moving" if moving else "Standstill"))
    return rows
