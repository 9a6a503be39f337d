"""Problems: order, words, suggestions."""

from __future__ import annotations

from sequencer.config.problems import ConfigErrors, Problem, did_you_mean, ordered, shown


def test_problems_come_in_order_of_file_line_and_text_without_repetition():
    wrong = [
        Problem("b", 1, "x"),
        Problem("a", 10, "x"),
        Problem("a", 2, "y"),
        Problem("a", 2, "x"),
        Problem("b", 1, "x"),
    ]
    right = [Problem("a", 2, "x"), Problem("a", 2, "y"), Problem("a", 10, "x"), Problem("b", 1, "x")]
    assert ordered(wrong) == right
    assert ConfigErrors(wrong).problems == right
    assert str(ConfigErrors(wrong[:2])) == "a:10: x\nb:1: x"


def test_a_problem_of_the_whole_file_has_no_line():
    assert str(Problem("f", 0, "is gone")) == "f: is gone"
    assert str(Problem("f", 3, "is bad")) == "f:3: is bad"


def test_near_names_are_suggested_whatever_their_case():
    assert did_you_mean("lp", ["Lp", "Mp", "N1"]).startswith("; did you mean Lp")
    assert did_you_mean("SEQ.NEXP", ["SEQ.NEXPO", "DET1.DIT"]) == "; did you mean SEQ.NEXPO?"
    assert did_you_mean("abc", ["abd", "abe", "abf"]).count(" or ") == 1
    assert did_you_mean("zzz", ["Lp"]) == ""
    assert did_you_mean("x" * 100_000, ["Lp"]) == ""


def test_values_are_shown_as_written_and_cut():
    assert shown(True) == "true"
    assert shown(False) == "false"
    assert shown(None) == "nothing"
    assert shown("a") == "'a'"
    assert shown(1.5) == "1.5"
    assert shown("x" * 60, limit=10) == "'xxxxxxxxx..."
    assert shown(10**10, limit=11) == "10000000000"
    assert shown(10**11, limit=11) == "10000000000..."
