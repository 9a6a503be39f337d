"""How much light a camera collected between two moments: the rate integrated over what the beam held."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from simulators.world.beam import Beam
from simulators.world.pointing import Pointing
from simulators.world.scene import Scene

GAUSS_NODES = ((-0.7745966692414834, 5 / 9), (0.0, 8 / 9), (0.7745966692414834, 5 / 9))
"""Gauss-Legendre nodes and weights of order 3 on -1..1."""

PIECE_S = 60.0


@dataclass(frozen=True)
class Piece:
    """A stretch of time in which one filter stood in the beam: electrons per pixel and seconds fully open."""

    start_s: float
    end_s: float
    filter_name: str
    electrons: float
    open_s: float
    text: str


@dataclass(frozen=True)
class Collected:
    """Light of one filter: electrons per average lit pixel, and the seconds of a beam fully open."""

    electrons: float = 0.0
    open_s: float = 0.0


def pieces(
    beam: Beam, pointing: Pointing, scene: Scene, camera: str, start_s: float, end_s: float
) -> list[Piece]:
    """Light on `camera` from start to end, cut where beam, telescope, clouds or lamps begin or end a change.

    Within a piece (60 s at most) the rate is smooth and three Gauss nodes integrate it.
    """
    moments = (
        beam.breaks(camera, start_s, end_s),
        pointing.breaks(start_s, end_s),
        scene.breaks(start_s, end_s),
    )
    edges = sorted({start_s, end_s, *(time_s for times in moments for time_s in times)})
    return [
        _integrate(beam, scene, camera, left, right)
        for begin, stop in pairwise(edges)
        for left, right in _split(begin, stop)
    ]


def by_filter(found: list[Piece]) -> dict[str, Collected]:
    """The light of pieces summed over each filter that let any through."""
    totals: dict[str, Collected] = {}
    for piece in found:
        if piece.open_s > 0.0:
            before = totals.get(piece.filter_name, Collected())
            totals[piece.filter_name] = Collected(
                before.electrons + piece.electrons, before.open_s + piece.open_s
            )
    return totals


def _split(start_s: float, end_s: float) -> list[tuple[float, float]]:
    count = max(1, round((end_s - start_s) / PIECE_S + 0.5))
    width = (end_s - start_s) / count
    return [(start_s + i * width, start_s + (i + 1) * width) for i in range(count)]


def _integrate(beam: Beam, scene: Scene, camera: str, start_s: float, end_s: float) -> Piece:
    half, middle = (end_s - start_s) / 2, (start_s + end_s) / 2
    electrons = open_s = 0.0
    for node, weight in GAUSS_NODES:
        time_s = middle + half * node
        state = beam.state(camera, time_s)
        if state.opening > 0.0:
            open_s += half * weight * state.opening
            electrons += half * weight * state.opening * scene.rate_e_s(camera, state.filter_name, time_s)
    state = beam.state(camera, middle)
    return Piece(start_s, end_s, state.filter_name, electrons, open_s, state.text)
