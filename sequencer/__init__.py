"""Hardware-in-the-loop observation sequencer and acquisition controller.

`connect` is the way in for scripts and notebooks; `reduction.linearity` measures a DIT ladder by hand. Both are
imported when first used, so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sequencer import reduction
    from sequencer.engine.scripting import connect

__all__ = ["connect", "reduction"]


def __getattr__(name: str) -> Any:
    if name == "connect":
        return import_module("sequencer.engine.scripting").connect
    if name == "reduction":
        return import_module("sequencer.reduction")
    raise AttributeError(f"module 'sequencer' has no attribute {name!r}")
