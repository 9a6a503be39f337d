"""What a plan will not do as asked for, in as few lines as possible: one a remark, with all it holds for."""

from __future__ import annotations

from collections.abc import Sequence

from sequencer.observing.planning.rows import PlanRow


def remarks(rows: Sequence[PlanRow]) -> list[str]:
    """The notes of the rows, each once: camera, its filters, at which of the airmasses asked for, and the note."""
    airmasses: dict[tuple[str, str, str], dict[float, None]] = {}
    for row in rows:
        for text in filter(None, row.note.split("; ")):
            at = airmasses.setdefault((row.camera, row.filter, text), {})
            at.update({} if row.requested_airmass is None else {row.requested_airmass: None})
    filters: dict[tuple[str, tuple[float, ...], str], list[str]] = {}
    for (camera, name, text), at in airmasses.items():
        filters.setdefault((camera, tuple(at), text), []).append(name)
    return [
        f"{camera} {', '.join(names)} at airmass {', '.join(f'{airmass:g}' for airmass in at)}: {text}"
        for (camera, at, text), names in filters.items()
    ]
