"""ESO's parameter file format: records `KEY.WORD "value"; # comment` after a header. `.obd` and `.tsf` are such files.

Grammar: DICD chapter 6 and VLT-ICD-ESO-17240-19200. Read tolerantly: the semicolon, the quotes of a value without
blanks and the comment may be missing, a bare value may follow a record's semicolon-less neighbour only in its own line.
Written exactly: every value quoted, semicolons in the header alone, as the generators in use write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from sequencer.config.problems import ConfigErrors, Problem, shown
from sequencer.observing.exchange.located_json import decoded

WRITER = "sequencer"
LAST_LINE = "# End of file"
"""What we write last. A file that says it is ours and does not end so is cut off."""
_RECORD = re.compile(r'([^\s;"#]+)(?:[ \t]+(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s;"#]+)))?[ \t]*;?[ \t]*(?:#.*)?')
_HEADER_KEYS = ("TYPE", "ID", "NAME", "DESC", "CRTE.NAME", "CRTE.DAYTIM", "LCHG.NAME", "LCHG.DAYTIM",
                "CHCK.NAME", "CHCK.DAYTIM", "CHCK.CHECKSUM")  # fmt: skip
_COLUMN = 30


class Record(msgspec.Struct, frozen=True):
    """One line of the file: a keyword and its value, empty where none is given. `line` counts from 1."""

    keyword: str
    value: str
    line: int


def parse_paf(raw: bytes, file: str) -> list[Record]:
    """Return the records after the header. Raises ConfigErrors for what is no parameter file, or cut off."""
    text = decoded(raw, file)
    problems: list[Problem] = []
    records = list(_records(text, file, problems))
    header, body = _split(records, file, problems)
    ours = any(record.keyword == "PAF.CRTE.NAME" and record.value == WRITER for record in header)
    if ours and text.rstrip().rpartition("\n")[2] != LAST_LINE:
        lines = len(text.splitlines())
        problems.append(Problem(file, lines, f"is cut off: its last line must be {LAST_LINE!r}"))
    if problems:
        raise ConfigErrors(problems)
    return body


def paf_text(kind: str, written: str, sections: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> str:
    """Return a parameter file of a `kind`; a section is a comment and its (keyword, value).

    `written` is when, ISO 8601 UTC. Raises ValueError for a value the form cannot hold.
    """
    known = {"TYPE": kind, "CRTE.NAME": WRITER, "CRTE.DAYTIM": written}
    lines = [f"{'PAF.HDR.START':{_COLUMN}};"]
    lines += [f"{_line('PAF.' + key, known.get(key, ''))};" for key in _HEADER_KEYS]
    lines += [f"{'PAF.HDR.END':{_COLUMN}};"]
    for comment, records in sections:
        lines += ["", f"# {comment}", *(_line(keyword, value) for keyword, value in records)]
    return "\n".join([*lines, "", LAST_LINE, ""])


def _line(keyword: str, value: str) -> str:
    strange = next((letter for letter in value if not " " <= letter <= "~" or letter == '"'), "")
    if strange:
        raise ValueError(f"{keyword}: {shown(value)} has {strange!r}; the form holds printable ASCII without quotes")
    return f'{keyword + " ":{_COLUMN}}"{value}"'


def _records(text: str, file: str, problems: list[Problem]) -> Iterable[Record]:
    for number, raw_line in enumerate(text.split("\n"), start=1):
        line = raw_line.strip()
        if not line or line.startswith("#"):
            continue
        strange = next((letter for letter in line if not (" " <= letter <= "~" or letter == "\t")), "")
        match = _RECORD.fullmatch(line)
        if strange:
            problems.append(Problem(file, number, f"has {strange!r}, which is not printable ASCII"))
        elif match is None:
            why = "its quoted value has no end" if line.count('"') % 2 else 'a record is KEYWORD "value"; # comment'
            problems.append(Problem(file, number, f"is no record: {why}"))
        else:
            value = match["bare"] if match["quoted"] is None else match["quoted"]
            yield Record(match[1], value or "", number)


def _split(records: list[Record], file: str, problems: list[Problem]) -> tuple[list[Record], list[Record]]:
    keywords = [record.keyword for record in records]
    if not keywords or keywords[0] != "PAF.HDR.START":
        problems.append(Problem(file, records[0].line if records else 0, "must begin with PAF.HDR.START"))
        return [], []
    if "PAF.HDR.END" not in keywords:
        problems.append(Problem(file, records[-1].line, "is cut off: the header has no PAF.HDR.END"))
        return records, []
    end = keywords.index("PAF.HDR.END")
    for record in records[1:end]:
        if record.keyword.removeprefix("PAF.") not in _HEADER_KEYS:
            problems.append(Problem(file, record.line, f"unknown keyword {shown(record.keyword)} in the header"))
    return records[:end], records[end + 1 :]
