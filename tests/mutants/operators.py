"""Mutations of a module: each changes one expression or one statement that a test should miss.

Left alone is what no test has to know: docstrings and text for people (f-strings, strings with blanks and small
letters, what a `raise` says), annotations and types, decorators and class keywords, `__all__`, `zip(strict=...)`,
the shape given to `reshape`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
SIBLINGS = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any",
    "floor": "ceil", "ceil": "floor",
}  # fmt: skip
TYPES = ("Literal", "TypeVar", "Protocol", "cast", "NDArray")
DELETED = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)
"""Statements that are deleted; an assignment only to an attribute or an item, else its name would be missing."""


@dataclass(frozen=True, order=True)
class Mutation:
    """One change: the bytes `start` to `end` of the module become `after`; `text` is the line it begins in."""

    line: int
    start: int
    end: int
    kind: str
    text: str
    before: str
    after: str

    def apply(self, source: str) -> str:
        """The module changed."""
        raw = source.encode()
        return (raw[: self.start] + self.after.encode() + raw[self.end :]).decode()


def mutations(source: str) -> list[Mutation]:
    """Every mutation of a module, in the order of its text."""
    return sorted(_Search(source).module())


class _Search:
    """Walks through a module and tells what can be changed."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        sizes = [len(line.encode()) for line in self._lines]
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self._tree = ast.parse(source)
        self._depth = 0

    def module(self) -> Iterator[Mutation]:
        return self._body(self._tree.body)

    def _body(self, statements: list[ast.stmt]) -> Iterator[Mutation]:
        for statement in statements:
            yield from self._statement(statement)

    def _statement(self, node: ast.stmt) -> Iterator[Mutation]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from self._definition(node)
        elif not _is_for_others(node):
            if isinstance(node, DELETED) or _keeps_something(node):
                yield self._change(node, "statement", "pass")
            elif isinstance(node, ast.Return) and _is_text(node.value, ""):
                yield self._change(node, "return", "return 'mutant'")
            elif isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Constant):
                yield self._change(node, "return", "return None")
            if not isinstance(node, ast.Raise):
                yield from self._children(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[Mutation]:
        self._depth += 1
        if not isinstance(node, ast.ClassDef):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                yield from self._expression(default) if default else ()
        yield from self._body(node.body)
        self._depth -= 1

    def _children(self, node: ast.AST) -> Iterator[Mutation]:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "ctx") or _is_form(node, name):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    yield from self._statement(child)
                elif isinstance(child, ast.AST):
                    yield from self._expression(child)
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield self._negation(node.test)
        if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            changed = copy.deepcopy(node)
            changed.op = ARITHMETIC[type(node.op)]()
            yield self._change(node, "arithmetic", ast.unparse(changed))

    def _expression(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, ast.JoinedStr) or _is_type(node):
            return
        if isinstance(node, ast.comprehension):
            yield from (self._negation(test) for test in node.ifs)
        if isinstance(node, ast.expr):
            for kind, changed in self._variants(node):
                yield self._change(node, kind, f"({ast.unparse(changed)})")
        yield from self._children(node)

    def _variants(self, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        if isinstance(node, ast.Constant):
            yield from (("constant", ast.Constant(value)) for value in _other(node.value))
        elif isinstance(node, ast.Compare):
            for i, operator in enumerate(node.ops):
                changed = copy.deepcopy(node)
                changed.ops[i] = COMPARISONS[type(operator)]()
                yield "comparison", changed
        elif isinstance(node, ast.BinOp):
            words = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (node.left, node.right))
            if (
                type(node.op) in ARITHMETIC
                and not words
                and (self._depth or not isinstance(node.op, ast.BitOr))
            ):
                yield "arithmetic", ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
        elif isinstance(node, ast.BoolOp):
            yield "boolean", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        elif isinstance(node, ast.UnaryOp):
            yield ("boolean" if isinstance(node.op, ast.Not) else "sign"), node.operand
        elif isinstance(node, ast.Call):
            yield from (("sibling", ast.Call(name, node.args, node.keywords)) for name in _sibling(node.func))

    def _negation(self, test: ast.expr) -> Mutation:
        return self._change(test, "condition", f"(not ({ast.unparse(test)}))")

    def _change(self, node: ast.expr | ast.stmt, kind: str, after: str) -> Mutation:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        text = self._lines[node.lineno - 1].strip()
        return Mutation(node.lineno, start, end, kind, text, ast.unparse(node), after)


def _is_for_others(node: ast.stmt) -> bool:
    """Imports, docstrings, `__all__`, and what only a type checker runs."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Global | ast.Nonlocal):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return True
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _keeps_something(node: ast.stmt) -> bool:
    """Whether an assignment changes an object rather than a name."""
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets
    )


def _is_type(node: ast.AST) -> bool:
    name = (
        node.value if isinstance(node, ast.Subscript) else node.func if isinstance(node, ast.Call) else None
    )
    return name is not None and ast.unparse(name).split(".")[-1] in TYPES


def _is_form(node: ast.AST, field: str) -> bool:
    """`zip(..., strict=True)` of equal lengths and `reshape(-1, ...)`, where any negative number says the same."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func).split(".")[-1]
    return (called, field) in (("zip", "keywords"), ("reshape", "args"))


def _is_text(node: ast.expr | None, text: str | None = None) -> bool:
    """Whether an expression is a string, or the string `text`."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and text in (None, node.value)


def _other(value: object) -> Iterator[bool | int | float | str]:
    """Another constant of the same type: a count is one more, a figure twice as large.

    Text for people and punctuation have none.
    """
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1 if abs(value) <= 10 else 2 * value
    elif isinstance(value, float):
        yield 2.0 * value or 1.0
    elif (
        isinstance(value, str)
        and re.search(r"\w", value)
        and not (" " in value and re.search("[a-z]", value))
    ):
        yield "mutant"


def _sibling(name: ast.expr) -> Iterator[ast.expr]:
    if isinstance(name, ast.Name) and name.id in SIBLINGS:
        yield ast.Name(SIBLINGS[name.id], ast.Load())
    elif isinstance(name, ast.Attribute) and name.attr in SIBLINGS:
        yield ast.Attribute(name.value, SIBLINGS[name.attr], ast.Load())
