"""Stages on the bench: a small run with known frames, and programs that are none of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sequencer.config.search import find_config
from sequencer.config.stages import StageConfig
from sequencer.reduction import ProductRecord
from sequencer.reduction.external.attached import AttachedReduction
from tests.reduction.night import Night, instrument

SIZE = 32


def darks(run_dir: Path, count: int = 3, template: int = 1, dit_s: float = 2.0) -> Night:
    """A run with one template of darks of a 32 x 32 METIS detector; `template` counts from 1."""
    night = Night(run_dir, seed=template, size=SIZE)
    night.time_s += 3600.0 * template
    for _ in range(count):
        night.expose(0.0, dit_s, **{"DPR_TYPE": "DARK", "DPR_CATG": "CALIB", "OBS_TPLNO": template})
    return night


def program(folder: Path, text: str, name: str = "stage.sh") -> Path:
    """An executable file."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def shell(folder: Path, lines: str, **settings: Any) -> dict[str, StageConfig]:
    """A deployment's stages: one program of shell lines, run in its folder, which it gets as $1."""
    path = program(folder, f'#!/bin/sh\ncd "$1" || exit 9\n{lines}\n')
    return {"other": StageConfig([str(path)], **settings)}


def deployment(folder: Path, packaged: str, **stages: StageConfig | dict[str, Any]) -> Path:
    """A packaged deployment with stages attached, as a file."""
    plain = yaml.safe_load(find_config("deployments", packaged).read_text())
    path = folder / "with-stages.yaml"
    path.write_text(yaml.safe_dump({**plain, "stages": msgspec.to_builtins(stages)}))
    return path


def reduce(run_dir: Path, stages: dict[str, StageConfig], *templates: int) -> list[ProductRecord]:
    """Products of templates (counted from 0), in the order they are made."""
    reduction = AttachedReduction(run_dir, instrument(size=SIZE), stages)
    return [record for index in templates or (0,) for record in reduction.template(index)]


def record_of(run_dir: Path, product: ProductRecord) -> dict[str, Any]:
    """The structured record of a product."""
    found: dict[str, Any] = json.loads((run_dir / "products" / product.record).read_text())
    return found
