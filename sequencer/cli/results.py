"""The last lines of a run: products with their quality, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MOST_REASONS = 2

NO_DARK = "refused: no dark "
"""How the reduction begins the reason of a product refused for want of a dark."""


def product_lines(products: Iterable[Mapping[str, Any]]) -> list[str]:
    """A table of products: QA flag, file, first reasons."""
    rows = [
        (item["qa"]["flag"], Path(item["file"]).name, _reasons(item["qa"]["reasons"])) for item in products
    ]
    width = max((len(name) for _, name, _ in rows), default=0)
    return [f"  {flag:8} {name:{width}}  {reasons}".rstrip() for flag, name, reasons in rows]


def result_lines(
    summary: Mapping[str, Any], run_dir: Path, missing: str = "", *, moved: bool = True
) -> list[str]:
    """How the run ended, what of the flats asked for is missing, products, what is not safe, where the results are.

    Not `moved`: nothing was, and where the devices stood is long past.
    """
    from sequencer.engine.alarms import number_missing

    frames = [frame for template in summary["templates"] for frame in template["frames"]]
    good = sum(frame["verdict"] == "good" for frame in frames)
    outcome = summary["outcome"]
    if outcome == "completed" and summary["missing"]:
        outcome += f", but {number_missing(summary['missing'])}"
    told = f"{summary['ob']}: {outcome}, {good} of {len(frames)} frames good"
    lines = ["", f"{told}; {missing}" if missing else told]
    lines += product_lines(summary["products"])
    lines += [f"  MISSING  {text}" for text in summary["missing"]]
    if any(reason.startswith(NO_DARK) for item in summary["products"] for reason in item["qa"]["reasons"]):
        lines.append(f"  missing darks: `sequencer darks {run_dir}` makes the block for them")
    if moved:
        lines += [f"  NOT SAFE: {item['device']}" for item in summary["safe_state"] if not item["reached"]]
    return [*lines, f"  results  {run_dir}", f"  report   {run_dir / 'report.html'}"]


def _reasons(reasons: list[str]) -> str:
    more = len(reasons) - MOST_REASONS
    return "; ".join(reasons[:MOST_REASONS]) + (f"; {more} more" if more > 0 else "")
