"""Whatever the bytes, an import gives a block or says in words, with the file's name, why not; never a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.config import ConfigErrors
from sequencer.observing.exchange.formats import export_text
from sequencer.observing.exchange.obd_read import read_obd
from sequencer.observing.exchange.phase2_read import read_phase2
from sequencer.observing.exchange.tsf_read import read_tsf

from .samples import WRITTEN, full, located

SOUND = {form: export_text(located(full()), form, WRITTEN).encode() for form in ("p2json", "obd")}
READERS = {"p2json": read_phase2, "obd": read_obd}
SCRAPS = st.sampled_from(
    [b"", b'"', b"\n", b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-1", b"1e400", b"[[]]", b"{}", b"\xff",
     b"\x00", b"TPL.ID", b"TPL.PARAM", b"OBS.TIME1.AFTER", b"#", b";", "é".encode(), b"SEQ.NEXPO", b'""', b"x" * 300]
)  # fmt: skip


def refused_or_read(form: str, raw: bytes) -> None:
    try:
        assert READERS[form](raw, "ob").block["templates"]
    except ConfigErrors as errors:
        assert errors.problems
        assert all(problem.file == "ob" and len(problem.text) < 600 for problem in errors.problems)


@pytest.mark.parametrize("form", ["p2json", "obd"])
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), SCRAPS), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_damaged_block(form: str, cuts: list[tuple[float, int, bytes]]) -> None:
    raw = SOUND[form]
    for share, length, scrap in cuts:
        start = int(share * len(raw))
        raw = raw[:start] + scrap + raw[start + length :]
    refused_or_read(form, raw)


@given(raw=st.binary(max_size=60), start=st.sampled_from([b"", b"{", b"PAF.HDR.START ;\nPAF.HDR.END ;\n"]))
@settings(deadline=None)
def test_any_bytes(raw: bytes, start: bytes) -> None:
    for form in READERS:
        refused_or_read(form, start + raw)
    try:
        read_tsf(start + raw, "ob")
    except ConfigErrors as errors:
        assert errors.problems


WORDS = st.sampled_from(["target", "constraints", "templates", "name", "sequencer", "times", "from", "to", "parameters",
                         "templateName", "absoluteTimeConstraints", "value", "obId", "itemType"])  # fmt: skip
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | WORDS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS, inside, max_size=4),
    max_leaves=15,
)


@given(data=st.dictionaries(WORDS, SHAPES, max_size=6))
@settings(deadline=None)
def test_any_shape_under_the_right_names(data: object) -> None:
    refused_or_read("p2json", json.dumps(data).encode())
