"""The forms of a block a file may have, how they are told apart, and files that are whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from sequencer.config.problems import ConfigErrors, Problem
from sequencer.config.yaml_reader import MAX_BYTES, Located
from sequencer.observing.exchange.imported import Imported
from sequencer.observing.exchange.obd_read import read_obd
from sequencer.observing.exchange.obd_write import obd_text
from sequencer.observing.exchange.part import Part
from sequencer.observing.exchange.phase2_read import read_phase2
from sequencer.observing.exchange.phase2_write import phase2_text
from sequencer.observing.exchange.status import STATUS, cannot_follow
from sequencer.observing.signature import Signature

BLOCK_OF_A_RUN = "block.yaml"
"""Name of the file in a run's folder that is the block as executed, with its status."""
Form = Literal["p2json", "obd"]


def import_file(path: Path, signatures: Mapping[str, Signature] | None = None) -> Imported:
    """Return the block in a file of either form, told by its first character. Raises ConfigErrors."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigErrors([Problem(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return read_phase2(raw, str(path), signatures)
    if start.startswith((b"PAF.HDR.START", b"#")):
        return read_obd(raw, str(path), signatures)
    text = "is neither Phase-2 JSON (begins with {) nor an .obd file (begins with PAF.HDR.START)"
    raise ConfigErrors([Problem(str(path), 0, text)])


def block_of_run(folder: Path) -> Path | None:
    """The file of the block a run executed, None for what is no folder. Raises ConfigErrors for a folder without."""
    if not folder.is_dir():
        return None
    if (folder / BLOCK_OF_A_RUN).is_file():
        return folder / BLOCK_OF_A_RUN
    text = f"is a folder without {BLOCK_OF_A_RUN}: no run of an observing block, or one of an older version"
    raise ConfigErrors([Problem(str(folder), 0, text)])


def export_text(
    located: Located, form: Form, written: str, signatures: Mapping[str, Signature] | None = None
) -> str:
    """Return a block in a form, `written` at an ISO 8601 UTC time. Raises ConfigErrors."""
    if form == "obd":
        return obd_text(located, written, signatures)
    return phase2_text(located, signatures)


def with_status(located: Located, letter: str) -> Located:
    """Return a block (a mapping) with another status. Raises ConfigErrors where that must not follow its own."""
    before = located.data.get("status", "")
    if why := cannot_follow(before if before in STATUS else "", letter):
        raise ConfigErrors([located.problem(("status",), f"status: {why}")])
    return Part(located, {**located.data, "status": letter})


def write_whole(path: Path, text: str) -> None:
    """Write a file under its name once all of it is on disk; one that was there is replaced. Raises OSError."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
