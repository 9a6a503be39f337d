"""Which products the frames of a run allow: frames by group, groups by product, products by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sequencer.reduction.frames import BIAS, DARK, FLAT, INS_DARK, LADDER, GroupKey, RawFrame, groups
from sequencer.reduction.set_up import Readout

ORDER = (BIAS, DARK, INS_DARK, LADDER, FLAT)
"""Kinds in the order of their recipes: what calibrates comes first."""
THERMAL_ONLY = "thermal-only"
"""The verdict on a frame of the thermal floor alone."""


@dataclass(frozen=True)
class Task:
    """One product to make: the frames of one template that belong together, and those that were not good.

    Only a flat may be without good frames: it is then refused with the reason.
    """

    kind: str
    template_index: int
    stem: str
    frames: list[RawFrame]
    left_out: list[RawFrame]

    @property
    def thermal_only(self) -> int:
        """Frames that held no twilight to speak of: no flats, and no bad ones either."""
        return sum(frame.verdict == THERMAL_ONLY for frame in self.left_out)

    @property
    def rejected(self) -> int:
        """Frames left out as not good."""
        return len(self.left_out) - self.thermal_only


def plan(frames: Iterable[RawFrame]) -> list[Task]:
    """The products the frames allow, in the order of making. A name taken by an earlier template gets a number."""
    tasks: dict[tuple[int, int, str, GroupKey], tuple[list[RawFrame], list[RawFrame]]] = {}
    for key, members in groups(frame for frame in frames if frame.key.kind in ORDER).items():
        for frame in members:
            for kind, wide in _products_of(key):
                slot = tasks.setdefault((frame.template_index, ORDER.index(kind), kind, wide), ([], []))
                slot[0 if frame.good else 1].append(frame)
    lit = {
        (index, key)
        for (index, _, kind, key), found in tasks.items()
        if kind == FLAT and _has_flats(found[0])
    }
    names: dict[str, int] = {}
    planned = []
    for (index, _, kind, key), (good, rejected) in sorted(tasks.items(), key=lambda item: item[0]):
        if kind == FLAT and (index, key) in lit:
            good = [frame for frame in good if frame.key.kind == FLAT]
            rejected = [frame for frame in rejected if frame.key.kind == FLAT]
        if good or (kind == FLAT and _has_flats(rejected)):
            good.sort(key=lambda frame: (frame.start_s, frame.name))
            stem = _stem(kind, key)
            names[stem] = names.get(stem, 0) + 1
            numbered = stem if names[stem] == 1 else f"{stem}_{names[stem]}"
            planned.append(Task(kind, index, numbered, good, rejected))
    return planned


def _has_flats(frames: list[RawFrame]) -> bool:
    return any(frame.key.kind == FLAT for frame in frames)


def has_airmass_levels(frames: Iterable[RawFrame]) -> bool:
    """Whether the levels of flats differ by airmass: at one DIT and NDIT, over more than one airmass.

    Where the DIT follows the sky (AIRMASS, LEVEL) the level is constant on purpose and its rest says nothing of
    linearity.
    """
    readouts: dict[Readout, set[float]] = {}
    for frame in frames:
        if frame.sequence_mode not in ("AIRMASS", "LEVEL"):
            readouts.setdefault(frame.key.readout, set()).add(round(frame.airmass, 2))
    return any(len(airmasses) > 1 for airmasses in readouts.values())


def _products_of(key: GroupKey) -> list[tuple[str, GroupKey]]:
    """Which products a group goes into: closed frames into their own; lit ones into their filter's flat,
    across levels and DITs; a ladder into the linearity, and into a flat where the filter has no other
    frames.
    """
    wide = replace(key, kind=FLAT, dit_s=0.0, ndit=0, level_no=0)
    if key.kind == LADDER:
        return [(LADDER, replace(wide, kind=LADDER)), (FLAT, wide)]
    return [(FLAT, wide)] if key.kind == FLAT else [(key.kind, key)]


def _stem(kind: str, key: GroupKey) -> str:
    """Name of a product without extension, from what it is of."""
    optics = "_".join(part for part in (key.filter, key.nd) if part and part.upper() != "OPEN")
    words = {
        BIAS: ("master_bias", key.camera),
        DARK: ("master_dark", key.camera, key.mode, f"{key.dit_s:g}s", f"x{key.ndit}"),
        INS_DARK: ("ins_dark", key.camera, key.mode, f"{key.dit_s:g}s", f"x{key.ndit}"),
        LADDER: ("linearity", key.camera, optics, key.mode),
        FLAT: ("master_flat", key.camera, optics, key.mode),
    }[kind]
    return "_".join(word for word in words if word).replace("/", "-")
