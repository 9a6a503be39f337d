"""The folder of a run, and the id it is named after."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sequencer.clock import iso

MOST_ALIKE = 10_000
"""So many runs of one block may begin in one second."""


def new_folder(out: Path, base: str, *, rehearsal: bool) -> tuple[str, Path]:
    """(run id, folder) below `out`: named after the id `base`, numbered if that exists.

    A rehearsal has the id of the run it rehearses, however often it is repeated.
    """
    out.mkdir(parents=True, exist_ok=True)
    for number in range(1, MOST_ALIKE):
        name = base if number == 1 else f"{base}-{number}"
        folder = out / name
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        if rehearsal:
            return base, folder
        (folder / "products").mkdir()
        return name, folder
    raise FileExistsError(f"{out}: {MOST_ALIKE} runs named {base}")


def run_id(ob: str, instrument: str, seed: int, started_s: float) -> str:
    """Id of the first run of a block that begins in this second (Unix seconds UTC): start, instrument and a word made
    of block and seed."""
    word = hashlib.sha256(f"{ob}|{seed}".encode()).hexdigest()[:4]
    stamp = iso(started_s, 0).replace("-", "").replace(":", "")
    return f"{stamp}-{instrument}-{word}"
