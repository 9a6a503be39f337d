"""What goes out comes back the same, whatever the block; and always as the same bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sequencer.config import ConfigErrors
from sequencer.config.search import known_names, packaged_folder
from sequencer.config.yaml_reader import parse_yaml, read_yaml
from sequencer.observing.exchange.formats import export_text
from sequencer.observing.exchange.imported import Imported
from sequencer.observing.exchange.obd_read import read_obd
from sequencer.observing.exchange.phase2_read import read_phase2
from sequencer.observing.exchange.yaml_form import block_yaml

from .samples import FULL, WRITTEN, blocks, full, located

FORMS = ["p2json", "obd"]
LIGHT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def there_and_back(block: dict[str, Any], form: Any) -> Imported:
    text = export_text(located(block), form, WRITTEN)
    return (read_obd if form == "obd" else read_phase2)(text.encode(), f"ob.{form}")


@pytest.mark.parametrize("form", FORMS)
@given(block=blocks())
@LIGHT
def test_any_block_comes_back_the_same(form: Any, block: dict[str, Any]) -> None:
    found = there_and_back(block, form)
    assert found.block == block
    assert list(found.block["templates"]) == block["templates"]
    assert found.notes == []


@given(block=blocks())
@LIGHT
def test_a_block_written_as_yaml_is_read_back_exactly_by_our_reader(block: dict[str, Any]) -> None:
    text = block_yaml(block)
    read = parse_yaml(text.encode(), "ob.yaml").data
    assert read == block
    assert json.dumps(read) == json.dumps(block)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30))
@LIGHT
def test_no_text_is_taken_for_a_number_in_our_yaml(text: str) -> None:
    assert parse_yaml(block_yaml({"name": text}).encode(), "ob.yaml").data == {"name": text}


def test_other_yaml_readers_understand_our_yaml_too() -> None:
    assert yaml.safe_load(block_yaml(FULL)) == FULL


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", known_names("obs"))
def test_the_packaged_blocks_come_back_the_same(name: str, form: Any) -> None:
    block = read_yaml(packaged_folder("obs") / f"{name}.yaml").data
    assert there_and_back(block, form).block == block


@pytest.mark.parametrize("form", FORMS)
def test_a_block_with_everything_comes_back_the_same_and_in_the_same_bytes(form: Any) -> None:
    found = there_and_back(full(), form)
    assert found.block == FULL
    assert export_text(located(found.block), form, WRITTEN) == export_text(located(full()), form, WRITTEN)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_anywhere_is_refused(form: Any) -> None:
    text = export_text(located(full()), form, WRITTEN).rstrip("\n")
    read = read_obd if form == "obd" else read_phase2
    for end in range(0, len(text), 7):
        with pytest.raises(ConfigErrors):
            read(text[:end].encode(), "ob")
    with pytest.raises(ConfigErrors):
        read(text[:-1].encode(), "ob")
    assert read(text.encode(), "ob").block == FULL
