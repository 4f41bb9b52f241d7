"""Small wrong changes of Python code: one mutant differs from the module in one place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_OPERATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_TOLD = ("log.", "self._metrics.")
"""What only tells people: its words and numbers are not what these tests are about."""


class Mutant(NamedTuple):
    """A changed module."""

    name: str
    """Function and change: the same for as long as these stay as they are."""
    line: int
    tree: ast.Module


def mutants_of(source: str, functions: frozenset[str]) -> Iterator[Mutant]:
    """Yield all mutants of some functions, named with their class; none named: of all."""
    tree = ast.parse(source)
    for name, function in _functions(tree, ""):
        if functions and name not in functions:
            continue
        seen: dict[str, int] = {}
        for node, change, (holder, attribute, place, new) in _changes(function):
            seen[change] = seen.get(change, 0) + 1
            again = f" ({seen[change]})" if seen[change] > 1 else ""
            old = _put(holder, attribute, place, new)
            mutated = copy.deepcopy(tree)
            _put(holder, attribute, place, old)
            yield Mutant(
                f"{name}: {change}{again}", node.lineno, ast.fix_missing_locations(mutated)
            )


_Place = tuple[ast.AST, str, int | None, object]
_Change = tuple[ast.stmt | ast.expr, str, _Place]


def _put(holder: ast.AST, attribute: str, place: int | None, new: object) -> object:
    if place is None:
        old = getattr(holder, attribute)
        setattr(holder, attribute, new)
        return old
    row = getattr(holder, attribute)
    old, row[place] = row[place], new
    return old


def _functions(
    node: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for own in ast.iter_child_nodes(node):
        if isinstance(own, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{own.name}", own
        elif isinstance(own, ast.ClassDef):
            yield from _functions(own, f"{prefix}{own.name}.")


def _changes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[_Change]:
    body = function.body
    first = 1 if ast.get_docstring(function) is not None else 0
    for index in range(first, len(body)):
        yield from _of_node(body[index], function, "body", index)


def _of_node(
    node: ast.AST, holder: ast.AST, attribute: str, place: int | None
) -> Iterator[_Change]:
    if _only_tells(node):
        return
    for change, new in _replacements(node):
        old = _short(ast.unparse(node))
        yield node, f"{old} -> {change}", (holder, attribute, place, new)  # type: ignore[misc]
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "ctx"}:
            continue
        if isinstance(value, list):
            for index, own in enumerate(value):
                if isinstance(own, ast.AST):
                    yield from _of_node(own, node, name, index)
        elif isinstance(value, ast.AST):
            yield from _of_node(value, node, name, None)


def _only_tells(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).startswith(_TOLD)
    return False


def _replacements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901, PLR0912 - a table
    if isinstance(node, ast.Compare):
        for index, own in enumerate(node.ops):
            for other in _COMPARED.get(type(own), ()):
                new = copy.deepcopy(node)
                new.ops[index] = other()
                yield _told(new)
    elif isinstance(node, ast.BoolOp):
        swapped = copy.deepcopy(node)
        swapped.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _told(swapped)
        for index in range(len(node.values)):
            less = copy.deepcopy(node)
            del less.values[index]
            yield _told(less if len(less.values) > 1 else less.values[0])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _told(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATED:
        new_sum = copy.deepcopy(node)
        new_sum.op = _OPERATED[type(node.op)]()
        yield _told(new_sum)
    elif isinstance(node, ast.IfExp):
        yield _told(node.body)
        yield _told(node.orelse)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in {"min", "max"}:
            call = copy.deepcopy(node)
            call.func = ast.Name("max" if node.func.id == "min" else "min", ast.Load())
            yield _told(call)
        elif node.func.id in {"sorted", "reversed", "dict", "list"} and len(node.args) == 1:
            yield _told(node.args[0])
    elif isinstance(node, ast.Slice):
        for side in ("lower", "upper"):
            if getattr(node, side) is not None:
                slice_ = copy.deepcopy(node)
                setattr(slice_, side, None)
                yield ast.unparse(slice_), slice_
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node)
    elif isinstance(node, ast.stmt):
        yield from _other_statements(node)


def _other_constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield _told(ast.Constant(not value))
    elif isinstance(value, int | float):
        yield _told(ast.Constant(value + 1))
    elif isinstance(value, str) and " " not in value:  # what has spaces is told to people
        yield _told(ast.Constant(value + "?"))


def _other_statements(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901 - a table
    if isinstance(node, ast.If):
        for value in (True, False):
            new = copy.deepcopy(node)
            new.test = ast.Constant(value)
            yield f"if {value}", new
    elif isinstance(node, ast.While):
        loop = copy.deepcopy(node)
        loop.test = ast.Constant(False)
        yield "while False", loop
    elif isinstance(node, ast.AugAssign):
        assign: ast.stmt = ast.Assign([copy.deepcopy(node.target)], node.value)
        yield _told(ast.copy_location(assign, node))
        yield "pass", ast.Pass()
        if type(node.op) in _OPERATED:
            other = copy.deepcopy(node)
            other.op = _OPERATED[type(node.op)]()
            yield _told(other)
    elif isinstance(node, ast.Return):
        if node.value is not None and not (
            isinstance(node.value, ast.Constant) and node.value.value is None
        ):
            yield "return None", ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Continue):
        yield "break", ast.Break()
    elif isinstance(node, ast.Break):
        yield "continue", ast.Continue()
    elif isinstance(node, ast.Assign):
        if not isinstance(node.targets[0], ast.Name | ast.Tuple):
            yield "pass", ast.Pass()
    elif isinstance(node, ast.Expr | ast.Delete | ast.Raise) and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Yield)
    ):
        yield "pass", ast.Pass()


def _told(node: ast.AST) -> tuple[str, ast.AST]:
    return _short(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))), node


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else line[:67] + "..."
