"""The `.obd` form as other programs write it, and what is wrong with a bad one: each at its line, all at once."""

from __future__ import annotations

import re

import pytest

from sequencer.config import ConfigErrors
from sequencer.observing.exchange.imported import Imported
from sequencer.observing.exchange.obd_read import read_obd
from sequencer.observing.exchange.obd_write import obd_text

from .samples import WRITTEN, full, line_of, located

FOREIGN = """\
# a comment before everything
PAF.HDR.START           ; # Marks start of header
PAF.TYPE                "OB Description"; # Type of parfile
PAF.ID                  "";
PAF.CRTE.NAME           "BOB"; # Broker for OBs
PAF.DESC                "one line";
PAF.DESC                "and another";
PAF.HDR.END             ;       # Marks end of header

OBS.ID                  "2229478" # observing block ID
OBS.DID                 "ESO-VLT-DIC.OBS-2.0"
OBS.GRP                 "0"
OBS.NAME                Darks_1
OBS.PI-COI.ID           "0"
OBS.PI-COI.NAME         "Doe, J."
OBS.PROG.ID             "0107.A-9033(A)";
OBS.EXECTIME            "1200"
OBS.OBSERVER            "Roe, R. #2" ; # a hash in quotes is text
OBS.TARG.NAME           "HD 10"
TPL.ID\t\t"METIS_gen_cal_dark";
TPL.NAME                "Dark"
TPL.PRESEQ              "METIS_gen_cal_dark"
TEL.TARG.ALPHA          000526.020
TEL.TARG.DELTA          "-120435.6"
TEL.TARG.EQUINOX        2000
TEL.TARG.PMA            "0.0"
TEL.TARG.ADDVELALPHA    "0.0"
DET1.DIT                "0.2"
DET2.DIT                0.02;
DET3.DIT                "1.3"
SEQ.NEXPO1              5 ; SEQ_is_not_read_in_a_comment_only
"""


def read(text: str) -> Imported:
    return read_obd(text.encode(), "ob.obd")


