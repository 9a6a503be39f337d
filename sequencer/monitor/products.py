"""The products of a run as figures of its report; what cannot be drawn is named instead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sequencer.monitor import page
from sequencer.monitor.pictures import image_png, science_images, stretch
from sequencer.monitor.plots import linearity_plot
from sequencer.monitor.story import Data


def product_pictures(run_dir: Path, products: Iterable[Data]) -> Iterator[str]:
    """HTML of every product: its images, or why there is none; then the linearity fits. Last made first."""
    shown = list(products)[::-1]
    pictures = [figure for product in shown for figure in _images(run_dir, product)]
    fits = [figure for product in shown for figure in _ladders(run_dir, product)]
    if pictures:
        yield f'<div class="pictures">{"".join(pictures)}</div>'
    if fits:
        yield f'<h2>Linearity</h2><div class="pictures">{"".join(fits)}</div>'


def _images(run_dir: Path, product: Data) -> list[str]:
    if not product["file"].endswith(".fits"):
        return [_absent(product, "was refused; its quality reasons say why")]
    path = run_dir / product["file"]
    if not path.is_file():
        path = run_dir / "products" / product["file"]
    try:
        images = science_images(path)
    except OSError as error:
        return [_absent(product, f"cannot be read: {error}")]
    if not images:
        return [_absent(product, "holds no image")]
    return [
        page.image(image_png(image, stretch(image)), stretch(image), f"{_title(product)} [{name}]")
        for name, image in images.items()
    ]


def _ladders(run_dir: Path, product: Data) -> list[str]:
    points = record_of(run_dir, product).get("ladder")
    if not points:
        return []
    return [page.picture(linearity_plot(points), _title(product))]


def _title(product: Data) -> str:
    return f"{product['category']} {Path(product['file']).name}"


def record_of(run_dir: Path, product: Data) -> dict[str, Any]:
    """The structured record of a product, empty when the file is not there."""
    name = product.get("record")
    for path in [run_dir / name, run_dir / "products" / name] if name else []:
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
    return {}


def _absent(product: Data, why: str) -> str:
    return f'<p class="quiet">{page.text(product["file"])} {page.text(why)}</p>'
