"""Results as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .run import Results
from .score import Cell
from .targets import ANSWER_US, Outcome, missing_nights

COLUMNS = (
    "controller",
    "good",
    "of the oracle",
    "of the forecaster",
    "of the most",
    "wasted (worst)",
    "bad kept",
    "after the end",
    "level rms",
    "bias",
    "DITs",
    "flat",
    "normalise and median",
)


def summary(results: Results, found: Sequence[Outcome]) -> str:
    """The targets: limit, range of ours and of the best other over the scenes, met or missed."""
    rows = [["figure", "wanted", "ours", "best of the others", ""]]
    for outcome in found:
        target = outcome.target
        sign = "at least" if target.least else "at most"
        rows.append(
            [
                target.text,
                f"{sign} {target.shown(target.limit)}",
                _range(outcome, outcome.ours.values()),
                _range(outcome, outcome.best_others),
                "missed" if outcome.missed else "met" if outcome.ours else "not run",
            ]
        )
    answer = results.answer_us
    verdict = "met" if answer <= ANSWER_US else "missed"
    rows.append(["`next`, median", f"at most {ANSWER_US:g} µs", f"{answer:.0f} µs", "-", verdict])
    return _markdown(rows)


def details(results: Results) -> str:
    """All figures of every scene and controller."""
    parts = []
    for scene in results.scenes:
        rows = [list(COLUMNS)]
        rows += [[name, *_figures(results.cell(scene, name))] for name in results.names]
        parts.append(f"### {scene.name}\n\n{_markdown(rows)}")
    return "\n\n".join(parts)


def misses(results: Results, found: Sequence[Outcome]) -> str:
    """Every missed figure, with the nights that miss it; empty if none does."""
    rows = [["figure", "scene", "controller", "all nights", "nights (seed: value)"]]
    for outcome in found:
        nights = missing_nights(results, outcome)
        shown = outcome.target.shown
        for (scene, name), value in outcome.missed.items():
            seeds = [f"{seed}: {shown(one)}" for at, who, seed, one in nights if (at, who) == (scene, name)]
            rows.append([outcome.target.text, scene.name, name, shown(value), ", ".join(seeds)])
    return _markdown(rows) if len(rows) > 1 else ""


def _figures(cell: Cell) -> list[str]:
    return [
        f"{cell.mean('good'):.1f}",
        _percent(cell.share("oracle")),
        _percent(cell.share("forecaster")),
        _percent(cell.share("most")) if cell.mean("most") else "",
        f"{cell.mean('wasted'):.1f} ({cell.worst('wasted'):.0f})",
        f"{cell.mean('bad_kept'):.1f}",
        f"{cell.mean('after_end'):.1f}",
        _percent(cell.rms, 2),
        _percent(cell.bias, 2),
        f"{cell.mean('dits'):.0f}",
        _percent(cell.mean("flat_error"), 3),
        _percent(cell.mean("median_error"), 3),
    ]


def _range(outcome: Outcome, values: Iterable[float]) -> str:
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return "-"
    low, high = (outcome.target.shown(value) for value in (known[0], known[-1]))
    return low if low == high else f"{low} to {high}"


def _percent(value: float, digits: int = 1) -> str:
    return f"{100.0 * value:.{digits}f} %" if math.isfinite(value) else "-"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
