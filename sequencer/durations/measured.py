"""How long everything took in one run, from its journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from sequencer.durations import keys
from sequencer.durations.happened import Entry, Exposure, Happened, Template, happened
from sequencer.durations.runs import Took
from sequencer.durations.spans import gaps, within

ON_SKY = ("flat", "ladder", "probe")


def measured(records: Iterable[Entry]) -> dict[str, list[Took]]:
    """Durations by kind of step (`keys`), in order of time; what was interrupted or failed does not count.

    Work is what was done: waits for a twilight, for the sky or for persistence and pauses are not in it.
    """
    run = happened(records)
    found: defaultdict[str, list[Took]] = defaultdict(list)
    for one in run.steps:
        found[keys.step(one.device, one.cmd)].append(Took(one.end_s - one.start_s))
    for exposure in run.exposures:
        found[keys.read_out(exposure.camera, exposure.mode)].append(_read_out(exposure))
    for template in run.templates:
        _ends(run, template, found)
        _moves(run, template, found)
    for before, after in pairwise(run.templates):
        if before.done_s is not None:
            paused_s = within(run.pauses, before.done_s, after.started_s)
            found[keys.reduction(before.name)].append(Took(after.started_s - before.done_s - paused_s))
    return dict(found)


def _read_out(exposure: Exposure) -> Took:
    """The read-outs of an exposure: settling reads take as long as the one that counts."""
    reads = 1 + exposure.settle
    each_s = (exposure.end_s - exposure.start_s) / reads - exposure.integration_s
    return Took(max(each_s, 0.0), reads)


def _ends(run: Happened, template: Template, found: defaultdict[str, list[Took]]) -> None:
    """Opening and closing of a template."""
    mine = [one for one in run.exposures if one.template == template.index]
    if not mine:
        return
    work = run.work
    first = template.index == run.templates[0].index
    opened_s = within(work, template.started_s, mine[0].start_s)
    found[keys.opening(template.name, first=first)].append(Took(opened_s))
    if template.done_s is not None:
        kinds = ON_SKY if mine[0].kind in ON_SKY else (mine[0].kind,)
        last_s = max(one.end_s for one in mine if one.kind in kinds)
        found[keys.closing(template.name)].append(Took(within(work, last_s, template.done_s)))


def _moves(run: Happened, template: Template, found: defaultdict[str, list[Took]]) -> None:
    """Presets, filter changes and offsets between the exposures on the sky."""
    spans = [
        (one.start_s, one.end_s)
        for one in run.exposures
        if one.template == template.index and one.kind in ON_SKY
    ]
    for start_s, end_s in gaps(spans):
        if within(run.pauses, start_s, end_s) > 0.0:
            continue
        presets = [one for one in run.steps if one.cmd == "preset" and start_s <= one.start_s < end_s]
        levels = [one.end_s for one in presets if "airmass" in one.args]
        set_up = any(start_s <= time_s <= end_s for time_s in run.set_ups)
        if levels:
            found[keys.PRESET].append(Took(within(run.work, start_s, max(levels))))
        if set_up:
            found[keys.FILTER_CHANGE].append(Took(within(run.work, max([start_s, *levels]), end_s)))
        elif presets and not levels:
            found[keys.OFFSET].append(Took(within(run.work, start_s, end_s)))
