"""Which changes are made to a module, and which lines are left alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .operators import mutations
from .population import ROOMS, population

ROOT = Path(__file__).parents[2]


def changes(source: str) -> list[str]:
    """The changed module of every mutation, one line each, in the form the parser gives it."""
    return [
        ast.unparse(ast.parse(change.apply(source))).replace("\n    ", " ") for change in mutations(source)
    ]


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", ["a <= b"]),
        ("a == b", ["a != b"]),
        ("a in b", ["a not in b"]),
        ("a is b", ["a is not b"]),
        ("a < b >= c", ["a <= b >= c", "a < b > c"]),
        ("a + b", ["a - b"]),
        ("a / b", ["a * b"]),
        ("a // b", ["a * b"]),
        ("a ** b", ["a * b"]),
        ("a & b", ["a | b"]),
        ("-a", ["a"]),
        ("not a", ["a"]),
        ("a and b", ["a or b"]),
        ("max(a, b)", ["min(a, b)"]),
        ("np.minimum(a, b)", ["np.maximum(a, b)"]),
        ("math.ceil(a)", ["math.floor(a)"]),
        ("3", ["4"]),
        ("300", ["600"]),
        ("0.5", ["1.0"]),
        ("0.0", ["1.0"]),
        ("True", ["False"]),
        ("'LM'", ["'mutant'"]),
        ("'ESO DET DIT'", ["'mutant'"]),
        ("a if b else c", ["a if not b else c"]),
    ],
)
def test_an_expression_is_changed(source: str, changed: list[str]) -> None:
    assert sorted(changes(f"x = {source}")) == sorted(f"x = {text}" for text in changed)


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("f(x)", ["pass"]),
        ("x += y", ["pass", "x -= y"]),
        ("x.y = z", ["pass"]),
        ("def f():\n    return x", ["def f(): return None"]),
        ("def f():\n    return ''", ["def f(): return 'mutant'"]),
        ("def f():\n    return 0", ["def f(): return 1"]),
        ("def f(x=1): return x", ["def f(x=2): return x", "def f(x=1): return None"]),
        ("def f():\n    raise E('no 1')", ["def f(): pass"]),
        ("while a: break", ["while not a: break", "while a: pass"]),
        ("if a:\n    b = c", ["if not a: b = c"]),
        ("[a for a in b if a]", ["pass", "[a for a in b if not a]"]),
    ],
)
def test_a_statement_is_changed(source: str, changed: list[str]) -> None:
    assert sorted(changes(source)) == sorted(changed)


@pytest.mark.parametrize(
    "source",
    [
        '"""What it is for, in 3 words."""',
        "X = 'words for people'",
        "x = f'{a + 1:.2f} s of {b < c}'",
        "x = ', '",
        "x = 'a ' + b + f'{c}'",
        "import a",
        "__all__ = ['a']",
        "x: tuple[int, int]",
        "def f(a: Literal['b']) -> tuple[c | d, ...]: pass",
        "Mode = Literal['a', 'b']",
        "T = TypeVar('T')",
        "@cache(maxsize=32)\ndef f(): pass",
        "class A(Struct, frozen=True): pass",
        "if TYPE_CHECKING:\n    import a",
        "x = zip(a, b, strict=True)",
        "x = y.reshape(-1)",
        "Pixels = A | B",
        "def f():\n    return",
        "def f():\n    return None",
    ],
)
def test_what_no_test_has_to_know_is_left_alone(source: str) -> None:
    assert changes(source) == []


def test_a_change_knows_its_line_and_what_it_changed() -> None:
    source = "class A:\n    def f(self):\n        return '\u00b5' and b\n"
    [change] = [change for change in mutations(source) if change.kind == "boolean"]
    assert (change.line, change.text) == (3, "return '\u00b5' and b")
    assert (change.before, change.after) == ("'\u00b5' and b", "('\u00b5' or b)")
    assert change.apply(source) == source.replace("'\u00b5' and b", "('\u00b5' or b)")


def test_every_change_of_the_program_is_a_module_and_another_one() -> None:
    mutants = population(ROOT, ROOMS)
    assert len(mutants) > 1000
    sources = {
        module: (ROOT / module).read_text(encoding="utf-8")
        for module in {mutant.module for mutant in mutants}
    }
    trees = {module: ast.dump(ast.parse(source)) for module, source in sources.items()}
    for mutant in mutants[::100]:
        changed = ast.parse(mutant.mutation.apply(sources[mutant.module]))
        assert ast.dump(changed) != trees[mutant.module], str(mutant)
