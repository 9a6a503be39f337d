"""What came out of a file from outside."""

from __future__ import annotations

from typing import Any

import msgspec

from sequencer.config.problems import Problem


class Imported(msgspec.Struct, frozen=True):
    """An observing block in our YAML form, and notes on what the file says that has no place in it."""

    block: dict[str, Any]
    notes: list[Problem]
