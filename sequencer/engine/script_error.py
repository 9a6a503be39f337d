"""What ended a commissioning script: where in the file, which error, and what to do."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

from sequencer.acquisition import AcquisitionError
from sequencer.wire.errors import WireError

MEND = "mend the script, then run it again"


class ScriptError(Exception):
    """A commissioning script failed: the text is `FILE:LINE: ERROR: what it says`, `advice` what to do."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


def script_error(error: BaseException, path: Path) -> ScriptError:
    """What a script's error comes to; the line is the script's own, whoever raised the error below it."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == str(path)]
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    device = isinstance(error, (WireError, AcquisitionError))
    return ScriptError(
        f"{path}:{lines[-1]}: {what}", f"look at the device named, or {MEND}" if device else MEND
    )