def told(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as errors:
        read(text)
    return [str(problem) for problem in errors.value.problems]


def ours() -> str:
    return obd_text(located(full()), WRITTEN)


def changed(old: str, new: str) -> str:
    text = ours()
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_what_other_programs_write_is_read() -> None:
    text = FOREIGN.replace(" ; SEQ_is", " ; # SEQ_is")
    assert read(text).block == {
        "name": "Darks_1",
        "id": 2229478,
        "pi": "Doe, J.",
        "programme": "0107.A-9033(A)",
        "observer": "Roe, R. #2",
        "instrument": "METIS",
        "target": {"name": "HD 10", "ra": "00:05:26.020", "dec": "-12:04:35.6"},
        "templates": [
            {
                "template": "METIS_gen_cal_dark",
                "parameters": {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3, "SEQ.NEXPO1": 5},
            }
        ],
    }
    assert read(text.replace("\n", "\r\n")).block == read(text).block


def test_two_records_in_a_line_are_refused() -> None:
    line = line_of(FOREIGN, "SEQ.NEXPO1")
    assert told(FOREIGN) == [f'ob.obd:{line}: is no record: a record is KEYWORD "value"; # comment']


def test_the_form_is_written_as_the_generators_in_use_do() -> None:
    lines = ours().splitlines()
    assert lines[0] == "PAF.HDR.START                 ;"
    assert lines[1] == 'PAF.TYPE                      "OB Description";'
    assert 'PAF.CRTE.DAYTIM               "2027-01-01T12:00:00";' in lines
    for line in (
        'OBS.ID                        "1234567"',
        'OBS.PROG.ID                   "60.A-9999(A)"',
        'TEL.TARG.ALPHA                "004733.120"',
        'TEL.TARG.DELTA                "-251717.60"',
        'SEQ.DARK                      "F"',
        'SEQ.DIT.FILT.LIST             "Lp short-L"',
    ):
        assert line in lines


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"004733.120"', '"244733.120"', "TEL.TARG.ALPHA: must be below 24 h, not '244733.120'"),
        ('"004733.120"', '"10.68"', "TEL.TARG.ALPHA: must be hhmmss.sss, not '10.68'"),
        ('"-251717.60"', '"-951717.60"', "TEL.TARG.DELTA: must be +90 deg at most"),
        ('TEL.TARG.EQUINOX              "2000"', 'TEL.TARG.EQUINOX "1950"', "the equinox must be J2000, not '1950'"),
        ('TEL.TARG.ADDVELALPHA          "0"', 'TEL.TARG.ADDVELALPHA "0.5"', "moving targets are not followed"),
        ('TEL.TARG.NAME                 "NGC 253"', 'TEL.TARG.NAME "M 31"', "TEL.TARG.NAME: differs from line"),
        ('SEQ.NEXPO                     "5"', 'SEQ.NEXPO "five"', "SEQ.NEXPO: must be a whole number, not 'five'"),
        ('SEQ.NEXPO                     "5"', 'SEQ.NEXPO "0"', "SEQ.NEXPO: must be at least 1, not 0"),
        ('SEQ.NEXPO                     "5"', 'SEQ.NEXP "5"', "unknown parameter 'SEQ.NEXP'; did you mean SEQ.NEXPO"),
        ('SEQ.NEXPO                     "5"', 'SEQ.NEXPOSURES "5"', "'NEXPOSURES', which is longer than 8 characters"),
        ('SEQ.NEXPO                     "5"', f'SEQ.{"N" * 10000} "5"', "longer than 8 characters"),
        ('SEQ.NEXPO                     "5"', 'SEQ.NEXPO "5', "its quoted value has no end"),
        ('SEQ.TIME                      "0.1"', 'SEQ.NEXPO "6"', "SEQ.NEXPO: is given twice, first in line"),
        ('OBS.OBSERVER                  "E. Halley"', 'OBS.OBSERVR "E. Halley"',
         "unknown keyword 'OBS.OBSERVR'; did you mean OBS.OBSERVER"),
        ('"E. Halley"', '"E. Hallé"', "has 'é', which is not printable ASCII"),
        ('OBS.NAME                      "L-band flats"', f'OBS.NAME "{"x" * 10000}"',
         "name: does not fit its header card"),
        ('OBS.CON.AIRMASS               "1.6"', 'OBS.CON.AIRMASS "low"', "OBS.CON.AIRMASS: must be a number"),
        ('OBS.CON.AIRMASS               "1.6"', 'OBS.CON.AIRMASS "0.5"', "airmass: must be from 1 to 5, not 0.5"),
        ('OBS.CON.OTHER2.TEXT ', 'OBS.CON.OTHER3.TEXT ', "OBS.CON.OTHER3.NAME must come first"),
        ('OBS.TIME2.AFTER ', 'OBS.TIME3.AFTER ', "OBS.TIME2 must come first"),
        ('OBS.STATUS                    "+"', 'OBS.STATUS "?"', "status: must not be '?'"),
        ('PAF.ID ', 'PAF.IDS ', "unknown keyword 'PAF.IDS' in the header"),
        ('PAF.HDR.END ', 'PAF.DESC ', "is cut off: the header has no PAF.HDR.END"),
        ('# End of file', '', "is cut off: its last line must be '# End of file'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_line(old: str, new: str, words: str) -> None:
    text = changed(old, new)
    found = told(text)
    assert [problem for problem in found if words in problem], found
    if new and "PAF.DESC" not in new:
        line = text[: text.rindex(new)].count("\n") + 1
        assert any(problem.startswith(f"ob.obd:{line}: ") for problem in found), (line, found)


def test_everything_wrong_is_said_at_once() -> None:
    text = changed('"004733.120"', '"1"').replace('"5"', '"five"').replace('"1.6"', '"9"')
    assert len(told(text)) == 3


def test_two_acquisition_templates_are_refused_and_one_must_come_first() -> None:
    more = 'TPL.ID "METIS_img_lm_acq"\nTPL.ID "METIS_img_n_acq"\n\n# End of file'
    text = ours().replace("# End of file", more)
    found = [problem.partition(": ")[2] for problem in told(text)]
    assert "METIS_img_lm_acq: an acquisition template must come first" in found
    assert "METIS_img_n_acq: is a second acquisition template" in found


def test_without_an_instrument_anywhere_that_is_said() -> None:
    text = ours().replace('OBS.INSTRUM                   "METIS"\n', "")
    assert read(text).block["instrument"] == "METIS"
    generic = text.replace("METIS_all_cal_TwilightFlat", "TwilightFlat").replace("METIS_img_n_cal_", "")
    assert any("instrument: is missing" in problem for problem in told(generic))


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "name: night\n", "\x00\x01"])
def test_what_is_no_parameter_file_is_refused(text: str) -> None:
    assert told(text)


def test_a_file_that_is_not_utf8_or_too_large_is_refused() -> None:
    for raw, words in ((b"PAF.HDR.START ;\n\xff", "is not UTF-8 text"), (b"#" * 1_000_001, "is larger than")):
        with pytest.raises(ConfigErrors, match=words):
            read_obd(raw, "ob.obd")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("name", 'The "best" flats', "OBS.NAME: 'The \"best\" flats' has '\"'"),
        ("constraints", {"other": {"atm": "50 µm"}}, "OBS.CON.OTHER1.TEXT: '50 µm' has 'µ'"),
    ],
)
def test_what_the_form_cannot_hold_is_not_written(key: str, value: object, words: str) -> None:
    with pytest.raises(ConfigErrors) as errors:
        obd_text(located({**full(), key: value}), WRITTEN)
    assert words in str(errors.value)


def test_names_are_written_in_plain_ascii() -> None:
    text = obd_text(located({**full(), "name": "Flats für M31", "observer": "E. Hallé"}), WRITTEN)
    assert re.search(r'^OBS.NAME +"Flats fur M31"$', text, re.MULTILINE)
    assert re.search(r'^OBS.OBSERVER +"E. Halle"$', text, re.MULTILINE)
