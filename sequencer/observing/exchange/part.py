"""A part of a document whose problems are placed in the whole."""

from __future__ import annotations

from typing import Any

from sequencer.config.yaml_reader import Located, NodePath


class Part(Located):
    """Some keys of a document (`data`); lines are those of the whole."""

    def __init__(self, whole: Located, data: dict[str, Any]) -> None:
        super().__init__(whole.file, data, {})
        self._whole = whole

    def line(self, path: NodePath = ()) -> int:
        """Return the line of the whole document."""
        return self._whole.line(path)
