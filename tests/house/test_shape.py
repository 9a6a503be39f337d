"""Small modules, small functions, every public thing explained, no doors left ajar."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.rooms import PACKAGES, ROOT, functions, length, modules, parsed

UNFINISHED = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")


def test_no_module_is_longer_than_400_lines() -> None:
    assert {str(module): length(module) for module in modules() if length(module) > 400} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_mostly_under_150_lines(package: str) -> None:
    lengths = [length(module) for module in modules() if module.parts[0] == package]
    assert statistics.median(lengths) < 150


def test_functions_are_mostly_under_25_lines() -> None:
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1
        for module in modules()
        for function in functions(parsed(module))
    )
    assert statistics.median(lengths) <= 10
    assert lengths[int(0.9 * len(lengths))] < 25


def test_names_say_what_a_module_is_about() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "tools"}
    assert [str(module) for module in modules() if module.stem in vague] == []


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public modules, classes, functions and methods without a docstring."""
    if not ast.get_docstring(tree) and tree.body:
        yield "module"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield node.name
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name[0] != "_":
                    if not ast.get_docstring(method) and not is_overload(method):
                        yield f"{node.name}.{method.name}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            if not ast.get_docstring(node) and not is_overload(node):
                yield node.name


def is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Overloads and overrides take the docstring of what they overload or override."""
    names = {ast.unparse(item).split(".")[-1] for item in function.decorator_list}
    return bool(names & {"overload", "override"})


def test_everything_public_says_what_it_is_for() -> None:
    assert [f"{module}: {name}" for module in modules() for name in undocumented(parsed(module))] == []


def test_nothing_is_left_unfinished() -> None:
    texts = {str(module): (ROOT / module).read_text(encoding="utf-8") for module in modules()}
    assert [(name, word) for name, text in texts.items() for word in UNFINISHED if word in text] == []


def imported(module: Path) -> Iterator[str]:
    """Top-level packages a module imports."""
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_nothing_is_imported_that_users_do_not_have() -> None:
    """What only developers install is for the tests alone."""
    for_developers = {"scipy", "pytest", "hypothesis", "jsonschema", "tests"}
    assert [str(module) for module in modules() if for_developers & set(imported(module))] == []


def test_no_room_knows_one_instrument_by_name() -> None:
    """Instruments are data: no comparison with an instrument's name anywhere in the program."""
    found = [
        f"{module}: {ast.unparse(node)}"
        for module in modules()
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Compare)
        and any(
            isinstance(side, ast.Constant) and str(side.value).upper() in ("METIS", "MEGARA", "OPTICAM")
            for side in [node.left, *node.comparators]
        )
        and "layout" not in ast.unparse(node)
    ]
    assert found == []
