"""TEL: where the telescope is."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.engine.cards.contributor import Rows, Scene, of_device
from sequencer.engine.cards.pointing import direction
from sequencer.sky.angles import parallactic_angle_deg

ZERO_CELSIUS_K = 273.15


def telescope_cards(run: Scene, suffix: str) -> list[Card]:
    """TEL: where the telescope is; `suffix` START or END names the sampled pairs."""
    client = run.devices.telescope
    if client is None:
        return []
    state, site = client.state, run.site
    who = of_device("TEL", client, run)
    angle_deg = parallactic_angle_deg(state.altitude_deg, state.azimuth_deg, site.latitude_deg)
    rows: Rows = [(f"ESO TEL PARANG {suffix}", round(angle_deg, 3))]
    if state.airmass >= 1.0:
        rows.append((f"ESO TEL AIRM {suffix}", round(state.airmass, 4)))
    if suffix == "START" and state.ambient_k is not None:
        rows.append(("ESO TEL AMBI TEMP", round(state.ambient_k - ZERO_CELSIUS_K, 2)))
    if suffix == "START":
        ra_deg, dec_deg = direction(state, run.clock.now(), site)
        rows += [
            ("ESO TEL ALT", round(state.altitude_deg, 4)),
            ("ESO TEL AZ", round(state.azimuth_deg, 4)),
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
