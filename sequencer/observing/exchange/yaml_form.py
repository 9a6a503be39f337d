"""A block as YAML that our own reader reads back exactly, and people like to edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sequencer.config.scalars import resolve


def block_yaml(block: Mapping[str, Any]) -> str:
    """Return the YAML of a block; text that our reader would take for a number is quoted."""
    return yaml.dump(
        dict(block), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


class _Dumper(yaml.SafeDumper):
    """Writes scalars as `config.scalars` reads them; lists without nesting in one line."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: our reader refuses aliases."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Quote what would not be read as this text."""
        plain = resolve(data) == (data, "")
        return self.represent_scalar("tag:yaml.org,2002:str", data, None if plain else '"')

    def represent_dict(self, data: Mapping[Any, Any]) -> yaml.MappingNode:  # type: ignore[override]
        """One key a line."""
        return self.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=False)


_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_representer(dict, _Dumper.represent_dict)
